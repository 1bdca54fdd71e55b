//! The end of the log, and how one entry is added to it.

use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::entry::hash_bytes;
use super::{AuditEntry, AuditEvent, AuditFault, LogId};
use crate::UnixTime;
use crate::ports::{AuditLog, StorageError};

/// An entry on its way to the log; only core makes one.
#[derive(Debug)]
pub struct PendingEntry {
    bytes: Vec<u8>,
    entry: AuditEntry,
}

impl PendingEntry {
    /// Its place.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.entry.sequence
    }

    /// What must be stored.
    #[must_use]
    pub fn canonical_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entry as a structure, for an adapter that shows it beside the bytes.
    #[must_use]
    pub const fn entry(&self) -> &AuditEntry {
        &self.entry
    }

    /// The receipt. An audit log must call this when, and only when, the bytes are on disk.
    #[must_use]
    pub fn stored(self) -> Receipt {
        Receipt {
            hash: hash_bytes(&self.bytes),
            entry: self.entry,
        }
    }
}

/// Says that an entry is on disk. It opens the [`SealedCode`](crate::SealedCode) that the
/// entry records.
#[derive(Debug)]
pub struct Receipt {
    hash: [u8; 32],
    entry: AuditEntry,
}

impl Receipt {
    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &AuditEntry {
        &self.entry
    }

    /// The entry's hash.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// Where the log ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) log_id: LogId,
    pub(crate) count: u64,
    pub(crate) head: [u8; 32],
    pub(crate) latest: UnixTime,
}

impl Chain {
    pub(crate) const fn empty(log_id: LogId) -> Self {
        Self {
            log_id,
            count: 0,
            head: [0; 32],
            latest: UnixTime(0),
        }
    }

    /// Checks that `bytes` are the entry that comes next.
    pub(super) fn next_entry(&self, bytes: &[u8]) -> Result<AuditEntry, AuditFault> {
        let sequence = self.count;
        let entry = AuditEntry::from_bytes(bytes).map_err(|error| AuditFault::Entry { sequence, error })?;
        let links = [
            ("log id", entry.log_id == self.log_id),
            ("sequence number", entry.sequence == sequence),
            ("hash of the entry before", entry.previous == self.head),
            (
                "time",
                entry.at >= self.latest || entry.event == AuditEvent::ClockAccepted,
            ),
        ];
        match links.into_iter().find(|(_, holds)| !holds) {
            Some((field, _)) => Err(AuditFault::Link { sequence, field }),
            None => Ok(entry),
        }
    }

    /// Checks the next entry and moves past it.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<AuditEntry, StorageError> {
        let entry = self.next_entry(bytes).map_err(|fault| {
            let detail = format!("{fault}");
            match fault.code() {
                ErrorCode::StoreVersion => StorageError::Version { detail },
                _ => StorageError::AuditBroken { detail },
            }
        })?;
        self.move_behind(&entry, bytes);
        Ok(entry)
    }

    pub(super) fn move_behind(&mut self, entry: &AuditEntry, bytes: &[u8]) {
        self.count = self.count.saturating_add(1);
        self.head = hash_bytes(bytes);
        self.latest = entry.at;
    }

    /// Adds an entry: gives it log, place, link and time, has it stored, and only then moves on.
    pub(crate) fn append(
        &mut self,
        log: &mut (dyn AuditLog + Send),
        mut entry: AuditEntry,
        now: UnixTime,
    ) -> Result<Receipt, StorageError> {
        entry.log_id = self.log_id;
        entry.sequence = self.count;
        entry.previous = self.head;
        // Only an Administrator lets the log's time go back.
        entry.at = match entry.event {
            AuditEvent::ClockAccepted => now,
            _ => now.max(self.latest),
        };
        let bytes = entry.to_bytes();
        let pending = PendingEntry {
            bytes: bytes.clone(),
            entry: entry.clone(),
        };
        let receipt = log.append(pending)?;
        if receipt.hash != hash_bytes(&bytes) {
            return Err(StorageError::AuditBroken {
                detail: format!("the receipt is not that of entry {}", entry.sequence),
            });
        }
        self.move_behind(&entry, &bytes);
        Ok(receipt)
    }
}

#[cfg(test)]
impl PendingEntry {
    pub(crate) fn for_test(entry: AuditEntry) -> Self {
        Self {
            bytes: entry.to_bytes(),
            entry,
        }
    }
}
