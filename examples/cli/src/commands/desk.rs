//! `desk`: what an Administrator does, and the outcomes of requests.

use std::path::Path;

use fido_unlock::desk::{Desk as HelpDesk, UserClass, UserId};
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_files::read_devices;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use super::audit::moment;
use super::restore;
use crate::args::{At, Close, Desk, OnOff};
use crate::brought::{read_bytes, read_signed, read_text};
use crate::desk::{
    Credentials, DeskFolder, Keys, OpenDesk, Opened, SharedSigner, ask_passphrase, operator_id, parts,
    passphrase, read_rules, request_id,
};
use crate::failure::Failure;
use crate::output::{Report, counted, shown};
use crate::prompt::Prompt;
use crate::session_file::write_file;

mod list;
mod open;
mod people;
mod rules;
mod status;

/// How many entries of a list are read at a time.
const PAGE: u32 = 200;
/// How many devices are registered in one transaction.
const CHUNK: usize = 500;

/// Runs one of them.
pub fn run(args: &Desk, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Desk::Init {
            desk,
            admin,
            vendor,
            rules,
        } => init(desk, admin, vendor.as_deref(), rules.as_deref(), prompt),
        Desk::Open { at } => open::run(at, prompt),
        Desk::Licence { at, file } => put_licence(at, file, prompt),
        Desk::Rules { at, set, settle } => rules::run(at, set.as_deref(), settle.as_deref(), prompt),
        Desk::Service { state, at } => service(*state, at, prompt),
        Desk::AddOperator {
            at,
            name,
            role,
            privilege,
        } => people::add_operator(at, name, role, privilege, prompt),
        Desk::RemoveOperator { at, name } => people::remove_operator(at, name, prompt),
        Desk::Password { at } => people::change_password(at, prompt),
        Desk::Approve {
            at,
            operator_change,
            user_change,
            reason,
        } => people::approve(
            at,
            operator_change.as_deref(),
            user_change.as_deref(),
            reason,
            prompt,
        ),
        Desk::AddUser {
            at,
            user,
            name,
            privileged,
            ordinary,
        } => people::add_user(at, user, name, class(*privileged, *ordinary), prompt),
        Desk::EraseUser { at, user } => people::erase_user(at, user, prompt),
        Desk::List {
            what,
            at,
            after,
            limit,
        } => list::run(*what, at, after.as_deref(), *limit, prompt),
        Desk::Import { at, file, dry_run } => import(at, file, *dry_run, prompt),
        Desk::Retire { at, device_id } => retire(at, device_id, prompt),
        Desk::Status { at } => status::run(at, prompt),
        Desk::Done(close) => record(close, prompt, true),
        Desk::Abandon(close) => record(close, prompt, false),
        Desk::Backup { at, to } => backup(at, to, prompt),
        Desk::Restore {
            at,
            from,
            note,
            accept_clock,
        } => restore::run(at, from.as_deref(), note, *accept_clock, prompt),
        Desk::AcceptClock { at, note } => accept_clock(at, note, prompt),
        Desk::Acknowledge { at, alarm, note } => {
            let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
            open.desk.acknowledge(&open.session, *alarm, note)?;
            Ok(Report::new()
                .line(format!("Alarm {alarm} is acknowledged."))
                .field("alarm", *alarm))
        }
    }
}

/// The class that is asked for, if any.
const fn class(privileged: bool, ordinary: bool) -> Option<UserClass> {
    match (privileged, ordinary) {
        (true, _) => Some(UserClass::Privileged),
        (false, true) => Some(UserClass::Ordinary),
        (false, false) => None,
    }
}

/// Makes keys, database and first Administrator. What an attempt that was interrupted has made is taken, so that the
/// command can be given again.
fn init(
    path: &Path,
    admin: &str,
    vendor: Option<&Path>,
    rules: Option<&Path>,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let id = operator_id(admin)?;
    let folder = DeskFolder::new(path)?;
    folder.is_free()?;
    let rules = rules.map(read_rules).transpose()?.unwrap_or_default();
    let vendor = vendor.map(read_text).transpose()?;
    let password = prompt.new_secret(&format!("New password of {id}"))?;
    let passphrase = passphrase(&prompt.new_secret("New passphrase of the keys")?);
    // It makes the folder, its owner's alone.
    let store = SqliteStore::create(&folder.database(), SqliteOptions::default())?;
    let keys = folder.keys().create(&passphrase)?;
    if let Some(vendor) = vendor {
        write_file(&folder.vendor_file(), vendor.as_bytes())?;
    }
    let signer = SharedSigner::without_keys(&folder.keys(), &keys);
    let mut desk = HelpDesk::create(parts(&folder, &keys, &signer, store)?, rules, &id, &password)?;
    folder.keys().write_checkpoint_key(&keys, desk.origin()?)?;
    Ok(Report::new()
        .line(format!("The help desk is in {}; {id} is its Administrator.", shown(path.display())))
        .line("Next: `desk licence`, `issuer generate`, `issuer backup`, operators, users and devices; then `desk open`.")
        .line("Keep checkpoint.pub, and checkpoints (`audit checkpoint`), where its administrators cannot write.")
        .field("desk", path.display().to_string())
        .field("admin", id.as_str()))
}

