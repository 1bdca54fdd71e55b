//! Files and folders that are their owner's alone.

use std::path::Path;

use crate::FolderFault;

/// Writes a file, whole or not at all, readable by its owner alone, in a folder that is there.
///
/// # Errors
/// The system's, with the file's name.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FolderFault> {
    above_is_there(path)?;
    fido_unlock_files::replace_private(path, bytes).map_err(|error| FolderFault::write(path, &error))
}

/// Makes a folder, its owner's alone, in one that is there: on a disk that is not mounted nothing is made.
///
/// # Errors
/// The system's, with the folder's name.
pub fn make_folder(path: &Path) -> Result<(), FolderFault> {
    above_is_there(path)?;
    fido_unlock_files::make_private_folder(path).map_err(|error| FolderFault::write(path, &error))
}

fn above_is_there(path: &Path) -> Result<(), FolderFault> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            let there = folder.metadata();
            there
                .map(drop)
                .map_err(|error| FolderFault::write(folder, &error))
        }
        _ => Ok(()),
    }
}
