//! What is read from: a transaction, or a look at one moment.

use fido_unlock_desk::ports::StorageError;
use rusqlite::Connection;

/// What has a connection to read from.
pub(crate) trait Reads {
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError>;
}
