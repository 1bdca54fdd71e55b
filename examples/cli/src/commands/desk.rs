//! `desk`: what an Administrator does, and the outcomes of requests.

use std::path::Path;

use fido_unlock::desk::{
    Announcement, CodeOutcome, Operator, Privilege, Role, Rules, User, UserClass, UserId,
};
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};

use super::audit::moment;
use super::{import, init, licence, restore};
use crate::args::{At, Close, Desk, OnOff, PrivilegeName, RoleName};
use crate::desk::{
    Credentials, DeskFolder, Keys, OpenDesk, Opened, ask_passphrase, operator_id, read_rules, request_id,
    rules_text,
};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

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
        } => init::run(desk, admin, vendor.as_deref(), rules.as_deref(), prompt),
        Desk::Open { at } => open(at, prompt),
        Desk::Licence { at, file, yes } => licence::put(at, file, *yes, prompt),
        Desk::Rules { at, set, settle } => rules(at, set.as_deref(), settle.as_deref(), prompt),
        Desk::Service { state, at } => service(*state, at, prompt),
        Desk::AddOperator {
            at,
            name,
            role,
            privilege,
        } => add_operator(at, name, role, privilege, prompt),
        Desk::RemoveOperator { at, name } => remove_operator(at, name, prompt),
        Desk::Approve {
            at,
            operator_change,
            user_change,
            reason,
        } => approve(
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
        } => add_user(at, user, name, *privileged, prompt),
        Desk::EraseUser { at, user } => erase_user(at, user, prompt),
        Desk::Import { at, file, dry_run } => import::devices(at, file, *dry_run, prompt),
        Desk::ImportUsers { at, file, dry_run } => import::users(at, file, *dry_run, prompt),
        Desk::Retire { at, device_id } => retire(at, device_id, prompt),
        Desk::Status { at } => status(at, prompt),
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

fn open(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.open_desk(&open.session)?;
    Ok(Report::new()
        .line(
            "The set-up has ended: codes are given, and what loosens the rules takes effect after its rest.",
        )
        .field("open", true))
}

