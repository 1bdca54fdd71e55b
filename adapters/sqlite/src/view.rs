//! A look at one moment, on a connection of its own. Opening one reads and parses the schema, which costs more than most
//! looks: a few that have ended are kept for the next.

use fido_unlock_desk::ports::StorageError;
use rusqlite::Connection;

use crate::SqliteOptions;
use crate::connect::connect;
use crate::fault::{Doing, fault};
use crate::reads::Reads;
use crate::shared::Shared;

/// The cache of one, in KiB as SQLite has it: a look is short, and there may be several.
const CACHE_KIB: i32 = -4 * 1024;

/// What was committed, and is on disk, when it was made.
pub(crate) struct View<'a> {
    /// In a transaction that ends with it.
    connection: Option<Connection>,
    shared: &'a Shared,
}

impl<'a> View<'a> {
    pub(crate) fn new(shared: &'a Shared, options: SqliteOptions) -> Result<Self, StorageError> {
        let failed = |error| fault(&shared.place, Doing::Reading, &error);
        let connection = match shared.idle.take() {
            Some(connection) => connection,
            None => {
                let (connection, _) = connect(&shared.place, options)?;
                connection
                    .pragma_update(None, "cache_size", CACHE_KIB)
                    .map_err(failed)?;
                connection
            }
        };
        let view = Self {
            connection: Some(connection),
            shared,
        };
        // What is shown is what there was at the first look.
        view.reading(|connection| {
            connection.prepare_cached("BEGIN")?.execute(())?;
            let mut head = connection.prepare_cached("SELECT count(*) FROM head")?;
            head.query_row((), |_| Ok(()))
        })?;
        Ok(view)
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // One that cannot end its transaction is closed.
        if let Some(connection) = self.connection.take()
            && connection
                .prepare_cached("ROLLBACK")
                .and_then(|mut end| end.execute(()))
                .is_ok()
        {
            self.shared.idle.keep(connection);
        }
    }
}

impl Reads for View<'_> {
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        let Some(connection) = &self.connection else {
            return Err(StorageError::Read {
                detail: "the look has ended".into(),
            });
        };
        read(connection).map_err(|error| fault(&self.shared.place, Doing::Reading, &error))
    }
}
