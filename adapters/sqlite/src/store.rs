//! A database, as it is made, opened and asked for a transaction.

use std::path::Path;
use std::sync::Arc;

use fido_unlock_desk::ports::{DeskStore, DeskTransaction, DeskView, StorageError};
use rusqlite::Connection;

use crate::connect::{connect, wait, write_ahead};
use crate::fault::{Doing, io_fault};
use crate::options::SqliteOptions;
use crate::private::{self, Identity, folder_of};
use crate::reading::Reading;
use crate::schema::{self, Kind};
use crate::shared::Shared;
use crate::view::View;

/// The log of a help desk as earlier versions kept it, in a folder of JSON files.
const OLDER_LOG: &str = "audit.jsonl";

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
        Self::over(connection, kind, path, options)
    }

    /// Opens a database. One of an earlier version becomes one of this version, which an earlier program then refuses.
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
        Self::over(connection, kind, path, options)
    }

    fn over(
        mut connection: Connection,
        kind: Kind,
        path: &Path,
        options: SqliteOptions,
    ) -> Result<Self, StorageError> {
        write_ahead(&connection, path)?;
        if kind == Kind::Earlier {
            schema::bring_up(&mut connection, path)?;
        }
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
        Ok(Box::new(Reading::new(View::new(&self.shared, self.options)?)))
    }
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
