//! The tables (`schema.sql`) and what entries are found by (`found_by.sql`), and whether a file has them.

use std::path::Path;

use fido_unlock_desk::ports::StorageError;
use rusqlite::{Connection, TransactionBehavior};

use crate::fault::{Doing, fault};

/// Which program's file it is, in the header of a database (`PRAGMA application_id`): "FUdk".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"FUdk");
/// The version of the tables (`PRAGMA user_version`).
pub(crate) const VERSION: i32 = 2;
/// The version without what entries are found by.
const WITHOUT_INDICES: i32 = 1;

const TABLES: &str = include_str!("schema.sql");
const FOUND_BY: &str = include_str!("found_by.sql");

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A database with nothing in it, or a file of no bytes.
    Empty,
    /// A help desk's of an earlier version, which [`bring_up`] makes today's.
    Earlier,
    /// A help desk's.
    Desk,
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// What the file is. The first call that reads it.
///
/// # Errors
/// [`StorageError::Corrupt`] when it is no database or another program's; [`StorageError::Version`] when it is of a
/// later version; [`StorageError`] when it cannot be read.
pub(crate) fn kind(connection: &Connection, place: &Path) -> Result<Kind, StorageError> {
    let failed = |error| fault(place, Doing::Reading, &error);
    let id = number(connection, "application_id").map_err(failed)?;
    let version = number(connection, "user_version").map_err(failed)?;
    let objects = names(connection).map_err(failed)?;
    let detail = |what: String| format!("{}: {what}", place.display());
    if id == 0 && version == 0 && objects.is_empty() {
        return Ok(Kind::Empty);
    }
    if id != APPLICATION_ID {
        return Err(StorageError::Corrupt {
            detail: detail("not a help desk's database".into()),
        });
    }
    if version > VERSION {
        return Err(StorageError::Version {
            detail: detail(format!("version {version}, this program knows {VERSION}")),
        });
    }
    // A trigger or a view that somebody added would run with the desk's own statements.
    let is = |of_version| in_memory(of_version).and_then(|plain| Ok(objects == names(&plain)?));
    for (own, kind) in [(VERSION, Kind::Desk), (WITHOUT_INDICES, Kind::Earlier)] {
        if version == own && is(own).map_err(failed)? {
            return Ok(kind);
        }
    }
    Err(StorageError::Corrupt {
        detail: detail("its tables are not those of a help desk".into()),
    })
}

/// The tables of a version in memory, empty.
pub(crate) fn in_memory(version: i32) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(TABLES)?;
    if version == VERSION {
        connection.execute_batch(FOUND_BY)?;
    }
    Ok(connection)
}

/// Everything in a database: type, name, table and statement. The tables that SQLite makes for itself are of its
/// own version.
fn names(connection: &Connection) -> rusqlite::Result<Vec<[Option<String>; 4]>> {
    let mut statement = connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema
         WHERE name NOT GLOB 'sqlite_*' AND NOT (type = 'table' AND name GLOB 'trigrams_*')
         ORDER BY type, name",
    )?;
    let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    rows.collect()
}

/// Makes the tables, unless another process was faster.
///
/// # Errors
/// [`StorageError`].
pub(crate) fn make(connection: &mut Connection, place: &Path) -> Result<(), StorageError> {
    let failed = |error| fault(place, Doing::Writing, &error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    if kind(&transaction, place)? != Kind::Empty {
        return Ok(());
    }
    transaction.execute_batch(TABLES).map_err(failed)?;
    transaction.execute_batch(FOUND_BY).map_err(failed)?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    transaction
        .pragma_update(None, "user_version", VERSION)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Makes a database of an earlier version today's, unless another process was faster. Some seconds for a million entries,
/// once; others wait.
///
/// # Errors
/// [`StorageError`].
pub(crate) fn bring_up(connection: &mut Connection, place: &Path) -> Result<(), StorageError> {
    let failed = |error| fault(place, Doing::Writing, &error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    if kind(&transaction, place)? != Kind::Earlier {
        return Ok(());
    }
    transaction.execute_batch(FOUND_BY).map_err(failed)?;
    transaction
        .pragma_update(None, "user_version", VERSION)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}
