//! Files and folders that are their owner's alone (modes 0600 and 0700 on Unix; on other systems the rights of the
//! folder above hold), and which file it is that a name stands for.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io;
use std::path::Path;

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a folder, and those above it; an existing one is left as it is.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a file without content; an existing one is left as it is. SQLite gives the files that it puts beside it the
/// same mode.
pub(crate) fn make_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            sync_folder(folder_of(path))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A new name is on disk when its folder is.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Whether the file system that `path` lies on can take another byte and another file. Where the system does not say, it
/// can.
pub(crate) fn has_room(path: &Path) -> bool {
    #[cfg(unix)]
    let has_room = rustix::fs::statvfs(folder_of(path)).map_or(true, |there| {
        // Some file systems do not count files.
        there.f_bavail > 0 && (there.f_files == 0 || there.f_favail > 0)
    });
    #[cfg(not(unix))]
    let has_room = {
        let _ = path;
        true
    };
    has_room
}

/// Which file it is, whatever its name: device and number on Unix; on other systems an open file cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&std::fs::metadata(path)?))
    }
}

impl From<&Metadata> for Identity {
    #[cfg(unix)]
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn from(_: &Metadata) -> Self {
        Self(0, 0)
    }
}
