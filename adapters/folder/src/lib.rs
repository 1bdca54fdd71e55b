#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod brought;
mod fault;
mod folder;
mod keys;
mod outbox;
mod parts;
mod shared_signer;
mod written;

pub use fault::FolderFault;
pub use folder::{DeskFolder, beside, is_private, read_issuer_list, read_verifiers};
pub use keys::KeyFolder;
pub use outbox::Outbox;
pub use parts::{checkpoint_key, parts};
pub use shared_signer::SharedSigner;
pub use written::{make_folder, write_file};
