//! A recent head, kept where a copy of the database does not reach.

use super::StorageError;
use crate::SeenLog;

/// Keeps what was seen of the log beside the keys. With it, a database that was set back is refused after a restart
/// too; without it, only by a process that saw the later head.
pub trait Anchor {
    /// What was kept last.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn load(&self) -> Result<Option<SeenLog>, StorageError>;

    /// Keeps it in place of the one before. Losing a few of the last is no harm.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be written.
    fn save(&mut self, seen: &SeenLog) -> Result<(), StorageError>;
}
