//! A connection to a database, and what holds for it.

use std::path::Path;
use std::time::Duration;

use fido_unlock_desk::ports::StorageError;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::fault::{Doing, fault};
use crate::options::{LONGEST_WAIT, SqliteOptions};
use crate::schema::{self, Kind};

/// More than any value, or row with its key, that is written: 4 MiB.
const LONGEST_VALUE: i32 = 4 << 20;
/// More statements than there are here.
const STATEMENTS: usize = 64;
/// Of the pages that were read, and those to be written: 48 MiB.
const CACHE_KIB: i32 = -48 * 1024;
/// A write-ahead log that was longer is cut to this: 16 MiB.
const LONGEST_LOG: i32 = 16 * 1024 * 1024;
/// In pages: when it is so long, what is in it is put into the database. A page that many commits change is written
/// there once, and a log that is found after a crash is read again in some 10 ms.
const CHECKPOINT_AT: i32 = LONGEST_LOG / 4096;

/// How long a transaction waits.
pub(crate) fn wait(options: SqliteOptions) -> Duration {
    options.busy_wait.min(LONGEST_WAIT)
}

/// Opens the file, which must exist.
///
/// # Errors
/// As [`schema::kind`].
pub(crate) fn connect(path: &Path, options: SqliteOptions) -> Result<(Connection, Kind), StorageError> {
    let failed = |error| fault(path, Doing::Reading, &error);
    // Without `SQLITE_OPEN_URI`: a name is a name.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    configure(&connection, options).map_err(failed)?;
    let kind = schema::kind(&connection, path)?;
    if let Some(pages) = options.max_pages {
        connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(failed)?;
    }
    Ok((connection, kind))
}

/// What holds for one connection, not for the file.
fn configure(connection: &Connection, options: SqliteOptions) -> rusqlite::Result<()> {
    connection.busy_timeout(wait(options))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A changed file can do nothing but give wrong answers, which core finds.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Whoever changes the file could make one value fill the memory.
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    // Every commit is on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // What was removed is overwritten, and nothing is put into files elsewhere.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", LONGEST_LOG)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_AT)
}

/// A write-ahead log: readers such as a backup and the one writer do not wait for each other.
pub(crate) fn write_ahead(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| fault(path, Doing::Writing, &error))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(StorageError::Write {
        detail: format!(
            "{}: no write-ahead log is possible in this folder",
            path.display()
        ),
    })
}
