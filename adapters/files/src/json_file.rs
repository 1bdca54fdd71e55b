//! A JSON file that is replaced as a whole, with a version and one writer at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fido_unlock_desk::ports::StorageError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::version::other_version;
use crate::whole_file;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// The writer's lock; given back when dropped, also when the process dies.
#[derive(Debug)]
pub struct WriterLock(#[expect(dead_code, reason = "holds the lock")] File);

impl WriterLock {
    /// Locks `NAME.lock` beside the file.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another has it; [`StorageError::Write`].
    pub fn take(path: &Path) -> Result<Self, StorageError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        owner_only(&mut options);
        let file = options
            .open(&lock_path)
            .map_err(|error| write_error(&lock_path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StorageError::Busy {
                detail: lock_path.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(write_error(&lock_path, &error)),
        }
    }
}

/// Makes new files readable only by their owner.
pub(crate) fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Reads the file; `None` when it does not exist.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StorageError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(read_error(path, &error)),
    };
    let corrupt = |error: serde_json::Error| StorageError::Corrupt {
        // The line and column; the text itself may hold what is not to be shown.
        detail: format!(
            "{}: line {}, column {}",
            path.display(),
            error.line(),
            error.column()
        ),
    };
    if let Some(other) = other_version(&text, VERSION) {
        return Err(StorageError::Version {
            detail: format!("{}: {other}", path.display()),
        });
    }
    let whole: Versioned<T> = serde_json::from_slice(&text).map_err(corrupt)?;
    Ok(Some(whole.content))
}

/// Replaces the file as a whole.
pub(crate) fn replace<T: Serialize>(path: &Path, content: &T) -> Result<(), StorageError> {
    let whole = Versioned {
        version: VERSION,
        content,
    };
    let mut text = serde_json::to_vec_pretty(&whole).map_err(|_| StorageError::Write {
        detail: path.display().to_string(),
    })?;
    text.push(b'\n');
    replace_bytes(path, &text)
}

/// The same for bytes that are no JSON object.
pub(crate) fn replace_bytes(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    whole_file::replace(path, bytes).map_err(|error| write_error(path, &error))
}

pub(crate) fn read_error(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Read {
        detail: format!("{}: {error}", path.display()),
    }
}

pub(crate) fn write_error(path: &Path, error: &std::io::Error) -> StorageError {
    let detail = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::Full { detail },
        _ => StorageError::Write { detail },
    }
}
