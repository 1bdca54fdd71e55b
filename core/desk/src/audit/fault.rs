//! What can be wrong with a log.

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::EntryError;
use crate::ports::StorageError;

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// An entry's bytes are not an entry.
    #[error("entry {sequence}: {error}")]
    Entry {
        /// Its place.
        sequence: u64,
        /// Why.
        error: EntryError,
    },
    /// An entry is not the one that belongs here: changed, moved, missing, or of another log.
    #[error("entry {sequence} does not follow the one before: {field} is another")]
    Link {
        /// The place.
        sequence: u64,
        /// Which field shows it.
        field: &'static str,
    },
    /// A checkpoint is not signed by the key.
    #[error("the checkpoint of {count} entries is not signed by this key")]
    Signature {
        /// Its count.
        count: u64,
    },
    /// A checkpoint is of another log.
    #[error("the checkpoint of {count} entries is of another log")]
    OtherLog {
        /// Its count.
        count: u64,
    },
    /// The log is shorter than a checkpoint says: its tail was cut off.
    #[error("the log has {found} entries, but had {count} at a checkpoint: its tail was cut off")]
    Shorter {
        /// Entries at the checkpoint.
        count: u64,
        /// Entries now.
        found: u64,
    },
    /// The log was rewritten: its entries are not those of the checkpoint.
    #[error("the first {count} entries are not those of the checkpoint: the log was rewritten")]
    Rewritten {
        /// Entries at the checkpoint.
        count: u64,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl HasCode for AuditFault {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Entry { error, .. } => error.code(),
            Self::Link { .. } => ErrorCode::AuditBroken,
            Self::Signature { .. }
            | Self::OtherLog { .. }
            | Self::Shorter { .. }
            | Self::Rewritten { .. } => ErrorCode::AuditCheckpoint,
            Self::Storage(error) => error.code(),
        }
    }
}
