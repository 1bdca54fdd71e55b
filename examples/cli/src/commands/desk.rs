//! `desk`: what an Administrator does, and the outcomes of requests.

use std::path::Path;

use fido_unlock::desk::ports::{Clock, Licence, LicenceTerms};
use fido_unlock::desk::{Operator, Privilege, RequestId, Role, UnixTime, User, UserClass, UserId};
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_files::{FilesDesk, SystemClock, read_devices};
use serde_json::{Value, json};

use super::audit::moment;
use crate::args::{At, Close, Desk, LicenceOptions, OnOff, PrivilegeName, RoleName};
use crate::brought::read_bytes;
use crate::desk::{
    Credentials, KeyFolder, Keys, OpenDesk, exists, is_private, open_without_keys, operator_id, passphrase,
    write_policy,
};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

const DAY: u64 = 24 * 60 * 60;

/// Runs one of them.
pub fn run(args: &Desk, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Desk::Init { desk, admin, licence } => init(desk, admin, licence, prompt),
        Desk::Licence { desk, licence } => put_licence(desk, licence),
        Desk::Service { state, at } => service(*state, at, prompt),
        Desk::AddOperator {
            at,
            name,
            role,
            privilege,
        } => add_operator(at, name, role, privilege, prompt),
        Desk::AddUser {
            at,
            user,
            name,
            privileged,
        } => add_user(at, user, name, *privileged, prompt),
        Desk::Import { at, file } => import(at, file, prompt),
        Desk::Retire { at, device_id } => retire(at, device_id, prompt),
        Desk::Status { at } => status(at, prompt),
        Desk::Done(close) => record(close, prompt, true),
        Desk::Abandon(close) => record(close, prompt, false),
        Desk::AcceptClock { at, note } => {
            let who = Credentials::ask(at, prompt)?;
            open_without_keys(&at.desk)?.accept_clock(&who.operator, &who.password, note)?;
            Ok(Report::new()
                .line("The desk now accepts this computer's clock.")
                .field("accepted", true))
        }
        Desk::Acknowledge { at, alarm, note } => {
            let OpenDesk {
                mut desk, session, ..
            } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
            desk.acknowledge(&session, *alarm, note)?;
            Ok(Report::new()
                .line(format!("Alarm {alarm} is acknowledged."))
                .field("alarm", *alarm))
        }
    }
}

fn init(path: &Path, admin: &str, licence: &LicenceOptions, prompt: Prompt) -> Result<Report, Failure> {
    let id = operator_id(admin)?;
    if FilesDesk::at(path).audit_log_path().exists() {
        return Err(Failure::exists(path, " and is already a help desk"));
    }
    is_private(path)?;
    let password = prompt.new_secret(&format!("New password of {id}"))?;
    let typed = prompt.new_secret("New passphrase of the keys")?;
    let files = FilesDesk::create(path)?;
    write_policy(path)?;
    files.licence().put(&terms(licence, true))?;
    KeyFolder::of_desk(path).create(&passphrase(&typed))?;
    let operator = Operator {
        id: id.clone(),
        roles: vec![Role::Administrator],
        privileges: Vec::new(),
    };
    files.operators().put(&operator, &password)?;
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::open(
        path,
        &Credentials {
            operator: id.clone(),
            password,
        },
        None,
    )?;
    desk.record_operator_change(&session, id.as_str())?;
    Ok(Report::new()
        .line(format!("The help desk is in {}; {id} is its Administrator.", shown(path.display())))
        .line("Next: `issuer generate`, then `issuer backup`.")
        .line("Keep checkpoint.pub, and checkpoints (`audit checkpoint`), where its administrators cannot write.")
        .field("desk", path.display().to_string())
        .field("admin", id.as_str()))
}

fn terms(licence: &LicenceOptions, service_on: bool) -> LicenceTerms {
    LicenceTerms {
        service_on,
        valid_until: SystemClock.now().plus_seconds(u64::from(licence.days) * DAY),
        devices: licence.devices,
        contact: licence.contact.clone(),
    }
}

