//! `desk rules`.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Pending, Privilege, Rules};
use serde_json::{Value, json};

use super::people::approves;
use crate::args::At;
use crate::commands::audit::moment;
use crate::desk::{Keys, OpenDesk, differences, due, read_rules, remarks, rules_text};
use crate::failure::Failure;
use crate::output::{Report, say};
use crate::prompt::Prompt;

/// Prints them, changes them, or lets what rests hold now.
pub fn run(at: &At, set: Option<&Path>, settle: Option<&str>, prompt: Prompt) -> Result<Report, Failure> {
    let new: Option<Rules> = set.map(read_rules).transpose()?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    if let Some(reason) = settle {
        open.desk.pending_rules(&open.session)?;
        let (pending, changes) = pending(&mut open)?.ok_or(ErrorCode::NothingRests)?;
        approves(&described(&pending, &changes), prompt)?;
        open.desk.approve_rules(&open.session, &pending, reason)?;
    }
    let remarks = new.as_ref().map(remarks).unwrap_or_default();
    if let Some(new) = &new {
        let put = open.desk.put_rules(&open.session, new);
        put.map_err(|error| Failure::of_desk(&error))?;
    }
    for remark in &remarks {
        say(format_args!("Remark: {remark}."));
    }
    let now = open.desk.rules(&open.session)?;
    let text = rules_text(&now)?;
    let value: Value = parsed(&text)?;
    let mut report = Report::new().line(&text);
    let pending = pending(&mut open)?;
    if let Some((pending, changes)) = &pending {
        // Not among the rules, which may go to a file.
        say(format_args!(
            "Rules that rest: {}\nBefore that they hold only when another Administrator approves them (`desk rules --settle`).",
            described(pending, changes)
        ));
        report = report.field(
            "pending",
            json!({
                "rules": parsed(&rules_text(&pending.value)?)?,
                "changes": changes,
                "holds_from": moment(pending.holds_from),
                "asked_by": pending.asked_by,
            }),
        );
    }
    Ok(report
        .field("rests", pending.is_some())
        .field("remarks", remarks)
        .field("rules", value))
}

fn parsed(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|_| ErrorCode::HostFailed.into())
}

/// Rules that rest, and what they change, a line for each.
pub type Resting = (Pending<Rules>, Vec<String>);

/// The rules that rest, for an Administrator.
pub fn pending(open: &mut OpenDesk) -> Result<Option<Resting>, Failure> {
    if !open.desk.may(&open.session, Privilege::Administer)? {
        return Ok(None);
    }
    let Some(pending) = open.desk.pending_rules(&open.session)? else {
        return Ok(None);
    };
    let now = open.desk.rules(&open.session)?;
    let changes = differences(&now, &pending.value);
    Ok(Some((pending, changes)))
}

/// What they change, each in its line.
pub fn described(pending: &Pending<Rules>, changes: &[String]) -> String {
    format!("rules, {}\n  {}", due(pending), changes.join("\n  "))
}
