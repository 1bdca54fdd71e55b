//! `desk restore`: a backup takes the database's place.

mod staged;
mod steps;

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::DeskStore;
use fido_unlock::desk::record::DeskEntry;
use fido_unlock::desk::{Desk, DeskError, DeskParts};
use fido_unlock_files::WriterLock;
use fido_unlock_files::key_file::DeskKeys;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use self::staged::Staged;
use crate::args::At;
use crate::desk::{Credentials, DeskFolder, SharedSigner, ask_passphrase, folder_of, parts, read_verifiers};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

/// An Administrator's word, as the backup knows them.
struct Word<'a> {
    who: &'a Credentials,
    note: &'a str,
    /// That this computer's clock is right, too.
    accept_clock: bool,
}

/// Runs it.
pub fn run(
    at: &At,
    from: Option<&Path>,
    note: &str,
    accept_clock: bool,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let folder = match from {
        Some(_) => DeskFolder::new(&at.desk)?,
        None => folder_of(at)?,
    };
    if from.is_some() {
        keeps_no_earlier_one(&folder)?;
    }
    let who = Credentials::ask_first(at, prompt)?;
    let keys = folder.keys().desk_keys(&ask_passphrase(prompt)?)?;
    let word = Word {
        who: &who,
        note,
        accept_clock,
    };
    let _lock = WriterLock::take(&folder.restoring())?;
    let desk = match from {
        Some(from) => replace(&folder, &keys, from, &word)?,
        None => {
            let database = folder.database();
            let mut desk = word
                .restore(parts_at(&folder, &keys, &database)?)
                .map_err(|failure| named_elsewhere(failure, &folder, &database, &database))?;
            folder.keys().add_checkpoint_key(&keys, desk.origin()?)?;
            desk
        }
    };
    report(desk, &folder, accept_clock)
}

fn report(mut desk: Desk, folder: &DeskFolder, accept_clock: bool) -> Result<Report, Failure> {
    let state = desk.log_state()?;
    let kept = folder.before_restore();
    let id = base16ct::lower::encode_string(&state.log_id.0);
    let mut report = Report::new()
        .line(format!("The desk goes on from the backup at entry {}.", state.size - 1))
        .labelled("log id", &id)
        .line("Checkpoints are signed under the new id: keep the new line of checkpoint.pub beside the old one.")
        .line("The first code for each device needs a second operator: codes given after the backup are not known.");
    if accept_clock {
        report = report.line("The desk accepts this computer's clock.");
    }
    Ok(report
        .field("entries", state.size)
        .field("log_id", id)
        .field("kept", kept.exists().then(|| kept.display().to_string())))
}

fn keeps_no_earlier_one(folder: &DeskFolder) -> Result<(), Failure> {
    let kept = folder.before_restore();
    if folder.database().exists() && kept.exists() {
        return Err(Failure::exists(
            &kept,
            ": an earlier restore kept it; move it away",
        ));
    }
    Ok(())
}

impl Word<'_> {
    fn restore(&self, parts: DeskParts) -> Result<Desk, Failure> {
        let restore = if self.accept_clock {
            Desk::restore_and_accept_clock
        } else {
            Desk::restore
        };
        restore(parts, &self.who.operator, &self.who.password, self.note).map_err(|error| match error {
            DeskError::ClockWentBack { .. } => {
                let text =
                    format!("{error}; if this computer's clock is right: `desk restore --accept-clock`");
                Failure::new(ErrorCode::ClockWentBack, text)
            }
            other => other.into(),
        })
    }
}

/// A head under other keys is one that somebody changed, or another desk's, whose log has another name from its first
/// entry on.
fn named_elsewhere(failure: Failure, folder: &DeskFolder, database: &Path, named: &Path) -> Failure {
    if failure.code != ErrorCode::StoreTampered || !is_another_desks(folder, database) {
        return failure;
    }
    let text = format!("{} is the database of another help desk", shown(named.display()));
    Failure::new(ErrorCode::KeyElsewhere, text)
}

/// Whether the first entry of the log in `database` is of a log that checkpoint.pub does not name. Nothing there proves it:
/// it is read only to say why the database is refused.
fn is_another_desks(folder: &DeskFolder, database: &Path) -> bool {
    let first = || {
        let mut store = SqliteStore::open(database, SqliteOptions::default()).ok()?;
        let bytes = store.view().ok()?.entries(0, 1).ok()?.pop()?;
        DeskEntry::from_bytes(&bytes).ok()
    };
    let Some(first) = first() else { return false };
    let names = read_verifiers(&folder.keys().checkpoint_public());
    names.is_ok_and(|names| names.iter().all(|key| *key.name() != first.log_id.origin()))
}

fn parts_at(folder: &DeskFolder, keys: &DeskKeys, database: &Path) -> Result<DeskParts, Failure> {
    let signer = SharedSigner::without_keys(&folder.keys(), keys);
    let store = SqliteStore::open(database, SqliteOptions::default())?;
    parts(folder, keys, &signer, store)
}

/// Restores a copy of the backup beside the database, and puts it in its place when all went well. The lock is had.
fn replace(folder: &DeskFolder, keys: &DeskKeys, from: &Path, word: &Word<'_>) -> Result<Desk, Failure> {
    keeps_no_earlier_one(folder)?;
    let staged = Staged::new(folder, from)?;
    staged
        .restore(folder, keys, word)
        .map_err(|failure| named_elsewhere(failure, folder, &staged.database(), from))?;
    for step in steps::all(folder, &staged) {
        step.run()?;
    }
    Ok(Desk::open(parts_at(folder, keys, &folder.database())?)?)
}

#[cfg(test)]
mod tests;
