//! What is read, in a transaction or in a look at one moment.

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::map::Prefix;
use fido_unlock_desk::ports::{
    Batch, CommitError, DeskTransaction, DeskView, EntryColumns, EntryKey, KeptEntry, KeptRow, List,
    ListedKey, StorageError, Table,
};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::columns::{integer, path};
use crate::kept::Extras;
use crate::reads::Reads;
use crate::shared::Working;
use crate::{kept, places, search};

/// Reads from it, as the port wants it.
pub(crate) struct Reading<R> {
    pub(crate) from: R,
    extras: Extras,
}

impl<R: Reads> Reading<R> {
    pub(crate) fn new(from: R) -> Self {
        let extras = Extras::default();
        Self { from, extras }
    }

    fn blob(&self, statement: &str, parameters: impl Params) -> Result<Option<Vec<u8>>, StorageError> {
        self.from.reading(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            statement.query_row(parameters, |row| row.get(0)).optional()
        })
    }
}

/// What no desk writes is an error: whoever changes the file need not keep its rules.
fn entry_columns(row: &Row<'_>) -> rusqlite::Result<EntryColumns> {
    let at: i64 = row.get(1)?;
    Ok(EntryColumns {
        at: UnixTime(u64::try_from(at).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, at))?),
        event: row.get(2)?,
        operator: row.get(3)?,
        device: row.get(4)?,
        request: row.get(5)?,
    })
}

/// From the end of an index (`found_by.sql`).
fn entries_with(
    connection: &Connection,
    key: &EntryKey,
    before: u64,
    limit: u32,
) -> rusqlite::Result<Vec<u64>> {
    let statement = match key {
        EntryKey::Operator(_) => {
            "SELECT idx FROM entries INDEXED BY entries_of_operator
             WHERE operator = ?1 AND idx < ?2 ORDER BY idx DESC LIMIT ?3"
        }
        EntryKey::Device(_) => {
            "SELECT idx FROM entries INDEXED BY entries_of_device
             WHERE device = ?1 AND idx < ?2 ORDER BY idx DESC LIMIT ?3"
        }
        EntryKey::Event(_) => {
            "SELECT idx FROM entries INDEXED BY entries_of_event
             WHERE event = ?1 AND idx < ?2 ORDER BY idx DESC LIMIT ?3"
        }
    };
    let mut statement = connection.prepare_cached(statement)?;
    let rows = match key {
        EntryKey::Operator(number) | EntryKey::Device(number) => {
            statement.query((number, integer(before), limit))?
        }
        EntryKey::Event(event) => statement.query((event, integer(before), limit))?,
    };
    rows.mapped(|row| {
        let place: i64 = row.get(0)?;
        u64::try_from(place).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, place))
    })
    .collect()
}

impl<R: Reads> DeskView for Reading<R> {
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
        self.blob(
            "SELECT node FROM nodes WHERE prefix = ?1",
            (path(&prefix.to_bytes()),),
        )
    }

    fn entries(&self, from: u64, count: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        self.from.reading(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT bytes FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT ?2")?;
            let rows = statement.query_map((integer(from), count), |row| row.get(0))?;
            rows.collect()
        })
    }

    fn kept_entries(&self, from: u64, count: u32) -> Result<Vec<KeptEntry>, StorageError> {
        self.from.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT bytes, at, event, operator, device, request FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT ?2",
            )?;
            let rows = statement.query_map((integer(from), count), |row| {
                Ok(KeptEntry {
                    bytes: row.get(0)?,
                    columns: entry_columns(row).ok(),
                })
            })?;
            rows.collect()
        })
    }

    fn entries_with(&self, key: &EntryKey, before: u64, limit: u32) -> Result<Vec<u64>, StorageError> {
        self.from
            .reading(|connection| entries_with(connection, key, before, limit))
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
        self.from
            .reading(|connection| places::page(connection, list, group, after, limit))
    }

    fn search(&self, folded: &str, limit: u32) -> Result<Vec<(Table, Vec<u8>)>, StorageError> {
        self.from
            .reading(|connection| search::search(connection, folded, limit as usize))
    }

    fn rows(&self, table: Table, after: Option<&[u8]>, limit: u32) -> Result<Vec<KeptRow>, StorageError> {
        self.from
            .reading(|connection| kept::page(connection, &self.extras, table, after, limit))
    }
}

impl DeskTransaction for Reading<Working<'_>> {
    fn now(&self) -> Result<Option<UnixTime>, StorageError> {
        Ok(None)
    }

    fn end(self: Box<Self>) -> Result<(), StorageError> {
        self.from.end()
    }

    fn commit(self: Box<Self>, batch: &Batch) -> Result<(), CommitError> {
        self.from.commit(batch)
    }
}
