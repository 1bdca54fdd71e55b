//! The copy of a backup, in a folder of its own in the desk's, until it takes the database's place. One restore at a time
//! has the folder: whoever makes it has the lock beside it. It goes when the restore has ended, however that was, and
//! what a restore that was interrupted left there goes with the next one.

use std::fs::{DirBuilder, remove_dir, remove_file};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fido_unlock::desk::DeskParts;
use fido_unlock::desk::ports::StorageError;
use fido_unlock_files::FileAnchor;
use fido_unlock_files::key_file::DeskKeys;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use super::{Word, parts_at};
use crate::desk::{DeskFolder, beside};
use crate::failure::Failure;

const DATABASE: &str = "desk.sqlite";
const ANCHOR: &str = "anchor";

/// The folder.
pub(super) struct Staged(PathBuf);

impl Staged {
    /// With a copy of the database at `from`.
    pub(super) fn new(folder: &DeskFolder, from: &Path) -> Result<Self, Failure> {
        let path = folder.restoring();
        let real = |path: &Path| path.canonicalize().ok();
        if real(&path).is_some_and(|path| real(from).is_some_and(|from| from.starts_with(path))) {
            return Err(Failure::exists(
                &path,
                ": a restore puts its copy there; move the backup away",
            ));
        }
        // What it is, is made anew: nothing is followed or taken over.
        remove(&path).map_err(|error| Failure::write(&path, &error))?;
        make_folder(&path).map_err(|error| Failure::write(&path, &error))?;
        let staged = Self(path);
        SqliteStore::copy(from, &staged.database())?;
        SqliteStore::open(&staged.database(), SqliteOptions::default())
            .map_err(|error| Failure::at(from, &error))?;
        Ok(staged)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    pub(super) fn anchor(&self) -> PathBuf {
        self.0.join(ANCHOR)
    }

    /// Lets the copy go on by an Administrator's word. The line of its checkpoints stands beside the others before it takes
    /// the database's place.
    pub(super) fn restore(
        &self,
        folder: &DeskFolder,
        keys: &DeskKeys,
        word: &Word<'_>,
    ) -> Result<(), Failure> {
        let parts = DeskParts {
            // The present one is the other database's still.
            anchor: Some(Box::new(FileAnchor::new(&self.anchor()))),
            ..parts_at(folder, keys, &self.database())?
        };
        let mut desk = word.restore(parts)?;
        folder.keys().add_checkpoint_key(keys, desk.origin()?)?;
        drop(desk);
        let log = beside(&self.database(), "-wal");
        // Closed, the copy is one file.
        if log.exists() {
            return Err(StorageError::Write {
                detail: format!("{}: SQLite did not bring it into the database", log.display()),
            }
            .into());
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What is left is told of, or taken away, by the next restore.
        let _ = remove(&self.0);
    }
}

/// Only for its owner; there is none of this name.
fn make_folder(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "it has a mode on Unix"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Removes the folder with what a restore puts there; anything else in it stays, and is an error.
fn remove(path: &Path) -> io::Result<()> {
    let there = |done: io::Result<()>| match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    };
    // Not through a link that somebody put there.
    if path.symlink_metadata().is_ok_and(|what| !what.is_dir()) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let database = path.join(DATABASE);
    for name in [
        database.clone(),
        beside(&database, "-wal"),
        beside(&database, "-shm"),
        path.join(ANCHOR),
    ] {
        there(remove_file(name))?;
    }
    there(remove_dir(path))
}
