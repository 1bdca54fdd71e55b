//! Files that people bring: one reader for all of them, which names what it cannot read, with the place in the file.

use std::path::Path;

pub use fido_unlock_folder::brought::numbered_lines;
use fido_unlock_folder::brought::{self, form as wrong_form};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// A file's bytes.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Ok(brought::read_bytes(path)?)
}

/// A text in UTF-8 or UTF-16.
pub fn read_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    Ok(brought::read_text(path)?)
}

/// A text that was signed.
pub fn read_signed(path: &Path) -> Result<Zeroizing<String>, Failure> {
    Ok(brought::read_signed(path)?)
}

/// A JSON text.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    Ok(brought::read_json(path)?)
}

/// A JSON object with a `version`, which must be this one.
pub fn read_versioned<T: DeserializeOwned>(path: &Path, version: u32) -> Result<T, Failure> {
    Ok(brought::read_versioned(path, version)?)
}

/// A file that was read as a text but is not what is wanted.
pub fn form(path: &Path, what: &str) -> Failure {
    wrong_form(path, what).into()
}
