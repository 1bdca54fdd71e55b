//! `desk restore`: a backup takes the database's place.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fido_unlock::desk::{Desk, DeskParts};
use fido_unlock_files::FileAnchor;
use fido_unlock_files::key_file::DeskKeys;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::args::At;
use crate::desk::{Credentials, DeskFolder, SharedSigner, ask_passphrase, parts};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Behind the name of a database, its own files.
const FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Runs it.
pub fn run(at: &At, from: Option<&Path>, note: &str, prompt: Prompt) -> Result<Report, Failure> {
    let folder = match from {
        Some(_) => DeskFolder::new(&at.desk)?,
        None => DeskFolder::of(at)?,
    };
    let kept = folder.before_restore();
    if from.is_some() && folder.database().exists() && kept.exists() {
        return Err(Failure::exists(
            &kept,
            ": an earlier restore kept it; move it away",
        ));
    }
    let who = Credentials::ask_first(at, prompt)?;
    let keys = folder.keys().desk_keys(&ask_passphrase(prompt)?)?;
    match from {
        Some(from) => replace(&folder, &keys, from, &who, note)?,
        None => drop(Desk::restore(
            parts_at(&folder, &keys, &folder.database())?,
            &who.operator,
            &who.password,
            note,
        )?),
    }
    let mut desk = Desk::open(parts_at(&folder, &keys, &folder.database())?)?;
    let state = desk.log_state()?;
    folder.keys().add_checkpoint_key(&keys, desk.origin()?)?;
    let id = base16ct::lower::encode_string(&state.log_id.0);
    Ok(Report::new()
        .line(format!("The desk goes on from the backup at entry {}.", state.size - 1))
        .labelled("log id", &id)
        .line("Checkpoints are signed under the new id: keep the new line of checkpoint.pub beside the old one.")
        .line("The first code for each device needs a second operator: codes given after the backup are not known.")
        .field("entries", state.size)
        .field("log_id", id)
        .field("kept", kept.exists().then(|| kept.display().to_string())))
}

fn parts_at(folder: &DeskFolder, keys: &DeskKeys, database: &Path) -> Result<DeskParts, Failure> {
    let signer = SharedSigner::without_keys(&folder.keys(), keys);
    let store = SqliteStore::open(database, SqliteOptions::default())?;
    parts(folder, keys, &signer, store)
}

/// Restores a copy of the backup beside the database, and puts it in its place when all went well.
fn replace(
    folder: &DeskFolder,
    keys: &DeskKeys,
    from: &Path,
    who: &Credentials,
    note: &str,
) -> Result<(), Failure> {
    let (database, staged) = (folder.database(), folder.restoring());
    let anchor = folder.anchor();
    let new_anchor = anchor.with_added_extension("restoring");
    if staged
        .canonicalize()
        .is_ok_and(|staged| from.canonicalize().is_ok_and(|from| from == staged))
    {
        return Err(Failure::exists(
            &staged,
            ": a restore puts its copy there; move the backup away",
        ));
    }
    remove(&staged)?;
    remove_file(&new_anchor)?;
    SqliteStore::open(from, SqliteOptions::default())
        .map_err(|error| Failure::at(from, &error))?
        .backup(&staged)?;
    let restored = parts_at(folder, keys, &staged).and_then(|parts| {
        let parts = DeskParts {
            // The present one is the other database's still.
            anchor: Some(Box::new(FileAnchor::new(&new_anchor))),
            ..parts
        };
        Ok(Desk::restore(parts, &who.operator, &who.password, note)?)
    });
    // Closed, the copy is one file.
    if let Err(failure) = restored.map(drop) {
        remove(&staged)?;
        return Err(failure);
    }
    rename(&database, &folder.before_restore())?;
    // Of a process that opened it meanwhile: it must not lie beside another database.
    for more in FILES.iter().filter(|more| !more.is_empty()) {
        remove_file(&beside(&database, more))?;
    }
    rename(&staged, &database)?;
    // There is an anchor at every moment, and from this one on it is that of the database which the password was given for.
    fs::rename(&new_anchor, &anchor).map_err(|error| Failure::write(&anchor, &error))
}

fn beside(database: &Path, more: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

/// Gives a database, where there is one, another name, with what SQLite has not brought into it yet. The database goes
/// first: without it nobody opens what is left, and one that lost its log would be opened.
fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    for more in FILES {
        match fs::rename(beside(from, more), beside(to, more)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::write(to, &error)),
        }
    }
    Ok(())
}

/// Removes what an attempt that was interrupted left behind.
fn remove(database: &Path) -> Result<(), Failure> {
    FILES
        .iter()
        .try_for_each(|more| remove_file(&beside(database, more)))
}

fn remove_file(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::write(path, &error)),
        _ => Ok(()),
    }
}
