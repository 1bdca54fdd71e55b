//! `issuer`: the keys of the desk, by slot.

use std::path::Path;

use fido_unlock::desk::log::NoteSigner;
use fido_unlock::desk::ports::{IssuerInfo, SignerError};
use fido_unlock::desk::{Desk as HelpDesk, KeptKey, KeyEvent, KeyRing};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_files::key_file::{LOST_KEY_WARNING, Passphrase};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use fido_unlock_system::SystemEntropy;
use serde_json::json;

use super::rotate_device;
use crate::args::{At, Issuer};
use crate::desk::public_key::{self, PublicKey};
use crate::desk::{
    Credentials, DeskFolder, KeyFolder, Keys, OpenDesk, SharedSigner, ask_passphrase, folder_of, is_private,
    parts, read_issuer_list,
};
use crate::device::Devices;
use crate::failure::Failure;
use crate::output::{Report, counted, shown};
use crate::prompt::Prompt;
use crate::session_file::{make_folder, write_file};

/// Runs one of them; `devices` is only asked where a device is meant.
pub fn run(
    args: &Issuer,
    prompt: Prompt,
    devices: impl FnOnce() -> Result<Devices, Failure>,
) -> Result<Report, Failure> {
    match args {
        Issuer::Generate { at, suite, slot } => generate(at, *suite, *slot, prompt),
        Issuer::Show { desk, public, slot } => {
            DeskFolder::existing(desk)?;
            if *public {
                show_public(desk, *slot)
            } else {
                show(desk)
            }
        }
        Issuer::List { at, out, .. } => list(at, out, prompt),
        Issuer::Rotate {
            at,
            slot,
            this_device: true,
        } => rotate_device::run(&devices()?, at, *slot, prompt),
        Issuer::Rotate { at, slot, .. } => rotate(at, *slot, prompt),
        Issuer::Backup { at, to } => backup(at, to, prompt),
        Issuer::Restore { at, from } => restore(at, from, prompt),
    }
}