fn rules(at: &At, set: Option<&Path>, settle: Option<&str>, prompt: Prompt) -> Result<Report, Failure> {
    let new: Option<Rules> = set.map(read_rules).transpose()?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    if let Some(reason) = settle {
        open.desk.approve_rules(&open.session, reason)?;
    }
    if let Some(new) = &new {
        open.desk.put_rules(&open.session, new)?;
    }
    let now = open.desk.rules(&open.session)?;
    let rests = new.is_some_and(|new| new != now);
    let text = rules_text(&now)?;
    let value: Value = serde_json::from_str(&text).map_err(|_| ErrorCode::HostFailed)?;
    let mut report = Report::new();
    if rests {
        report = report.line(format!(
            "What loosens takes effect in {} hours, or when another Administrator approves it (`desk rules --settle`).",
            now.rest_seconds / 3600
        ));
    }
    Ok(report.line(text).field("rests", rests).field("rules", value))
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

fn add_operator(
    at: &At,
    name: &str,
    roles: &[RoleName],
    privileges: &[PrivilegeName],
    prompt: Prompt,
) -> Result<Report, Failure> {
    let id = operator_id(name)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let password = prompt.new_secret(&format!("New password of {id}"), &[id.as_str()])?;
    let operator = Operator {
        id: id.clone(),
        roles: roles.iter().copied().map(role).collect(),
        privileges: privileges.iter().copied().map(privilege).collect(),
    };
    open.desk
        .put_operator(&open.session, &operator, Some(&password))?;
    let now = open.desk.operators(&open.session)?;
    let has_all = |kept: &Operator| {
        Privilege::ALL
            .iter()
            .all(|one| kept.may(*one) || !operator.may(*one))
    };
    let rests = !now.iter().any(|kept| kept.id == id && has_all(kept));
    let report = Report::new().line(format!("{id} is an operator."));
    let report = if rests {
        report.line("What they may do takes effect after its rest, or when another Administrator approves it (`desk approve`).")
    } else {
        report
    };
    Ok(report.field("operator", id.as_str()).field("rests", rests))
}

fn remove_operator(at: &At, name: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = operator_id(name)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.remove_operator(&open.session, &id)?;
    Ok(Report::new()
        .line(format!("{id} is no operator any more."))
        .field("operator", id.as_str()))
}

fn approve(
    at: &At,
    operator: Option<&str>,
    user: Option<&str>,
    reason: &str,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let whose = match (operator, user) {
        (Some(name), _) => {
            open.desk
                .approve_operator(&open.session, &operator_id(name)?, reason)?;
            name
        }
        (None, Some(name)) => {
            open.desk.approve_user(&open.session, &user_id(name)?, reason)?;
            name
        }
        (None, None) => return Err(Failure::usage("name an operator or a user")),
    };
    Ok(Report::new()
        .line(format!("The change of {} holds now.", shown(whose)))
        .field("approved", whose))
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

fn role(name: RoleName) -> Role {
    match name {
        RoleName::Administrator => Role::Administrator,
        RoleName::DeviceServiceAdministrator => Role::DeviceServiceAdministrator,
    }
}

fn privilege(name: PrivilegeName) -> Privilege {
    match name {
        PrivilegeName::Unlock => Privilege::Unlock,
        PrivilegeName::Downloads => Privilege::Downloads,
        PrivilegeName::ManageDevices => Privilege::ManageDevices,
        PrivilegeName::Administer => Privilege::Administer,
        PrivilegeName::Audit => Privilege::Audit,
    }
}

/// Why a text is no user's id.
pub const NO_USER_ID: &str = "a user's id has 1 to 128 characters, none of them invisible";

/// A user's id.
pub fn user_id(text: &str) -> Result<UserId, Failure> {
    UserId::new(text).ok_or_else(|| Failure::usage(NO_USER_ID))
}

fn add_user(at: &At, user: &str, name: &str, privileged: bool, prompt: Prompt) -> Result<Report, Failure> {
    let id = user_id(user)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.put_user(
        &open.session,
        &User {
            id: id.clone(),
            name: name.to_owned(),
            class: if privileged {
                UserClass::Privileged
            } else {
                UserClass::Ordinary
            },
            channels: Vec::new(),
        },
    )?;
    Ok(Report::new()
        .line(format!("{id} ({}) is registered.", shown(name)))
        .field("user", id.as_str()))
}

/// Where copies are left: the desk cannot take them away from whoever reads or keeps them.
fn erased(folder: &DeskFolder, id: &UserId) -> Report {
    let mut report = Report::new().line(format!(
        "What was known of {id} is erased from the database. Backups that were made before still have it."
    ));
    let left = match folder.copies_of(id) {
        Ok(left) => left,
        // It is erased all the same.
        Err(failure) => {
            report = report.line(format!("Look there too: {}.", failure.detail.unwrap_or_default()));
            Vec::new()
        }
    };
    for copy in &left {
        report = report.line(format!(
            "So has {}: take it away there yourself.",
            shown(copy.display())
        ));
    }
    let left: Vec<String> = left.iter().map(|copy| copy.display().to_string()).collect();
    report.field("erased", id.as_str()).field("copies", left)
}

fn erase_user(at: &At, user: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = user_id(user)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.erase_user(&open.session, &id)?;
    Ok(erased(&open.folder, &id))
}

fn retire(at: &At, device_id: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.retire_device(&open.session, &id)?;
    Ok(Report::new()
        .line(format!("{id} is out of use."))
        .field("device_id", id.to_code()))
}

/// What every Administrator is told, as a line.
fn announced(told: &Announcement) -> String {
    let mut line = format!("announced at {}: {}", moment(told.at), told.event.name());
    for (label, value) in [
        ("by", &told.operator),
        ("operator", &told.about),
        ("user", &told.user),
        ("text", &told.text),
    ] {
        if let Some(value) = value {
            line.push_str(&format!("; {label} {}", shown(value)));
        }
    }
    if let Some(due) = told.due {
        line.push_str(&format!("; holds from {} on", moment(due)));
    }
    line
}

fn status(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in_to_read(at, prompt, Keys::NotWanted)?;
    let told = open.announcements()?;
    let (desk, session) = (&mut open.desk, &open.session);
    let licence = desk.licence(session)?;
    let mut report = match &licence {
        Some(licence) => Report::new().labelled(
            "licence until",
            format!("{} ({})", moment(licence.valid_until), shown(&licence.contact)),
        ),
        None => Report::new().labelled("licence", "none"),
    };
    let (mut requests, mut after) = (Vec::new(), None);
    loop {
        let page = desk.open_requests(session, after, PAGE)?;
        after = page.last().map(|last| (last.opened_at, last.id));
        let full = page.len() == PAGE as usize;
        for request in page {
            // One that ran out without a code is over.
            if request.code.is_none() && !request.lives {
                continue;
            }
            let state = match request.code {
                None => "no code yet",
                Some(CodeOutcome::Open) => "its code may still be good",
                Some(_) => "ended",
            };
            report = report.line(format!(
                "request {}: {} of {}, by {} at {}: {state}",
                request.id,
                request.device,
                request.user.id,
                request.operator,
                moment(request.opened_at)
            ));
            requests.push(json!({
                "request": request.id.to_string(),
                "device_id": request.device.to_code(),
                "user": request.user.id.as_str(),
                "operator": request.operator.as_str(),
                "at": moment(request.opened_at),
                "code": request.code.is_some(),
            }));
        }
        if !full {
            break;
        }
    }
    let mut alarms = Vec::new();
    for alarm in desk.alarms(session, 0, PAGE as usize)? {
        let device = alarm
            .device
            .map_or_else(|| "the database".into(), |device| device.to_code());
        report = report.line(format!("alarm {}: {device}: {}", alarm.id, alarm.code));
        alarms.push(json!({
            "alarm": alarm.id,
            "device_id": alarm.device.map(|device| device.to_code()),
            "number": alarm.code.number(),
            "name": alarm.code.name(),
        }));
    }
    let mut announcements = Vec::new();
    for one in &told {
        report = report.line(announced(one));
        announcements.push(json!({
            "entry": one.entry,
            "event": one.event.name(),
            "at": moment(one.at),
            "operator": one.operator,
            "about": one.about,
            "user": one.user,
            "text": one.text,
            "holds_from": one.due.map(moment),
        }));
    }
    if requests.is_empty() && alarms.is_empty() {
        report = report.line("No open requests and no alarms.");
    }
    let report = report
        .field(
            "licence_until",
            licence.map(|licence| moment(licence.valid_until)),
        )
        .field("open_requests", Value::Array(requests))
        .field("alarms", Value::Array(alarms))
        .field("announcements", Value::Array(announcements));
    let Some(last) = told.last().map(|last| last.number) else {
        return Ok(report);
    };
    // What could not be shown was not read.
    Ok(report.once_shown(move || Ok(open.desk.announcements_read(&open.session, last)?)))
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
