//! What is wrong with a file or folder: a row of the error table, and which one.

use core::fmt::{self, Display};
use std::io;
use std::path::Path;

use fido_unlock_desk::ports::{SignerError, StorageError};
use fido_unlock_files::key_file::KeyFileError;
use fido_unlock_protocol::{ErrorCode, HasCode, Shown};

/// What is wrong with a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFault {
    code: ErrorCode,
    detail: Option<String>,
}

impl FolderFault {
    /// A row, and what is particular to this case: never a key.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: Some(detail.into()),
        }
    }

    /// What would be overwritten.
    #[must_use]
    pub fn exists(path: &Path, more: &str) -> Self {
        Self::new(
            ErrorCode::Usage,
            format!("{} exists{more}", shown(path.display())),
        )
    }

    /// What cannot be read.
    #[must_use]
    pub fn read(path: &Path, error: &io::Error) -> Self {
        Self::new(
            ErrorCode::StoreRead,
            format!("{}: {error}", shown(path.display())),
        )
    }

    /// What cannot be written.
    #[must_use]
    pub fn write(path: &Path, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::StoreFull,
            _ => ErrorCode::StoreWrite,
        };
        Self::new(code, format!("{}: {error}", shown(path.display())))
    }

    /// What is wrong with a file, with its name.
    #[must_use]
    pub fn at(path: &Path, error: &(impl HasCode + Display)) -> Self {
        Self::new(error.code(), format!("{}: {error}", shown(path.display())))
    }

    /// A file of a program's own that was read but makes no sense, and why.
    #[must_use]
    pub fn corrupt(path: &Path, what: &str) -> Self {
        Self::new(
            ErrorCode::StoreCorrupt,
            format!("{}: {what}", shown(path.display())),
        )
    }

    /// Another's error, in its own words.
    pub(crate) fn of(error: &(impl HasCode + Display)) -> Self {
        let (code, text) = (error.code(), error.to_string());
        Self {
            code,
            detail: (text != code.message()).then_some(text),
        }
    }
}

impl Display for FolderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail.as_deref().unwrap_or_else(|| self.code.message()))
    }
}

impl core::error::Error for FolderFault {}

impl HasCode for FolderFault {
    fn code(&self) -> ErrorCode {
        self.code
    }
}

/// A text of others, to be put into a line.
pub(crate) fn shown(text: impl Display) -> String {
    Shown(&text.to_string()).to_string()
}

/// Errors that say it themselves.
macro_rules! as_it_says {
    ($($error:ty),+) => {
        $(impl From<$error> for FolderFault {
            fn from(error: $error) -> Self {
                Self::of(&error)
            }
        })+
    };
}

as_it_says!(ErrorCode, KeyFileError, SignerError, StorageError);
