//! A look at one moment, on a connection of its own.

use std::path::Path;

use fido_unlock_desk::ports::StorageError;
use rusqlite::Connection;

use crate::SqliteOptions;
use crate::connect::connect;
use crate::fault::{Doing, fault};
use crate::reads::Reads;

/// What was committed, and is on disk, when it was made.
pub(crate) struct View<'a> {
    /// In a transaction that ends with it.
    connection: Connection,
    place: &'a Path,
}

impl<'a> View<'a> {
    pub(crate) fn new(place: &'a Path, options: SqliteOptions) -> Result<Self, StorageError> {
        let (connection, _) = connect(place, options)?;
        let view = Self { connection, place };
        // What is shown is what there was at the first look.
        view.reading(|connection| {
            connection.execute_batch("BEGIN")?;
            connection.query_row("SELECT count(*) FROM head", (), |_| Ok(()))
        })?;
        Ok(view)
    }
}

impl Reads for View<'_> {
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        read(&self.connection).map_err(|error| fault(self.place, Doing::Reading, &error))
    }
}
