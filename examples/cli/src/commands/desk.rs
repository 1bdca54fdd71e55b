//! `desk`: what an Administrator does, and the outcomes of requests.

use std::path::Path;

use fido_unlock::DeviceId;
use fido_unlock::desk::{RequestId, UserClass, UserId};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use super::{import, init, licence, restore};
use crate::args::{At, Close, Desk, OnOff};
use crate::desk::{Credentials, Keys, OpenDesk, Opened, ask_passphrase, folder_of, request_id};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

pub mod device;
mod list;
mod open;
mod people;
pub mod rows;
mod rules;
pub mod status;

pub use people::class_name;

/// How many entries of a list are read at a time.
const PAGE: u32 = 200;

/// Runs one of them.
pub fn run(args: &Desk, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Desk::Init {
            desk,
            admin,
            vendor,
            rules,
            first_code,
        } => init::run(
            desk,
            (admin, *first_code),
            vendor.as_deref(),
            rules.as_deref(),
            prompt,
        ),
        Desk::Open { at } => open::run(at, prompt),
        Desk::Licence { at, file, yes } => licence::put(at, file, *yes, prompt),
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
        Desk::Recover { desk, name, note } => people::recover(desk, name, note, prompt),
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
        Desk::Import { at, file, dry_run } => import::devices(at, file, *dry_run, prompt),
        Desk::ImportUsers { at, file, dry_run } => import::users(at, file, *dry_run, prompt),
        Desk::SignIn { .. } | Desk::SignOut { .. } => Err(Failure::usage(
            "this is for a console: give its address as --desk, such as https://desk.example.com",
        )),
        Desk::Find { typing: true, .. } => Err(Failure::usage("--typing is for an address as --desk")),
        Desk::Find { at, text, .. } => list::find(at, text, prompt),
        Desk::Device { at, device_id } => device::run(at, device_id, prompt),
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
    let mut opened = Opened::open(folder_of(at)?, ask_passphrase(prompt)?, Keys::NotWanted)?;
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

fn retire(at: &At, device_id: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.retire_device(&open.session, &id)?;
    Ok(retired(&id))
}

/// What is said of a device that was taken out of use.
pub fn retired(id: &DeviceId) -> Report {
    Report::new()
        .line(format!("{id} is out of use."))
        .field("device_id", id.to_code())
}

fn record(close: &Close, prompt: Prompt, done: bool) -> Result<Report, Failure> {
    let id = request_id(&close.request)?;
    let mut open = OpenDesk::sign_in(&close.at, prompt, Keys::NotWanted)?;
    if done {
        open.desk.done(&open.session, id)?;
    } else {
        open.desk.abandon(&open.session, id)?;
    }
    open.send_notices();
    Ok(recorded(id, done))
}

/// What is said of a request whose end was recorded.
pub fn recorded(id: RequestId, done: bool) -> Report {
    let word = if done {
        "done"
    } else {
        "abandoned; its code may still be good"
    };
    Report::new()
        .line(format!("Request {id} is {word}."))
        .field("request", id.to_string())
        .field("done", done)
}
