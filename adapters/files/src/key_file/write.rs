//! Whole files or none: a temporary file beside the target, synced, then renamed.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::KeyFileError;

/// Writes a file that must not be there yet.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    temporary(path, bytes)?
        .persist_noclobber(path)
        .map_err(|error| KeyFileError::from_write(&error.error))?;
    sync_folder(path)
}

/// Writes a file over the one that may be there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    temporary(path, bytes)?
        .persist(path)
        .map_err(|error| KeyFileError::from_write(&error.error))?;
    sync_folder(path)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// `tempfile` makes it with mode 0600 on Unix.
fn temporary(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, KeyFileError> {
    let write = || {
        let mut file = NamedTempFile::new_in(folder(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    write().map_err(|error: std::io::Error| KeyFileError::from_write(&error))
}

/// The rename itself is on disk only when the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    std::fs::File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| KeyFileError::from_write(&error))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), KeyFileError> {
    Ok(())
}
