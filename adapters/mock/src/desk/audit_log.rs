//! An audit log in memory.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::audit::{LogId, PendingEntry, Receipt};
use fido_unlock_desk::ports::{AuditLog, StorageError};

use super::{Faults, lock};

/// Entries as bytes; a test can change them as somebody with access to the disk could.
#[derive(Clone, Debug)]
pub struct MemoryAuditLog {
    log_id: LogId,
    entries: Arc<Mutex<Vec<Vec<u8>>>>,
    faults: Faults,
}

impl MemoryAuditLog {
    /// Empty.
    #[must_use]
    pub fn new(log_id: [u8; 16], faults: Faults) -> Self {
        Self {
            log_id: LogId(log_id),
            entries: Arc::default(),
            faults,
        }
    }

    /// Changes the stored bytes, as an attacker would.
    pub fn tamper(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        change(&mut lock(&self.entries));
    }
}

impl AuditLog for MemoryAuditLog {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn count(&self) -> u64 {
        u64::try_from(lock(&self.entries).len()).unwrap_or(u64::MAX)
    }

    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let index = usize::try_from(sequence).unwrap_or(usize::MAX);
        Ok(lock(&self.entries).get(index).cloned())
    }

    fn append(&mut self, entry: PendingEntry) -> Result<Receipt, StorageError> {
        self.faults.write()?;
        let mut entries = lock(&self.entries);
        if u64::try_from(entries.len()) != Ok(entry.sequence()) {
            return Err(StorageError::Write {
                detail: format!("entry {} is not the next one", entry.sequence()),
            });
        }
        entries.push(entry.canonical_bytes().to_vec());
        Ok(entry.stored())
    }
}
