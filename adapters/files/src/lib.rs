//! fido-unlock on plain files.

pub mod key_file;
