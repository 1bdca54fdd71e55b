//! How the copy takes the database's place: step by step, each of them whole or not at all and on disk before the next.
//! Wherever it stops, the database that was there is whole, an anchor lies beside the keys, and the next command says
//! how to go on:
//!
//! 1. As long as the database has its name, nothing has happened.
//! 2. Then there is none, and it is put aside: each command names it, and how to go on.
//! 3. The copy has the name, and the anchor is the other one's: it is refused (714) until `desk restore`.
//! 4. The anchor is the copy's: all has happened.

use std::fs::{copy, hard_link, remove_file};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use fido_unlock_files::rename;

use super::staged::Staged;
use crate::desk::{DeskFolder, beside};
use crate::failure::Failure;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Takes a file away, where there is one.
    Remove(PathBuf),
    /// Gives a file a second name, where there is one.
    Link(PathBuf, PathBuf),
    /// Gives a file another name.
    Rename(PathBuf, PathBuf),
}

impl Step {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let (done, path) = match self {
            Self::Remove(path) => (remove_file(path), path),
            // A file system without second names has a copy.
            Self::Link(from, to) if from.exists() => {
                (hard_link(from, to).or_else(|_| copy(from, to).map(drop)), to)
            }
            Self::Link(_, to) => (Ok(()), to),
            Self::Rename(from, to) => (rename(from, to), to),
        };
        let missing = |error: &io::Error| error.kind() == ErrorKind::NotFound;
        match done {
            Err(error) if matches!(self, Self::Remove(_)) && missing(&error) => Ok(()),
            done => done.map_err(|error| Failure::write(path, &error)),
        }
    }
}

/// All of them, in their order.
pub(super) fn all(folder: &DeskFolder, staged: &Staged) -> Vec<Step> {
    let (database, aside) = (folder.database(), folder.before_restore());
    let log = |database: &PathBuf| beside(database, "-wal");
    let shared = |database: &PathBuf| beside(database, "-shm");
    let mut steps = Vec::new();
    // Where it is lost, what was put aside before is another one's.
    if database.exists() {
        steps.extend([
            Step::Remove(log(&aside)),
            Step::Remove(shared(&aside)),
            // Before the database goes there: without its log it would be another, older one.
            Step::Link(log(&database), log(&aside)),
            Step::Rename(database.clone(), aside),
        ]);
    }
    steps.extend([
        // They must not lie beside another database.
        Step::Remove(log(&database)),
        Step::Remove(shared(&database)),
        Step::Rename(staged.database(), database),
        // Last: until then what was put aside could be given its name back.
        Step::Rename(staged.anchor(), folder.anchor()),
    ]);
    steps
}
