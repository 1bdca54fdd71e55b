//! `desk status`.

use fido_unlock::DeviceId;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{Announcement, CodeOutcome, Privilege, RequestId};
use serde_json::{Value, json};

use super::PAGE;
use super::rules::{Resting, described, pending};
use crate::args::At;
use crate::commands::audit::moment;
use crate::desk::{Keys, OpenDesk, rests};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

/// What every Administrator is told, as a line. Of rules that still rest it is shown what they change.
fn announced(told: &Announcement, rules: Option<&Resting>) -> String {
    let mut line = format!("announced at {}: {}", moment(told.at), told.event.name());
    let text = match told.event {
        // Of rules it says only from when on they hold, which stands below.
        DeskEvent::RulesChanged => None,
        // Behind the head that the backup had, as a checkpoint has it, and an empty line.
        DeskEvent::LogRestored => told
            .text
            .as_deref()
            .and_then(|text| Some(text.split_once("\n\n")?.1)),
        _ => told.text.as_deref(),
    };
    for (label, value) in [
        ("by", told.operator.as_deref()),
        ("operator", told.about.as_deref()),
        ("user", told.user.as_deref()),
        ("text", text),
    ] {
        if let Some(value) = value {
            line.push_str(&format!("; {label} {}", shown(value)));
        }
    }
    if let Some(due) = told.due {
        let due = moment(due);
        if text.is_none_or(|text| !text.contains(&due)) {
            line.push_str(&format!("; holds from {due} on"));
        }
    }
    let same = rules
        .filter(|(pending, _)| told.event == DeskEvent::RulesChanged && told.due == Some(pending.holds_from));
    if let Some((_, changes)) = same {
        line.push_str(&format!("\n  {}", changes.join("\n  ")));
    }
    line
}

/// A request that is not ended.
pub struct RequestRow {
    pub id: RequestId,
    pub device: DeviceId,
    pub user: String,
    pub operator: String,
    pub opened_at: String,
    pub code: Option<CodeOutcome>,
}

impl RequestRow {
    pub fn line(&self) -> String {
        let state = match self.code {
            None => "no code yet",
            Some(CodeOutcome::Open) => "its code may still be good",
            Some(_) => "ended",
        };
        format!(
            "request {}: {} of {}, by {} at {}: {state}",
            self.id,
            self.device,
            shown(&self.user),
            shown(&self.operator),
            shown(&self.opened_at)
        )
    }

    pub fn value(&self) -> Value {
        json!({
            "request": self.id.to_string(),
            "device_id": self.device.to_code(),
            "user": self.user,
            "operator": self.operator,
            "at": self.opened_at,
            "code": self.code.is_some(),
        })
    }
}

/// Licence, requests, alarms, and what every Administrator is told.
pub fn run(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in_to_read(at, prompt, Keys::NotWanted)?;
    let told = open.announcements()?;
    let rules = pending(&mut open)?;
    let resting = if open.desk.may(&open.session, Privilege::Administer)? {
        open.desk.pending_operators(&open.session)?
    } else {
        Vec::new()
    };
    let (desk, session) = (&mut open.desk, &open.session);
    let licence = desk.licence(session)?;
    let mut report = match &licence {
        Some(licence) => Report::new().labelled(
            "licence until",
            format!("{} ({})", moment(licence.valid_until), shown(&licence.contact)),
        ),
        None => Report::new().labelled("licence", "none: no code is given without one"),
    };
    let standing = desk.standing(session)?;
    let licensed = licence.as_ref().map(|licence| licence.devices);
    report = report.labelled(
        "devices in use",
        licensed.map_or_else(
            || standing.devices.to_string(),
            |licensed| format!("{} of {licensed}", standing.devices),
        ),
    );
    if !standing.open {
        report = report.labelled("set-up", "not ended: no code is given before `desk open`");
    }
    if !standing.service_on {
        report = report.labelled("service", "off: no code is given (`desk service on`)");
    }
    let (mut requests, mut after) = (Vec::new(), None);
    loop {
        let page = desk.open_requests(session, after, PAGE)?;
        after = page.last().map(|last| (last.opened_at, last.id));
        let full = page.len() == PAGE as usize;
        for request in page {
            let row = RequestRow {
                id: request.id,
                device: request.device,
                user: request.user.id.as_str().to_owned(),
                operator: request.operator.as_str().to_owned(),
                opened_at: moment(request.opened_at),
                code: request.code,
            };
            // One that ran out without a code is over.
            if row.code.is_some() || request.lives {
                report = report.line(row.line());
                requests.push(row.value());
            }
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
    if let Some((pending, changes)) = &rules {
        report = report.line(format!("rests: {}", described(pending, changes)));
    }
    for pending in &resting {
        report = report.line(format!("rests: {}: {}", pending.value.id, rests(pending)));
    }
    let mut announcements = Vec::new();
    for one in &told {
        report = report.line(announced(one, rules.as_ref()));
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
        .field("open", standing.open)
        .field("service_on", standing.service_on)
        .field("devices", standing.devices)
        .field("licensed_devices", licensed)
        .field(
            "licence_until",
            licence.map(|licence| moment(licence.valid_until)),
        )
        .field(
            "resting_rules",
            rules.map(
                |(pending, changes)| json!({"holds_from": moment(pending.holds_from), "changes": changes}),
            ),
        )
        .field(
            "resting_operators",
            resting
                .iter()
                .map(|pending| {
                    json!({
                        "operator": pending.value.id.as_str(),
                        "holds_from": moment(pending.holds_from),
                    })
                })
                .collect::<Vec<_>>(),
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
