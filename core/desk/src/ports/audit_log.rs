//! Where audit entries are kept.

use alloc::vec::Vec;

use super::StorageError;
use crate::audit::{LogId, PendingEntry, Receipt};

/// An append-only list of entries (docs/protocol/audit.md). It keeps their canonical bytes and
/// computes nothing itself; one writer at a time.
pub trait AuditLog {
    /// The log's own id, random, made when the log was.
    fn log_id(&self) -> LogId;

    /// The number of entries, which is the next one's sequence number.
    fn count(&self) -> u64;

    /// The canonical bytes of the entry with this sequence number, `None` past the end.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, StorageError>;

    /// Stores [`PendingEntry::canonical_bytes`] at the end and, once they are on disk and would
    /// survive a power cut, makes the receipt with [`PendingEntry::stored`], the only way to one.
    ///
    /// # Errors
    /// [`StorageError`] when it could not be stored; the log then ends where it ended before.
    fn append(&mut self, entry: PendingEntry) -> Result<Receipt, StorageError>;

    /// Whether an unfinished last entry, which was never receipted, was dropped when the log was
    /// opened. The desk records it.
    fn recovered(&self) -> bool {
        false
    }
}
