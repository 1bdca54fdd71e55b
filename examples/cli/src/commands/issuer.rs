//! `issuer`: the keys of the desk, by slot.

use std::path::Path;

use fido_unlock::helpdesk::{KeyEvent, KeyRing};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{ErrorCode, Suite};
use getrandom::SysRng;
use serde_json::json;

use super::rotate_device;
use crate::args::{At, Issuer};
use crate::desk::public_key::{self, PublicKey};
use crate::desk::{KeyFolder, Keys, OpenDesk, exists};
use crate::device::Devices;
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Runs one of them; `devices` is only asked where a device is meant.
pub fn run(
    args: &Issuer,
    prompt: Prompt,
    devices: impl FnOnce() -> Result<Devices, Failure>,
) -> Result<Report, Failure> {
    match args {
        Issuer::Generate { at, suite, slot } => generate(at, *suite, *slot, prompt),
        Issuer::Show { desk, public, slot } => {
            exists(desk)?;
            if *public {
                show_public(desk, *slot)
            } else {
                show(desk)
            }
        }
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
    if open.signer.lock().ring().present(slot).is_some() {
        return Err(ErrorCode::KeyExists.into());
    }
    let key = IssuerKey::make_p256(suite, &mut SysRng)?;
    add(&mut open, &key, slot)
}

/// Records a new key and writes it.
fn add(open: &mut OpenDesk, key: &IssuerKey, slot: u8) -> Result<Report, Failure> {
    let public = key.public().ok_or(ErrorCode::SignerSuite)?;
    open.desk
        .record_key_event(&open.session, KeyEvent::Made { slot, public })?;
    let path = open.folder.save(key, slot, open.passphrase()?)?;
    let print = base16ct::lower::encode_string(&public.fingerprint());
    Ok(Report::new()
        .line(format!(
            "Slot {slot} has a new key of suite {} {}.",
            key.suite().number(),
            key.suite().name()
        ))
        .labelled("fingerprint", &print)
        .labelled("file", path.display())
        .line("Make a backup now (`issuer backup`): a lost key makes its devices unlockable no more.")
        .field("slot", slot)
        .field("suite", key.suite().number())
        .field("fingerprint", print)
        .field("file", path.display().to_string()))
}

fn show(desk: &Path) -> Result<Report, Failure> {
    let mut report = Report::new();
    let mut list = Vec::new();
    for key in KeyFolder::of_desk(desk).describe()? {
        let Some(public) = key.description.public else {
            continue;
        };
        let print = base16ct::lower::encode_string(&public.fingerprint());
        let (slot, suite) = (key.description.slot, key.description.suite);
        let state = if key.retired { "retired" } else { "present" };
        report = report.line(format!(
            "slot {slot}: suite {} {}, {print}, {state}",
            suite.number(),
            suite.name()
        ));
        list.push(json!({
            "slot": slot,
            "suite": suite.number(),
            "fingerprint": print,
            "public": base16ct::lower::encode_string(public.as_compressed()),
            "retired": key.retired,
        }));
    }
    if list.is_empty() {
        report = report.line("There are no issuer keys; `issuer generate` makes one.");
    }
    Ok(report.field("issuers", list))
}

fn show_public(desk: &Path, slot: Option<u8>) -> Result<Report, Failure> {
    let keys = KeyFolder::of_desk(desk).describe()?;
    let present = || keys.iter().filter(|key| !key.retired);
    let found = match slot {
        Some(slot) => present().find(|key| key.description.slot == slot),
        None => present()
            .find(|key| key.description.slot > 0)
            .or_else(|| present().next()),
    };
    let found = found.ok_or(ErrorCode::KeyMissing)?;
    let key = PublicKey {
        suite: found.description.suite,
        slot: found.description.slot,
        public: found.description.public.ok_or(ErrorCode::SignerSuite)?,
    };
    let json = public_key::to_json(&key)?;
    Ok(Report::new()
        .line(json)
        .field("version", 1)
        .field("suite", key.suite.number())
        .field("slot", key.slot)
        .field(
            "public",
            base16ct::lower::encode_string(key.public.as_compressed()),
        ))
}

fn rotate(at: &At, slot: u8, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let old = open
        .folder
        .describe()?
        .into_iter()
        .find(|key| key.description.slot == slot && !key.retired)
        .ok_or(ErrorCode::KeyMissing)?;
    let new = IssuerKey::make_p256(old.description.suite, &mut SysRng)?;
    let public = new.public().ok_or(ErrorCode::SignerSuite)?;
    open.desk
        .record_key_event(&open.session, KeyEvent::Made { slot, public })?;
    // The old key first: should the new one then fail, the slot is empty and `issuer generate` fills
    // it; with two present keys the desk would not open.
    open.folder.retire(&old)?;
    let path = open.folder.save(&new, slot, open.passphrase()?)?;
    let print = base16ct::lower::encode_string(&public.fingerprint());
    Ok(Report::new()
        .line(format!("Slot {slot} has a new key; the old one is retired."))
        .labelled("fingerprint", &print)
        .labelled("file", path.display())
        .line("Devices keep the old key until each is rotated: `issuer rotate --this-device`.")
        .line("Make a backup now (`issuer backup`).")
        .field("slot", slot)
        .field("fingerprint", print)
        .field("file", path.display().to_string()))
}

fn backup(at: &At, to: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if to.exists() {
        let text = format!("{} exists", to.display());
        return Err(Failure::new(ErrorCode::StoreWrite, text));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    open.desk.record_key_event(&open.session, KeyEvent::BackedUp)?;
    let copy = KeyFolder::of_desk(to);
    open.folder.copy_missing(&copy)?;
    // A backup that was never opened is none.
    let keys = count(&copy.ring(open.passphrase()?)?);
    copy.wrapping_key(open.passphrase()?)?;
    Ok(Report::new()
        .line(format!(
            "{keys} issuer keys are copied to {} and can be opened.",
            to.display()
        ))
        .line("Keep the copy apart from this computer, and the passphrase apart from the copy:")
        .line("without both, enrolled devices can never be unlocked again.")
        .field("issuer_keys", keys)
        .field("backup", to.display().to_string()))
}

fn restore(at: &At, from: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let source = KeyFolder::of_desk(from);
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let in_backup = count(&source.ring(open.passphrase()?)?);
    if in_backup == 0 {
        return Err(Failure::new(ErrorCode::KeyMissing, from.display().to_string()));
    }
    open.desk.record_key_event(&open.session, KeyEvent::Restored)?;
    let copied = source.copy_missing(&open.folder)?;
    let keys = count(&open.folder.ring(open.passphrase()?)?);
    Ok(Report::new()
        .line(format!(
            "{copied} files were restored; the desk has {keys} issuer keys."
        ))
        .field("restored", copied)
        .field("issuer_keys", keys))
}

fn count(ring: &KeyRing) -> usize {
    ring.keys().len()
}
