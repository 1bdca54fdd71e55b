//! Verifying a log.

use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::chain::Chain;
use super::entry::hash_bytes;
use super::{AuditEntry, AuditEvent, CheckpointKey, EntryError, LogId, SignedCheckpoint};
use crate::UnixTime;
use crate::ports::{AuditLog, StorageError};

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

/// A log without fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Its id.
    pub log_id: LogId,
    /// Entries.
    pub count: u64,
    /// The hash of the last one; zeros when there is none.
    pub head: [u8; 32],
    /// The time of the last one.
    pub latest: UnixTime,
    /// How many entries the newest checkpoint covers; what is behind it could be cut off unseen.
    pub covered: u64,
}

/// Checks that `bytes` are the entry that comes next in a chain.
pub(super) fn next_entry(chain: &Chain, bytes: &[u8]) -> Result<AuditEntry, AuditFault> {
    let sequence = chain.count;
    let entry = AuditEntry::from_bytes(bytes).map_err(|error| AuditFault::Entry { sequence, error })?;
    let links = [
        ("log id", entry.log_id == chain.log_id),
        ("sequence number", entry.sequence == sequence),
        ("hash of the entry before", entry.previous == chain.head),
        (
            "time",
            entry.at >= chain.latest || entry.event == AuditEvent::ClockAccepted,
        ),
    ];
    match links.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(AuditFault::Link { sequence, field }),
        None => Ok(entry),
    }
}

/// Verifies a whole log. An edit or a gap is found without checkpoints; a tail that was cut off, or
/// a log that was rewritten, only against `checkpoints` that were kept elsewhere.
///
/// # Errors
/// [`AuditFault`], the first one found.
pub fn verify(
    log: &dyn AuditLog,
    checkpoints: &[SignedCheckpoint],
    key: Option<&CheckpointKey>,
) -> Result<AuditReport, AuditFault> {
    for signed in checkpoints {
        let count = signed.checkpoint.count;
        let key = key.ok_or(AuditFault::Signature { count })?;
        signed.verify(key).map_err(|_| AuditFault::Signature { count })?;
        if signed.checkpoint.log_id != log.log_id() {
            return Err(AuditFault::OtherLog { count });
        }
    }
    let mut chain = Chain::empty(log.log_id());
    agree(checkpoints, &chain)?;
    while let Some(bytes) = log.entry(chain.count)? {
        let entry = next_entry(&chain, &bytes)?;
        chain.move_behind(&entry, &bytes);
        agree(checkpoints, &chain)?;
    }
    let covered = checkpoints
        .iter()
        .map(|signed| signed.checkpoint.count)
        .max()
        .unwrap_or(0);
    if covered > chain.count {
        return Err(AuditFault::Shorter {
            count: covered,
            found: chain.count,
        });
    }
    Ok(AuditReport {
        log_id: chain.log_id,
        count: chain.count,
        head: chain.head,
        latest: chain.latest,
        covered,
    })
}

fn agree(checkpoints: &[SignedCheckpoint], chain: &Chain) -> Result<(), AuditFault> {
    let other = checkpoints
        .iter()
        .find(|signed| signed.checkpoint.count == chain.count && signed.checkpoint.head != chain.head);
    match other {
        Some(_) => Err(AuditFault::Rewritten { count: chain.count }),
        None => Ok(()),
    }
}

/// Every entry with its hash, checked as [`verify`] does without checkpoints.
///
/// # Errors
/// [`AuditFault`], the first one found.
pub fn read_all(log: &dyn AuditLog) -> Result<Vec<(AuditEntry, [u8; 32])>, AuditFault> {
    let mut chain = Chain::empty(log.log_id());
    let mut out = Vec::new();
    while let Some(bytes) = log.entry(chain.count)? {
        let entry = next_entry(&chain, &bytes)?;
        chain.move_behind(&entry, &bytes);
        out.push((entry, hash_bytes(&bytes)));
    }
    Ok(out)
}
