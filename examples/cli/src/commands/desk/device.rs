//! `desk device`: all that is known of one, its codes that may still be good, and what happened to it.

use fido_unlock::DeviceId;
use fido_unlock::desk::{CodeOutcome, DeviceView, OpenCode, Privilege};
use fido_unlock_remote::model;
use serde_json::{Value, json};

use crate::args::At;
use crate::commands::audit::{line, moment, view};
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

/// So many entries of what happened are shown.
pub const HISTORY: u32 = 50;

/// A device as the command shows it.
pub struct DeviceFacts {
    pub id: DeviceId,
    /// Id and name; nobody where they were erased.
    pub owner: Option<(String, String)>,
    pub suite: u8,
    pub slot: u8,
    pub rotation: u32,
    pub to_be_rotated: bool,
    pub label: Option<String>,
    pub registered_at: String,
    pub last_unlock: Option<String>,
    pub retired: bool,
    pub unknown_since_backup: bool,
}

/// A code that may still be good.
pub struct CodeFacts {
    pub request: String,
    pub operator: String,
    pub made_at: String,
    pub outcome: &'static str,
}

impl From<&DeviceView> for DeviceFacts {
    fn from(device: &DeviceView) -> Self {
        let owner = device.owner.as_ref();
        Self {
            id: device.id,
            owner: owner.map(|owner| (owner.id.as_str().to_owned(), owner.name.clone())),
            suite: device.suite.number(),
            slot: device.slot,
            rotation: device.rotation,
            to_be_rotated: device.issuer_present == Some(false),
            label: device.label.as_ref().map(ToString::to_string),
            registered_at: moment(device.registered_at),
            last_unlock: device.last_unlock.map(moment),
            retired: device.retired,
            unknown_since_backup: device.unknown_since_backup,
        }
    }
}

impl From<&model::WholeDevice> for DeviceFacts {
    fn from(device: &model::WholeDevice) -> Self {
        let owner = device.owner.as_ref();
        Self {
            id: device.device_id,
            owner: owner.map(|owner| (owner.id.clone(), owner.name.clone())),
            suite: device.suite.number(),
            slot: device.slot,
            rotation: device.rotation,
            to_be_rotated: device.to_be_rotated,
            label: device.label.clone(),
            registered_at: device.registered_at.clone(),
            last_unlock: device.last_unlock.clone(),
            retired: device.retired,
            unknown_since_backup: device.unknown_since_backup,
        }
    }
}

impl From<&OpenCode> for CodeFacts {
    fn from(code: &OpenCode) -> Self {
        Self {
            request: code.request.to_string(),
            operator: code.operator.as_str().to_owned(),
            made_at: moment(code.at),
            outcome: match code.outcome {
                CodeOutcome::Open => "open",
                CodeOutcome::Done => "done",
                CodeOutcome::Abandoned => "abandoned",
                CodeOutcome::Superseded => "superseded",
            },
        }
    }
}

impl From<&model::OpenCode> for CodeFacts {
    fn from(code: &model::OpenCode) -> Self {
        Self {
            request: code.request.to_string(),
            operator: code.operator.clone(),
            made_at: code.made_at.clone(),
            outcome: match code.outcome {
                model::Outcome::Open => "open",
                model::Outcome::Done => "done",
                model::Outcome::Abandoned => "abandoned",
                model::Outcome::Superseded => "superseded",
            },
        }
    }
}

/// At a desk in a folder.
pub fn run(at: &At, device_id: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let (desk, session) = (&mut open.desk, &open.session);
    let device = desk.device(session, &id)?;
    let codes: Option<Vec<CodeFacts>> = match desk.may(session, Privilege::Unlock)? {
        true => Some(desk.open_codes(session, &id)?.iter().map(Into::into).collect()),
        false => None,
    };
    let (history, more) = desk.device_history(session, &id, None, HISTORY)?;
    let history = History {
        lines: history.iter().map(line).collect(),
        values: history.iter().map(view).collect(),
        more: more.is_some(),
    };
    Ok(report(&(&device).into(), codes.as_deref(), history))
}

/// What happened to a device, newest first.
pub struct History {
    pub lines: Vec<String>,
    pub values: Vec<Value>,
    /// There are older entries.
    pub more: bool,
}

/// `codes`: `None` for whom the desk does not tell.
pub fn report(device: &DeviceFacts, codes: Option<&[CodeFacts]>, history: History) -> Report {
    let owner = device.owner.as_ref();
    let mut report = Report::new()
        .labelled("Device ID", device.id)
        .labelled(
            "owner",
            owner.map_or_else(
                || "erased".to_owned(),
                |(id, name)| format!("{} ({})", shown(id), shown(name)),
            ),
        )
        .labelled(
            "key",
            format!(
                "slot {}, suite {}, rotation {}",
                device.slot, device.suite, device.rotation
            ),
        )
        .labelled("registered at", shown(&device.registered_at));
    if let Some(label) = &device.label {
        report = report.labelled("label", shown(label));
    }
    if let Some(at) = &device.last_unlock {
        report = report.labelled("last unlock", shown(at));
    }
    if device.retired {
        report = report.line("It is out of use: no code is given for it.");
    }
    if device.to_be_rotated {
        report = report.line(
            "The desk has another key in its slot by now: give it that one (`issuer rotate --this-device`).",
        );
    }
    if device.unknown_since_backup {
        report = report.line("A backup was put in place: codes that are not listed may still be good.");
    }
    for code in codes.unwrap_or_default() {
        report = report.line(format!(
            "A code of request {} ({}, by {}) may still be good: {}.",
            code.request,
            shown(&code.made_at),
            shown(&code.operator),
            code.outcome
        ));
    }
    report = history.lines.into_iter().fold(report, Report::line);
    if history.more {
        report = report.line("What happened before that is in the log: `audit show`.");
    }
    report
        .field("device_id", device.id.to_code())
        .field("user", owner.map(|(id, _)| id.clone()))
        .field("name", owner.map(|(_, name)| name.clone()))
        .field("suite", device.suite)
        .field("slot", device.slot)
        .field("rotation", device.rotation)
        .field("to_be_rotated", device.to_be_rotated)
        .field("label", device.label.as_deref())
        .field("registered_at", device.registered_at.as_str())
        .field("last_unlock", device.last_unlock.as_deref())
        .field("retired", device.retired)
        .field("unknown_since_backup", device.unknown_since_backup)
        .field(
            "open_codes",
            codes.map(|codes| {
                let value = |code: &CodeFacts| {
                    json!({
                        "request": code.request,
                        "operator": code.operator,
                        "made_at": code.made_at,
                        "outcome": code.outcome,
                    })
                };
                codes.iter().map(value).collect::<Vec<_>>()
            }),
        )
        .field("history", Value::Array(history.values))
}
