//! A copy of a database: of one that desks work on, and of one that lies somewhere.

use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fido_unlock_desk::ports::StorageError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use crate::SqliteStore;
use crate::connect::connect;
use crate::fault::{Doing, fault, io_fault};
use crate::private::{folder_of, sync_folder};

impl SqliteStore {
    /// Writes a copy of the database as it stands now to a file that is not there yet, whole or not at all, for its
    /// owner alone; it is on disk when this returns. Desks over other handles go on meanwhile.
    ///
    /// A copy is a database as any other: [`SqliteStore::open`] opens it, and its own [`SqliteStore::copy`] to the place of
    /// the desk is how it is put back. A desk refuses it there until it is told that this was meant, since it is older than
    /// what the desk has seen.
    ///
    /// # Errors
    /// [`StorageError::Write`] when there is a file of that name, or it cannot be written; [`StorageError::Full`];
    /// [`StorageError`] when the database cannot be read.
    pub fn backup(&self, to: &Path) -> Result<(), StorageError> {
        let failed = |error: std::io::Error| io_fault(to, Doing::Writing, &error);
        if to.try_exists().map_err(failed)? {
            return Err(failed(ErrorKind::AlreadyExists.into()));
        }
        self.shared.check_identity()?;
        // Its own connection: the transactions of the desk do not wait for the copy.
        let (from, _) = connect(&self.shared.place, self.options)?;
        let folder = folder_of(to);
        let file = NamedTempFile::new_in(folder).map_err(failed)?;
        copy_into(&from, file.path()).map_err(|error| fault(to, Doing::Writing, &error))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist_noclobber(to).map_err(|error| failed(error.error))?;
        sync_folder(folder).map_err(failed)
    }

    /// Copies the file of a database that no desk works on, and its write-ahead log where it has one, to a place where
    /// there is none, for its owner alone. It is not opened, so nothing is written where it lies: that may be a disk or a
    /// folder that can only be read. What it is tells [`SqliteStore::open`] of the copy. Of a database that a desk works on
    /// such a copy may be no one state of it; [`SqliteStore::backup`] makes one.
    ///
    /// # Errors
    /// [`StorageError::Read`] when there is no file at `from`; [`StorageError::Write`] when there is one at `to`, or it
    /// cannot be written; [`StorageError::Full`].
    pub fn copy(from: &Path, to: &Path) -> Result<(), StorageError> {
        let (log, log_to) = (log_of(from), log_of(to));
        // Without the database nobody opens its log; one without its log would be opened.
        if log.is_file() {
            copy_file(&log, &log_to)?;
        }
        copy_file(from, to)
    }
}

/// What SQLite has not brought into the database at `path` yet.
fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-wal");
    name.into()
}

fn copy_file(from: &Path, to: &Path) -> Result<(), StorageError> {
    let unread = |error: std::io::Error| io_fault(from, Doing::Reading, &error);
    let failed = |error: std::io::Error| io_fault(to, Doing::Writing, &error);
    // A device or a pipe may have no end, and a pipe nobody at its other one.
    if !std::fs::metadata(from).map_err(unread)?.is_file() {
        return Err(unread(ErrorKind::InvalidInput.into()));
    }
    let mut source = File::open(from).map_err(unread)?;
    let mut file = NamedTempFile::new_in(folder_of(to)).map_err(failed)?;
    std::io::copy(&mut source, &mut file).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(to).map_err(|error| failed(error.error))?;
    sync_folder(folder_of(to)).map_err(failed)
}

fn copy_into(from: &Connection, file: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(file, flags)?;
    // It counts when it has its name, and is on disk before.
    copy.pragma_update(None, "synchronous", "OFF")?;
    copy.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
    // All pages in one step: it is one state, and no writer can make it begin again.
    match Backup::new(from, &mut copy)?.step(-1)? {
        StepResult::Done => {}
        _ => {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
    }
    copy.close().map_err(|(_, error)| error)
}
