//! Plain files for fido-unlock: key files, and a help desk in one folder.
//!
//! [`FilesDesk`] holds the folder: `licence.json`, `operators.json`, `directory.json`,
//! `limits.json`, `admin_keys.json` and `audit.jsonl`. Each is readable by its owner alone (mode 0600
//! on Unix) and has one writer at a time; all but the log are replaced as a whole (temporary file,
//! sync, rename), the log only grows. Data is on disk when a call returns.

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admin_keys;
mod anchor;
mod audit_log;
mod audit_view;
mod clock;
mod desk;
mod directory;
mod folder;
mod hex;
mod import;
mod json_file;
pub mod key_file;
mod licence;
mod limits;
mod operators;
mod passwords;
mod version;
mod whole_file;

pub use admin_keys::{FileAdminKeys, WrappingKey};
pub use anchor::FileAnchor;
pub use audit_log::FileAuditLog;
pub use audit_view::{AuditView, view};
pub use clock::SystemClock;
pub use desk::FilesDesk;
pub use directory::FileDirectory;
pub use folder::{Exposed, others_may_write};
pub use import::{DEVICE_COLUMNS, ImportError, device_rows, read_devices};
pub use licence::FileLicence;
pub use limits::FileLimits;
pub use operators::FileOperators;
pub use passwords::Argon2Passwords;
pub use version::{OtherVersion, other_version};
pub use whole_file::{make_private_folder, write_private};
