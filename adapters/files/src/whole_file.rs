//! Whole files or none: a temporary file beside the target, synced, then renamed. `tempfile` makes it
//! readable by its owner alone (mode 0600 on Unix).

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file that must not be there yet.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    temporary(path, bytes)?
        .persist_noclobber(path)
        .map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

/// Writes a file over the one that may be there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    temporary(path, bytes)?
        .persist(path)
        .map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

fn temporary(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A rename is on disk when its folder is.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(folder).and_then(|folder| folder.sync_all())?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