fn generate(at: &At, suite: u8, slot: u8, prompt: Prompt) -> Result<Report, Failure> {
    let suite = Suite::from_number(suite).ok_or(ErrorCode::InvalidArgument)?;
    if suite == Suite::AesAdminKey {
        let text = "suite 3 has no issuer key: `enroll --suite 3` makes each device's admin key";
        return Err(Failure::new(ErrorCode::SignerSuite, text));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let key = IssuerKey::make_p256(suite, &mut SystemEntropy)?;
    change(&mut open, key, slot, KeyRing::insert)
}

fn rotate(at: &At, slot: u8, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let old = open
        .signer
        .lock()
        .ring()
        .present(slot)
        .map(|kept| kept.info().suite);
    let key = IssuerKey::make_p256(old.ok_or(ErrorCode::KeyMissing)?, &mut SystemEntropy)?;
    let report = change(&mut open, key, slot, KeyRing::rotate)?;
    Ok(report.line(
        "The old key is retired. Each device keeps it until you rotate it: `issuer rotate --this-device`.",
    ))
}

/// Puts a new key in a slot of the file, and enters it at the desk.
fn change(
    open: &mut OpenDesk,
    key: IssuerKey,
    slot: u8,
    put: fn(&mut KeyRing, u8, IssuerKey) -> Result<(), SignerError>,
) -> Result<Report, Failure> {
    let (suite, public) = (key.suite(), key.public().ok_or(ErrorCode::SignerSuite)?);
    let keys = open.folder.keys();
    let mut ring = keys.ring(&open.passphrase)?;
    put(&mut ring, slot, key)?;
    // The file first: a key that the desk does not know does no harm, one that is lost does.
    keys.save_ring(&ring, &open.passphrase)?;
    let info = IssuerInfo {
        slot,
        suite,
        public,
        retired: false,
    };
    open.desk.put_issuer(&open.session, &info)?;
    let print = base16ct::lower::encode_string(&public.fingerprint());
    Ok(Report::new()
        .line(format!(
            "Slot {slot} has a new key of suite {} {}.",
            suite.number(),
            suite.name()
        ))
        .labelled("fingerprint", &print)
        .line("Make a backup now: `issuer backup`.")
        .line(LOST_KEY_WARNING)
        .field("slot", slot)
        .field("suite", suite.number())
        .field("fingerprint", print)
        .field("warning", LOST_KEY_WARNING))
}

fn show(desk: &Path) -> Result<Report, Failure> {
    let mut report = Report::new();
    let mut list = Vec::new();
    for issuer in KeyFolder::of_desk(desk).issuers()? {
        let print = base16ct::lower::encode_string(&issuer.public.fingerprint());
        report = report.line(format!(
            "slot {}: suite {} {}, {print}, {}",
            issuer.slot,
            issuer.suite.number(),
            issuer.suite.name(),
            if issuer.retired { "retired" } else { "current" }
        ));
        list.push(json!({
            "slot": issuer.slot,
            "suite": issuer.suite.number(),
            "fingerprint": print,
            "public": base16ct::lower::encode_string(issuer.public.as_compressed()),
            "retired": issuer.retired,
        }));
    }
    if list.is_empty() {
        report = report.line("There are no issuer keys; make one with `issuer generate`.");
    }
    Ok(report.field("issuers", list))
}

fn list(at: &At, out: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if out.exists() {
        return Err(Failure::exists(out, ""));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let mut signer = open.keys.checkpoint_signer(open.desk.origin()?);
    let note = open.desk.signed_issuers(&open.session, &mut signer)?.to_text();
    write_file(out, note.as_bytes())?;
    let list = read_issuer_list(out, &[signer.verifier()])?;
    Ok(Report::new()
        .line(format!(
            "{} names {}. Give it, with checkpoint.pub, to those who see devices and not the desk.",
            shown(out.display()),
            counted(list.issuers.len(), "key", "keys")
        ))
        .field("issuers", list.issuers.len())
        .field("out", out.display().to_string()))
}

fn show_public(desk: &Path, slot: Option<u8>) -> Result<Report, Failure> {
    let issuers = KeyFolder::of_desk(desk).issuers()?;
    let present = || issuers.iter().filter(|issuer| !issuer.retired);
    let found = match slot {
        Some(slot) => present().find(|issuer| issuer.slot == slot),
        None => present()
            .find(|issuer| issuer.slot > 0)
            .or_else(|| present().next()),
    };
    let found = found.ok_or(ErrorCode::KeyMissing)?;
    let key = PublicKey {
        suite: found.suite,
        slot: found.slot,
        public: found.public,
    };
    Ok(Report::new()
        .line(public_key::to_json(&key)?)
        .field("version", 1)
        .field("suite", key.suite.number())
        .field("slot", key.slot)
        .field(
            "public",
            base16ct::lower::encode_string(key.public.as_compressed()),
        ))
}

fn backup(at: &At, to: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if to.exists() {
        return Err(Failure::exists(to, ""));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    // Before it is recorded: on a disk that is not mounted nothing is made.
    make_folder(to)?;
    open.desk.record_key_event(&open.session, KeyEvent::BackedUp)?;
    let copy = open
        .folder
        .keys()
        .back_up(&KeyFolder::of_desk(to), &open.passphrase)?;
    let keys = copy.keys().len();
    Ok(Report::new()
        .line(format!(
            "The copy in {} has {}, and can be opened.",
            shown(to.display()),
            counted(keys, "issuer key", "issuer keys")
        ))
        .line(LOST_KEY_WARNING)
        .field("issuer_keys", keys)
        .field("backup", to.display().to_string())
        .field("warning", LOST_KEY_WARNING))
}

fn elsewhere(from: &Path) -> Failure {
    Failure::new(ErrorCode::KeyElsewhere, shown(from.display()))
}

/// Whether the keys in `backup` are those of another desk: other ones than lie here or, where these are lost, than the
/// database is under.
fn is_another_desks(
    folder: &DeskFolder,
    backup: &KeyFolder,
    passphrase: &Passphrase,
) -> Result<bool, Failure> {
    let Some(theirs) = backup.find_desk_keys(passphrase)? else {
        return Ok(false);
    };
    if let Some(own) = folder.keys().find_desk_keys(passphrase)? {
        return Ok(!own.is_same(&theirs));
    }
    let store = SqliteStore::open(&folder.database(), SqliteOptions::default())?;
    let signer = SharedSigner::without_keys(&folder.keys(), &theirs);
    match HelpDesk::open(parts(folder, &theirs, &signer, store)?) {
        Ok(_) => Ok(false),
        Err(error) if error.code() == ErrorCode::StoreTampered => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn restore(at: &At, from: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let who = Credentials::ask(at, prompt)?;
    let passphrase = ask_passphrase(prompt)?;
    is_private(from)?;
    let source = KeyFolder::of_desk(from);
    // Before anything is changed: it can be opened, and is this desk's.
    let backup = source.ring(&passphrase)?;
    let folder = folder_of(at)?;
    if is_another_desks(&folder, &source, &passphrase)? {
        return Err(elsewhere(from));
    }
    // Without its own keys the desk cannot be opened.
    folder.keys().restore_files(&source)?;
    let mut open = OpenDesk::open(folder, &who, passphrase, Keys::NotWanted)?;
    let known = open.desk.issuers(&open.session)?;
    let backup: Vec<IssuerInfo> = backup.keys().into_iter().map(KeptKey::info).collect();
    let is_known = |info: &IssuerInfo| known.iter().any(|known| known.public == info.public);
    // The database may have been set back, and not know the newest of the desk's own keys.
    if !known.is_empty() && !backup.is_empty() && !backup.iter().any(is_known) {
        return Err(elsewhere(from));
    }
    open.desk.record_key_event(&open.session, KeyEvent::Restored)?;
    let keys = open.folder.keys();
    let added = keys.restore(&source, &open.passphrase)?;
    for info in &added {
        if !is_known(info) {
            open.desk.put_issuer(&open.session, info)?;
        }
    }
    let (added, keys) = (added.len(), keys.ring(&open.passphrase)?.keys().len());
    Ok(Report::new()
        .line(format!(
            "Restored: {}; the desk has {keys}.",
            counted(added, "issuer key", "issuer keys")
        ))
        .field("restored", added)
        .field("issuer_keys", keys))
}
