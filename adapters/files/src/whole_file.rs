//! Whole files or none: a temporary file beside the target, synced, then renamed. `tempfile` makes it
//! readable by its owner alone (mode 0600 on Unix), and so is each folder that is made here (0700),
//! whatever the umask.

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

/// Writes a file over the one that may be there, whole or not at all; it is on disk when this returns. The
/// file, and its folder where that is made here, are their owner's alone (modes 0600 and 0700 on Unix; on
/// other systems the rights of the folder above hold).
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_private_folder(folder_of(path))?;
    replace(path, bytes)
}

/// The same in a folder that must be there: whoever names a place on a disk that is not mounted does not want one made.
///
/// # Errors
/// The system's.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    folder_of(path).metadata()?;
    replace(path, bytes)
}

/// Gives a file another name, in place of what has that name; it is on disk when this returns.
///
/// # Errors
/// The system's.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

/// Makes a folder, and those above it, only for its owner; an existing one is left as it is.
///
/// # Errors
/// The system's.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn files_and_new_folders_are_their_owners_alone() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("a/b/key");
        write_private(&path, b"1").unwrap();
        write_private(&path, b"2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        for (path, mode) in [
            (above.path().join("a"), 0o700),
            (above.path().join("a/b"), 0o700),
            (path, 0o600),
        ] {
            assert_eq!(
                path.metadata().unwrap().mode() & 0o777,
                mode,
                "{}",
                path.display()
            );
        }
    }
}
