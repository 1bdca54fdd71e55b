//! Verifying a log.

use alloc::vec::Vec;

use super::chain::Chain;
use super::entry::hash_bytes;
use super::{AuditEntry, AuditFault, CheckpointKey, LogId, SignedCheckpoint};
use crate::UnixTime;
use crate::ports::AuditLog;

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
        let entry = chain.next_entry(&bytes)?;
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
        let entry = chain.next_entry(&bytes)?;
        chain.move_behind(&entry, &bytes);
        out.push((entry, hash_bytes(&bytes)));
    }
    Ok(out)
}
