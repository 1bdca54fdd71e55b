//! A database, as it is made, opened and asked for a transaction.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fido_unlock_desk::ports::{DeskStore, DeskTransaction, DeskView, StorageError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::fault::{Doing, fault, io_fault};
use crate::options::{LONGEST_WAIT, SqliteOptions};
use crate::private::{self, Identity, folder_of};
use crate::schema::{self, Kind};
use crate::transaction::Transaction;

/// The log of a help desk as earlier versions kept it, in a folder of JSON files.
const OLDER_LOG: &str = "audit.jsonl";
/// More statements than there are here.
const STATEMENTS: usize = 64;
/// Of the pages that were read, and those to be written: 48 MiB.
const CACHE_KIB: i32 = -48 * 1024;
/// A write-ahead log that was longer is cut to this: 16 MiB.
const LONGEST_LOG: i32 = 16 * 1024 * 1024;

/// A help desk's store in one SQLite database. Any number of handles, in any number of processes, may be open to one
/// file on one computer; a file server is no place for it.
pub struct SqliteStore {
    pub(crate) connection: Connection,
    pub(crate) place: PathBuf,
    identity: Identity,
    /// A commit failed in such a way that it may or may not be found after a crash.
    unsettled: bool,
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
        Self::over(connection, path)
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
        Self::over(connection, path)
    }

    fn over(connection: Connection, path: &Path) -> Result<Self, StorageError> {
        write_ahead(&connection, path)?;
        Ok(Self {
            connection,
            place: path.to_owned(),
            identity: Identity::of(path).map_err(|error| io_fault(path, Doing::Reading, &error))?,
            unsettled: false,
        })
    }

    /// Whoever replaced the file would have the desk go on in one that has no name any more.
    fn check_identity(&self) -> Result<(), StorageError> {
        let now = Identity::of(&self.place).map_err(|error| io_fault(&self.place, Doing::Reading, &error))?;
        if now == self.identity {
            return Ok(());
        }
        Err(StorageError::Read {
            detail: format!("{}: another file has taken its place", self.place.display()),
        })
    }
}

impl DeskStore for SqliteStore {
    fn begin(&mut self) -> Result<Box<dyn DeskTransaction + '_>, StorageError> {
        self.check_identity()?;
        if self.unsettled {
            settle(&mut self.connection).map_err(|error| fault(&self.place, Doing::Writing, &error))?;
            self.unsettled = false;
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| fault(&self.place, Doing::Reading, &error))?;
        Ok(Box::new(Transaction {
            transaction,
            place: &self.place,
            unsettled: &mut self.unsettled,
        }))
    }

    fn view(&mut self) -> Result<Box<dyn DeskView + '_>, StorageError> {
        self.check_identity()?;
        let failed = |error| fault(&self.place, Doing::Reading, &error);
        let transaction = self.connection.transaction().map_err(failed)?;
        // What is shown is what there was at the first look.
        transaction
            .query_row("SELECT count(*) FROM head", (), |_| Ok(()))
            .map_err(failed)?;
        Ok(Box::new(Transaction {
            transaction,
            place: &self.place,
            unsettled: &mut self.unsettled,
        }))
    }
}

/// Writes over what a failed commit may have left behind the end of the write-ahead log. Until then it is not in the
/// database for any reader, but would be after a crash, when the log is read again.
fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Writes the first page, whether or not the number is another.
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.commit()
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

fn connect(path: &Path, options: SqliteOptions) -> Result<(Connection, Kind), StorageError> {
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
    connection.busy_timeout(options.busy_wait.clamp(Duration::ZERO, LONGEST_WAIT))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A changed file can do nothing but give wrong answers, which core finds.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Every commit is on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // What was removed is overwritten, and nothing is put into files elsewhere.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", LONGEST_LOG)
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
        store.unsettled = true;
        assert_eq!(head(&mut store).as_deref(), Some(&b"kept"[..]));
        assert_eq!(head(&mut crash("after")).as_deref(), Some(&b"kept"[..]));
    }
}
