//! A database, as it is made, opened and asked for a transaction.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fido_unlock_desk::ports::{DeskStore, DeskTransaction, DeskView, StorageError};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::fault::{Doing, fault, io_fault};
use crate::options::{LONGEST_WAIT, SqliteOptions};
use crate::private::{self, Identity, folder_of};
use crate::reading::Reading;
use crate::schema::{self, Kind};
use crate::shared::Shared;
use crate::view::View;

/// The log of a help desk as earlier versions kept it, in a folder of JSON files.
const OLDER_LOG: &str = "audit.jsonl";
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

/// A help desk's store in one SQLite database. Any number of handles, in any number of processes, may be open to one
/// file on one computer; a file server is no place for it.
///
/// A clone is another handle over the same connection. Transactions of clones that wait for each other share one wait
/// for the disk, so a process with many callers gives each of them a clone rather than a store that it opens again.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: SqliteOptions,
}

impl SqliteStore {
    /// Makes a database, and the folder that it lies in, where they are not there yet; otherwise it is as
    /// [`SqliteStore::open`], so what was interrupted can be repeated. File and new folders are their owner's alone
    /// (modes 0600 and 0700 on Unix).
    ///
    /// # Errors
    /// [`StorageError::Outdated`] in the folder of an earlier version; [`StorageError::Corrupt`] where the file is not
    /// a help desk's; as [`SqliteStore::open`]; [`StorageError::Write`].
    pub fn create(path: &Path, options: SqliteOptions) -> Result<Self, StorageError> {
        refuse_older(path)?;
        let failed = |error| io_fault(path, Doing::Writing, &error);
        private::make_folder(folder_of(path)).map_err(failed)?;
        private::make_file(path).map_err(failed)?;
        let (mut connection, kind) = connect(path, options)?;
        if kind == Kind::Empty {
            write_ahead(&connection, path)?;
            schema::make(&mut connection, path)?;
        }
        Self::over(connection, path, options)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// [`StorageError::Read`] when there is none, or nothing in it; [`StorageError::Outdated`] in the folder of an
    /// earlier version; [`StorageError::Version`] when it is of a later one; [`StorageError::Corrupt`] when it is no
    /// database, another program's, or has other tables; [`StorageError::Busy`].
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, StorageError> {
        refuse_older(path)?;
        let (connection, kind) = connect(path, options)?;
        if kind == Kind::Empty {
            return Err(StorageError::Read {
                detail: format!("{}: no help desk was made in it yet", path.display()),
            });
        }
        Self::over(connection, path, options)
    }

    fn over(connection: Connection, path: &Path, options: SqliteOptions) -> Result<Self, StorageError> {
        write_ahead(&connection, path)?;
        let identity = Identity::of(path).map_err(|error| io_fault(path, Doing::Reading, &error))?;
        Ok(Self {
            shared: Arc::new(Shared::new(connection, path, identity)),
            options,
        })
    }
}

impl DeskStore for SqliteStore {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        let working = self.shared.begin(wait(self.options))?;
        Ok(Box::new(Reading::new(working)))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        self.shared.check_identity()?;
        Ok(Box::new(Reading::new(View::new(
            &self.shared.place,
            self.options,
        )?)))
    }
}

/// How long a transaction waits.
fn wait(options: SqliteOptions) -> Duration {
    options.busy_wait.min(LONGEST_WAIT)
}

fn refuse_older(path: &Path) -> Result<(), StorageError> {
    let older = folder_of(path).join(OLDER_LOG);
    if older.exists() && !path.exists() {
        return Err(StorageError::Outdated {
            detail: older.display().to_string(),
        });
    }
    Ok(())
}

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
fn write_ahead(connection: &Connection, path: &Path) -> Result<(), StorageError> {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use fido_unlock_desk::ports::Batch;

    use super::*;

    fn commit(store: &mut SqliteStore, head: &[u8]) {
        let batch = Batch {
            head: head.into(),
            ..Batch::default()
        };
        store.begin().unwrap().commit(&batch).unwrap();
    }

    fn head(store: &mut SqliteStore) -> Option<Vec<u8>> {
        store.begin().unwrap().head().unwrap()
    }

    /// A sync that fails leaves a whole transaction in the write-ahead log that no reader knows of. Here it comes from a
    /// twin of the database.
    #[test]
    fn what_a_failed_commit_left_in_the_log_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let log = |name: &str| at(&format!("{name}-wal"));
        // As the files would be found after a crash.
        let crash = |name: &str| {
            fs::copy(at("desk"), at(name)).unwrap();
            fs::copy(log("desk"), log(name)).unwrap();
            SqliteStore::open(&at(name), SqliteOptions::default()).unwrap()
        };
        let mut store = SqliteStore::create(&at("desk"), SqliteOptions::default()).unwrap();
        commit(&mut store, b"kept");
        let mut twin = crash("twin");
        commit(&mut twin, b"left");
        fs::copy(log("twin"), log("desk")).unwrap();

        assert_eq!(head(&mut store).as_deref(), Some(&b"kept"[..]));
        assert_eq!(head(&mut crash("before")).as_deref(), Some(&b"left"[..]));
        store.shared.unsettle();
        assert_eq!(head(&mut store).as_deref(), Some(&b"kept"[..]));
        assert_eq!(head(&mut crash("after")).as_deref(), Some(&b"kept"[..]));
    }
}
