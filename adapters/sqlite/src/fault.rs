//! What SQLite's errors mean to a desk. No message holds anything of what was stored or searched for.

use std::path::Path;

use fido_unlock_desk::ports::{CommitError, StorageError};
use rusqlite::{Error, ErrorCode};

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Reading,
    Writing,
}

fn code(error: &Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// SQLite's text for the number, and for a rule of the tables its name; other messages can quote a statement.
fn reason(error: &Error) -> String {
    match error {
        Error::SqliteFailure(number, Some(message)) if number.code == ErrorCode::ConstraintViolation => {
            message.clone()
        }
        Error::SqliteFailure(number, _) => number.to_string(),
        Error::SqlInputError { error, .. } => error.to_string(),
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => "a value of another type than was written".into(),
        _ => "an unexpected answer of the database".into(),
    }
}

/// A failure of the database at `place`.
pub(crate) fn fault(place: &Path, doing: Doing, error: &Error) -> StorageError {
    let detail = format!("{}: {}", place.display(), reason(error));
    match (code(error), error, doing) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), ..) => StorageError::Busy { detail },
        (Some(ErrorCode::DiskFull), ..) => StorageError::Full { detail },
        (Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TooBig), ..)
        | (
            _,
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..),
            _,
        ) => StorageError::Corrupt { detail },
        (_, _, Doing::Reading) => StorageError::Read { detail },
        (_, _, Doing::Writing) => StorageError::Write { detail },
    }
}

/// A failure of COMMIT itself. Only of these is it certain that the mark which ends the transaction was not written:
/// after all else the transaction may be in the write-ahead log, and be found there after a crash.
pub(crate) fn commit_fault(place: &Path, error: &Error) -> CommitError {
    match code(error) {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::ConstraintViolation
            | ErrorCode::ReadOnly,
        ) => CommitError::NotWritten(fault(place, Doing::Writing, error)),
        _ => CommitError::Unknown {
            detail: format!("{}: {}", place.display(), reason(error)),
        },
    }
}

/// A failure of the file system.
pub(crate) fn io_fault(place: &Path, doing: Doing, error: &std::io::Error) -> StorageError {
    let detail = format!("{}: {error}", place.display());
    match (error.kind(), doing) {
        (std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded, _) => {
            StorageError::Full { detail }
        }
        (_, Doing::Reading) => StorageError::Read { detail },
        (_, Doing::Writing) => StorageError::Write { detail },
    }
}