fn put_licence(at: &At, file: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let text = read_signed(file)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let licence = open
        .desk
        .put_licence(&open.session, &text)
        .map_err(|error| Failure::at(file, &error))?;
    Ok(Report::new()
        .line(format!(
            "The licence of {} is valid until {} for {}.",
            shown(&licence.holder),
            moment(licence.valid_until),
            counted(licence.devices, "device", "devices")
        ))
        .field("holder", licence.holder)
        .field("valid_until", moment(licence.valid_until))
        .field("devices", licence.devices))
}

fn service(state: OnOff, at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let on = state == OnOff::On;
    open.desk.set_service(&open.session, on)?;
    let word = if on { "on" } else { "off" };
    Ok(Report::new()
        .line(format!("The service is {word}."))
        .field("service_on", on))
}

fn accept_clock(at: &At, note: &str, prompt: Prompt) -> Result<Report, Failure> {
    let who = Credentials::ask(at, prompt)?;
    let mut opened = Opened::open(DeskFolder::of(at)?, ask_passphrase(prompt)?, Keys::NotWanted)?;
    opened.desk.accept_clock(&who.operator, &who.password, note)?;
    Ok(Report::new()
        .line("The desk now accepts this computer's clock.")
        .field("accepted", true))
}

fn backup(at: &At, to: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    // Beside the desk, which goes on meanwhile.
    SqliteStore::open(&open.folder.database(), SqliteOptions::default())?.backup(to)?;
    Ok(Report::new()
        .line(format!("The database was copied to {}.", shown(to.display())))
        .line("It is worth nothing without the keys: `issuer backup`.")
        .field("backup", to.display().to_string()))
}

/// Why a text is no user's id.
pub const NO_USER_ID: &str = "a user's id has 1 to 128 characters, none of them invisible";

/// A user's id.
pub fn user_id(text: &str) -> Result<UserId, Failure> {
    UserId::new(text).ok_or_else(|| Failure::usage(NO_USER_ID))
}

fn import(at: &At, path: &Path, dry_run: bool, prompt: Prompt) -> Result<Report, Failure> {
    let devices = read_devices(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    // One that is refused keeps no other out: the file can be given again when its reason is gone.
    let mut refused: Vec<(ErrorCode, String)> = Vec::new();
    for some in devices.chunks(CHUNK) {
        let done = if dry_run {
            let judge = |device| open.desk.may_register(&open.session, device);
            some.iter().map(judge).collect()
        } else {
            open.desk.register_devices(&open.session, some)?
        };
        for (device, done) in some.iter().zip(done) {
            if let Err(error) = done {
                let failure = Failure::of_desk(&error);
                let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
                refused.push((failure.code, format!("{}: {said}", device.id)));
            }
        }
    }
    if let Some((code, _)) = refused.first() {
        let (all, left) = (devices.len(), refused.len());
        let lines: Vec<&str> = refused.iter().map(|(_, line)| line.as_str()).collect();
        let would = if dry_run { "would be" } else { "are" };
        let text = format!(
            "{} of {all} {would} registered; these {}:\n  {}",
            all - left,
            if dry_run { "would not be" } else { "are not" },
            lines.join("\n  ")
        );
        return Err(Failure::new(*code, text));
    }
    let ids: Vec<String> = devices.iter().map(|device| device.id.to_code()).collect();
    Ok(Report::new()
        .line(if dry_run {
            format!(
                "Devices that would be registered: {}; nothing was changed.",
                ids.len()
            )
        } else {
            format!("Registered devices: {}.", ids.len())
        })
        .field("dry_run", dry_run)
        .field("device_ids", ids))
}

fn retire(at: &At, device_id: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.retire_device(&open.session, &id)?;
    Ok(Report::new()
        .line(format!("{id} is out of use."))
        .field("device_id", id.to_code()))
}

fn record(close: &Close, prompt: Prompt, done: bool) -> Result<Report, Failure> {
    let id = request_id(&close.request)?;
    let mut open = OpenDesk::sign_in(&close.at, prompt, Keys::NotWanted)?;
    let word = if done {
        open.desk.done(&open.session, id)?;
        "done"
    } else {
        open.desk.abandon(&open.session, id)?;
        "abandoned; its code may still be good"
    };
    open.send_notices();
    Ok(Report::new()
        .line(format!("Request {id} is {word}."))
        .field("request", id.to_string())
        .field("done", done))
}
