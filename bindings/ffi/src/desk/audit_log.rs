//! The audit log, kept by the host.

use std::sync::Arc;

use fido_unlock::desk::audit::{LogId, PendingEntry, Receipt};
use fido_unlock::desk::ports::{self, StorageError as CoreStorageError};

use super::StorageError;
use super::storage::corrupt;

/// An append-only list of entries in the host's own database (docs/protocol/audit.md). Each entry is a
/// few hundred bytes, made and chained by the library and kept as it is; it holds no secret. One desk
/// at a time may write it.
#[uniffi::export(with_foreign)]
pub trait AuditLog: Send + Sync {
    /// The log's own id: 16 random bytes, generated with the log. Asked once, when the desk opens.
    fn log_id(&self) -> Result<Vec<u8>, StorageError>;

    /// How many entries there are. Asked once, when the desk opens.
    fn count(&self) -> Result<u64, StorageError>;

    /// The bytes of an entry; absent past the end. `sequence`: from 0.
    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, StorageError>;

    /// Appends an entry. `sequence`: the position that it must get; refuse if that is taken. Return only
    /// when the entry would survive a power cut: the Response Code is shown only after this. If this throws,
    /// the log must be as it was before.
    fn append(&self, sequence: u64, entry: Vec<u8>) -> Result<(), StorageError>;
}

/// [`AuditLog`] as core's port.
pub(crate) struct HostAuditLog {
    log: Arc<dyn AuditLog>,
    log_id: LogId,
    count: u64,
}

impl HostAuditLog {
    pub(crate) fn open(log: Arc<dyn AuditLog>) -> Result<Self, CoreStorageError> {
        let log_id = log.log_id()?.try_into().map_err(|_| corrupt("log id"))?;
        let count = log.count()?;
        Ok(Self {
            log,
            log_id: LogId(log_id),
            count,
        })
    }
}

impl ports::AuditLog for HostAuditLog {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, CoreStorageError> {
        let found = self.log.entry(sequence)?;
        // The count and the entries must tell the same: a log that ends early has lost its tail.
        if found.is_some() == (sequence < self.count) {
            Ok(found)
        } else {
            Err(CoreStorageError::AuditBroken {
                detail: format!("entry {sequence} of {}", self.count),
            })
        }
    }

    fn append(&mut self, entry: PendingEntry) -> Result<Receipt, CoreStorageError> {
        if entry.sequence() != self.count {
            return Err(CoreStorageError::Write {
                detail: format!("entry {} is not the next one", entry.sequence()),
            });
        }
        self.log
            .append(entry.sequence(), entry.canonical_bytes().to_vec())?;
        self.count = self.count.saturating_add(1);
        Ok(entry.stored())
    }
}
