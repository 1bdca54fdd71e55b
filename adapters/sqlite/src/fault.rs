//! What SQLite's errors mean to a desk. No message holds anything of what was stored or searched for.

use std::path::Path;

use fido_unlock_desk::ports::{CommitError, StorageError};
use rusqlite::{Error, ErrorCode, ffi};

use crate::private::has_room;

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Reading,
    Writing,
}

fn code(error: &Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Whether it is that nothing more can be stored. SQLite says so of a write to the database and its log. Of what it keeps
/// beside them it says that it could not be made longer, which has no other cause; of the rest only that it failed, so
/// that the file system is asked.
fn is_full(place: &Path, error: &Error) -> bool {
    let Error::SqliteFailure(ffi::Error { code, extended_code }, _) = error else {
        return false;
    };
    match *extended_code {
        _ if *code == ErrorCode::DiskFull => true,
        ffi::SQLITE_IOERR_SHMSIZE => true,
        ffi::SQLITE_IOERR_WRITE
        | ffi::SQLITE_IOERR_FSYNC
        | ffi::SQLITE_IOERR_DIR_FSYNC
        | ffi::SQLITE_IOERR_TRUNCATE
        | ffi::SQLITE_IOERR_SHMOPEN
        | ffi::SQLITE_IOERR_SHMMAP => !has_room(place),
        // A file beside it may be what cannot be made.
        _ if *code == ErrorCode::CannotOpen => place.exists() && !has_room(place),
        _ => false,
    }
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
        _ if is_full(place, error) => StorageError::Full { detail },
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
