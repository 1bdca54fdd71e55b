//! Files with a secret: read once, bounded, and only where others cannot read them too.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fido_unlock::Shown;
use zeroize::Zeroizing;

/// Who else may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Nobody.
    Owner,
    /// Its group: keys of TLS have one, on many systems.
    Group,
    /// Judged by whoever put it there.
    Any,
}

/// Why a file with a secret was not read.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileFault {
    /// It cannot be read.
    #[error("{}: {error}", Shown(&.path.display().to_string()))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// Others can read or change it.
    #[error("{}: other users can read or change it: make it its owner's alone (chmod 600)", Shown(&.0.display().to_string()))]
    Exposed(PathBuf),
    /// It is no such file.
    #[error("{}: it is longer than {most} bytes", Shown(&.path.display().to_string()))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes.
        most: usize,
    },
}

/// A file's bytes, `most` at most.
pub(crate) fn read(
    path: &Path,
    most: usize,
    readers: Readers,
) -> Result<Zeroizing<Vec<u8>>, SecretFileFault> {
    let unread = |error| SecretFileFault::Read {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(unread)?;
    // Of the file that is read, not of what has its name by then.
    if is_exposed(&file, readers).map_err(unread)? {
        return Err(SecretFileFault::Exposed(path.to_owned()));
    }
    // As large as it becomes: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 32));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() > most {
        return Err(SecretFileFault::TooLong {
            path: path.to_owned(),
            most,
        });
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_exposed(file: &File, readers: Readers) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let others = match readers {
        Readers::Owner => 0o077,
        Readers::Group => 0o027,
        Readers::Any => 0,
    };
    Ok(file.metadata()?.mode() & others != 0)
}

/// Without such modes nothing is judged.
#[cfg(not(unix))]
fn is_exposed(_: &File, _: Readers) -> io::Result<bool> {
    Ok(false)
}
