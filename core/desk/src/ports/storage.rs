//! What can go wrong with data on disk, the same for every store of the help desk.

use alloc::string::String;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

/// A store of the help desk failed. `detail` names the file or table, never its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// It could not be read.
    #[error("{}: {detail}", ErrorCode::StoreRead)]
    Read {
        /// What, and the system's reason.
        detail: String,
    },
    /// It could not be written; what was there before is still there.
    #[error("{}: {detail}", ErrorCode::StoreWrite)]
    Write {
        /// What, and the system's reason.
        detail: String,
    },
    /// It was read but makes no sense.
    #[error("{}: {detail}", ErrorCode::StoreCorrupt)]
    Corrupt {
        /// What, and where in it.
        detail: String,
    },
    /// An audit entry was changed, or one is missing.
    #[error("{}: {detail}", ErrorCode::AuditBroken)]
    AuditBroken {
        /// The first entry that is wrong.
        detail: String,
    },
    /// It was written by a later version.
    #[error("{}: {detail}", ErrorCode::StoreVersion)]
    Version {
        /// What, and its version.
        detail: String,
    },
    /// It is the folder of an earlier version, which this one cannot read.
    #[error("{}: {detail}", ErrorCode::StoreOutdated)]
    Outdated {
        /// What was found there.
        detail: String,
    },
    /// Another program holds its lock.
    #[error("{}: {detail}", ErrorCode::StoreBusy)]
    Busy {
        /// The lock.
        detail: String,
    },
    /// A row is not the one that the desk wrote: somebody changed it, set it back, added it or took it out.
    #[error("{}: {detail}", ErrorCode::StoreTampered)]
    Tampered {
        /// Which table, or what else.
        detail: String,
    },
    /// The whole store is older than what was seen of it before.
    #[error("{}: {detail}", ErrorCode::StoreSetBack)]
    SetBack {
        /// What was seen, and what is there.
        detail: String,
    },
    /// There is no room for what is to be written; what was there before is still there.
    #[error("{}: {detail}", ErrorCode::StoreFull)]
    Full {
        /// Where.
        detail: String,
    },
    /// A store that the host program provides failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

impl HasCode for StorageError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } => ErrorCode::StoreRead,
            Self::Write { .. } => ErrorCode::StoreWrite,
            Self::Corrupt { .. } => ErrorCode::StoreCorrupt,
            Self::AuditBroken { .. } => ErrorCode::AuditBroken,
            Self::Version { .. } => ErrorCode::StoreVersion,
            Self::Outdated { .. } => ErrorCode::StoreOutdated,
            Self::Busy { .. } => ErrorCode::StoreBusy,
            Self::Tampered { .. } => ErrorCode::StoreTampered,
            Self::SetBack { .. } => ErrorCode::StoreSetBack,
            Self::Full { .. } => ErrorCode::StoreFull,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}
