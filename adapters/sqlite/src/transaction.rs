//! A transaction, or a look at the database: what it reads.

use std::path::Path;

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::map::Prefix;
use fido_unlock_desk::ports::{
    Batch, CommitError, DeskTransaction, DeskView, KeptRow, List, ListedKey, StorageError, Table,
};
use rusqlite::{Connection, OptionalExtension, Params};

use crate::fault::{Doing, commit_fault, fault};
use crate::{kept, places, search, write};

pub(crate) struct Transaction<'a> {
    pub(crate) transaction: rusqlite::Transaction<'a>,
    pub(crate) place: &'a Path,
    pub(crate) unsettled: &'a mut bool,
}

impl Transaction<'_> {
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        read(&self.transaction).map_err(|error| fault(self.place, Doing::Reading, &error))
    }

    fn blob(&self, statement: &str, parameters: impl Params) -> Result<Option<Vec<u8>>, StorageError> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            statement.query_row(parameters, |row| row.get(0)).optional()
        })
    }
}

/// A number as SQLite has numbers; none of a store's is greater.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl DeskView for Transaction<'_> {
    fn head(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.blob("SELECT bytes FROM head", ())
    }

    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.blob(
            "SELECT value FROM rows WHERE kind = ?1 AND key = ?2",
            (table.number(), key),
        )
    }

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, StorageError> {
        self.blob("SELECT node FROM nodes WHERE prefix = ?1", (prefix.to_bytes(),))
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        self.reading(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT bytes FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT ?2")?;
            let rows = statement.query_map((integer(from), count), |row| row.get(0))?;
            rows.collect()
        })
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.blob(
            "SELECT bytes FROM tiles WHERE level = ?1 AND idx = ?2",
            (level, integer(index)),
        )
    }

    fn list(
        &self,
        list: List,
        group: &[u8],
        after: Option<(&[u8], &[u8])>,
        limit: u32,
    ) -> Result<Vec<ListedKey>, StorageError> {
        self.reading(|connection| places::page(connection, list, group, after, limit))
    }

    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        self.reading(|connection| search::search(connection, folded, limit as usize))
    }

    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError> {
        self.reading(|connection| kept::page(connection, table, after, limit))
    }
}

impl DeskTransaction for Transaction<'_> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        Ok(None)
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        let Self {
            transaction,
            place,
            unsettled,
        } = *self;
        write::batch(&transaction, batch).map_err(|error| fault(place, Doing::Writing, &error))?;
        transaction.commit().map_err(|error| {
            let error = commit_fault(place, &error);
            *unsettled = matches!(error, CommitError::Unknown { .. });
            error
        })
    }
}

/// A table by the number that is stored.
pub(crate) fn table(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Table> {
    let number: u8 = row.get(column)?;
    Table::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}
