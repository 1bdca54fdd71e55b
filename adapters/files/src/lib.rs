#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admin_keys;
mod anchor;
mod clock;
mod folder;
mod hex;
mod import;
mod json_file;
pub mod key_file;
mod passwords;
mod version;
mod whole_file;

pub use admin_keys::{FileAdminKeys, WrappingKey};
pub use anchor::FileAnchor;
pub use clock::SystemClock;
pub use folder::{Exposed, others_may_write};
pub use import::{
    CellFault, ClassRests, DEVICE_COLUMNS, ImportError, ImportErrors, Imported, ImportedRow, ImportedUser,
    USER_COLUMNS, UserChange, UserDifference, device_rows, foreign_or, managers_elsewhere, read_devices,
    read_users, user_change, user_text,
};
pub use json_file::WriterLock;
pub use passwords::Argon2Passwords;
pub use version::{OtherVersion, other_version};
pub use whole_file::{make_private_folder, rename, replace_private, write_private};