fn put_licence(path: &Path, licence: &LicenceOptions) -> Result<Report, Failure> {
    exists(path)?;
    let mut file = FilesDesk::at(path).licence();
    let service_on = file.terms()?.is_none_or(|old| old.service_on);
    let new = terms(licence, service_on);
    file.put(&new)?;
    Ok(Report::new()
        .line(format!(
            "The licence is valid until {} for {} devices.",
            moment(new.valid_until),
            new.devices
        ))
        .field("valid_until", moment(new.valid_until))
        .field("devices", new.devices))
}

fn service(state: OnOff, at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let on = state == OnOff::On;
    desk.set_service(&session, on)?;
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
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let password = prompt.new_secret(&format!("New password of {id}"))?;
    let operator = Operator {
        id: id.clone(),
        roles: roles.iter().copied().map(role).collect(),
        privileges: privileges.iter().copied().map(privilege).collect(),
    };
    desk.record_operator_change(&session, id.as_str())?;
    FilesDesk::at(&at.desk).operators().put(&operator, &password)?;
    Ok(Report::new()
        .line(format!("{id} is an operator."))
        .field("operator", id.as_str()))
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
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    desk.put_user(
        &session,
        User {
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

fn import(at: &At, path: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let devices = read_devices(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    // One that is refused keeps no other out: the file can be given again when its reason is gone.
    let mut refused: Vec<(ErrorCode, String)> = Vec::new();
    for device in &devices {
        if let Err(error) = desk.register_device(&session, device) {
            let failure = Failure::of_desk(&error);
            let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
            refused.push((failure.code, format!("{}: {said}", device.id)));
        }
    }
    if let Some((code, _)) = refused.first() {
        let (all, left) = (devices.len(), refused.len());
        let lines: Vec<&str> = refused.iter().map(|(_, line)| line.as_str()).collect();
        let text = format!(
            "{} of {all} are registered; these are not:\n  {}",
            all - left,
            lines.join("\n  ")
        );
        return Err(Failure::new(*code, text));
    }
    let ids: Vec<String> = devices.iter().map(|device| device.id.to_code()).collect();
    Ok(Report::new()
        .line(format!("Registered devices: {}.", ids.len()))
        .field("device_ids", ids))
}

fn retire(at: &At, device_id: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))?;
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    desk.retire_device(&session, &id)?;
    Ok(Report::new()
        .line(format!("{id} is out of use."))
        .field("device_id", id.to_code()))
}

fn status(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let mut report = Report::new();
    let licence = desk.licence(&session)?;
    report = match &licence {
        Some((until, contact)) => report.labelled(
            "licence until",
            format!("{} ({})", moment(*until), shown(contact)),
        ),
        None => report.labelled("licence", "none"),
    };
    let mut open = Vec::new();
    for code in desk.open_codes(&session, None)? {
        report = report.line(format!(
            "open code: request {}, {} of {}, by {} at {}",
            code.request,
            code.device,
            code.user,
            code.operator,
            moment(code.at)
        ));
        open.push(json!({
            "request": code.request.number(),
            "device_id": code.device.to_code(),
            "user": code.user.as_str(),
            "operator": code.operator.as_str(),
            "at": moment(code.at),
        }));
    }
    let mut alarms = Vec::new();
    for alarm in desk.alarms(&session)? {
        report = report.line(format!("alarm {}: {}: {}", alarm.id, alarm.device, alarm.code));
        alarms.push(json!({
            "alarm": alarm.id,
            "device_id": alarm.device.to_code(),
            "number": alarm.code.number(),
            "name": alarm.code.name(),
        }));
    }
    if open.is_empty() && alarms.is_empty() {
        report = report.line("No open codes and no alarms.");
    }
    let until: Option<UnixTime> = licence.map(|(until, _)| until);
    Ok(report
        .field("licence_until", until.map(moment))
        .field("open_codes", Value::Array(open))
        .field("alarms", Value::Array(alarms)))
}

fn record(close: &Close, prompt: Prompt, done: bool) -> Result<Report, Failure> {
    let OpenDesk {
        mut desk, session, ..
    } = OpenDesk::sign_in(&close.at, prompt, Keys::NotWanted)?;
    let id = RequestId::counted(close.request);
    let word = if done {
        desk.done(&session, id)?;
        "done"
    } else {
        desk.abandon(&session, id)?;
        "abandoned; its code may still be good"
    };
    Ok(Report::new()
        .line(format!("Request {id} is {word}."))
        .field("request", id.number())
        .field("done", done))
}
