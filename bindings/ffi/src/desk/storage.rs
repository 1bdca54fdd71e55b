//! What the host's store may throw, and failures that core's ports cannot pass on themselves.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::StorageError as CoreStorageError;

use crate::UnlockError;

/// Why the host's store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StorageError {
    /// It could not be read.
    #[error("cannot be read: {what}")]
    Read {
        /// Table or file, never its content.
        what: String,
    },
    /// It could not be written; the earlier content is still there.
    #[error("cannot be written: {what}")]
    Write {
        /// Table or file, never its content.
        what: String,
    },
    /// It was read but makes no sense.
    #[error("damaged: {what}")]
    Corrupt {
        /// Table or file, never its content.
        what: String,
    },
    /// Another program holds its lock.
    #[error("busy: {what}")]
    Busy {
        /// Table or file, never its content.
        what: String,
    },
    /// It threw something else.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StorageError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

impl From<StorageError> for CoreStorageError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Read { what } => Self::Read { detail: what },
            StorageError::Write { what } => Self::Write { detail: what },
            StorageError::Corrupt { what } => Self::Corrupt { detail: what },
            StorageError::Busy { what } => Self::Busy { detail: what },
            StorageError::HostFailed => Self::HostFailed,
        }
    }
}

impl From<StorageError> for UnlockError {
    fn from(error: StorageError) -> Self {
        CoreStorageError::from(error).into()
    }
}

/// What the host's store gave makes no sense.
pub(super) fn corrupt(what: &str) -> CoreStorageError {
    CoreStorageError::Corrupt {
        detail: format!("the program's {what}"),
    }
}

/// A failure in a method that cannot fail in core's port: the desk then refuses, and this says why.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Option<ErrorCode>>>);

impl Faults {
    pub(super) fn note(&self, code: ErrorCode) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(code);
    }

    /// Whether there is one that was not taken yet.
    pub(super) fn is_noted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The first since the last time.
    pub(super) fn take(&self) -> Option<ErrorCode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
