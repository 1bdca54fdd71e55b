//! `desk list`: who and what is registered, in pages where the desk is large.

use fido_unlock::desk::{Found, Operator, Pending};
use serde_json::{Map, Value, json};

use super::rows::{self, UserRow};
use super::{PAGE, user_id};
use crate::args::{At, Listed, privilege_name, role_name};
use crate::commands::audit::moment;
use crate::desk::{Keys, OpenDesk, rests, rights};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// `after` and `limit`: a page of users, or of users' devices.
pub fn run(
    what: Listed,
    at: &At,
    after: Option<&str>,
    limit: Option<u32>,
    prompt: Prompt,
) -> Result<Report, Failure> {
    if what == Listed::Operators && (after.is_some() || limit.is_some()) {
        return Err(Failure::usage(
            "operators are listed whole, without --after and --limit",
        ));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    if what == Listed::Operators {
        let all = open.desk.operators(&open.session)?;
        let pending = open.desk.pending_operators(&open.session)?;
        return Ok(operators(&all, &pending));
    }
    let (found, next) = users(&mut open, after, limit)?;
    let found: Vec<UserRow> = found.iter().map(Into::into).collect();
    Ok(match what {
        Listed::Devices => rows::devices(found.iter().flat_map(|found| &found.devices), next),
        _ => rows::users(&found, next),
    })
}

/// `desk find`: users by a text.
pub fn find(at: &At, text: &str, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let found = open.desk.search(&open.session, text)?;
    let found: Vec<UserRow> = found.iter().map(Into::into).collect();
    Ok(rows::users(&found, None))
}

/// A page of users, or all, and where the next page begins.
fn users(
    open: &mut OpenDesk,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<(Vec<Found>, Option<String>), Failure> {
    let mut last = after.map(user_id).transpose()?;
    let mut found = Vec::new();
    let mut left = limit.map(usize::try_from).transpose().unwrap_or(None);
    loop {
        let page = open.desk.users(&open.session, last.as_ref(), PAGE)?;
        let full = page.len() == PAGE as usize;
        last = page.last().map(|last| last.user.id.clone());
        for user in page {
            if left == Some(0) {
                let next = found.last().map(|last: &Found| last.user.id.to_string());
                return Ok((found, next));
            }
            left = left.map(|left| left - 1);
            found.push(user);
        }
        if !full {
            return Ok((found, None));
        }
    }
}

fn operators(all: &[Operator], pending: &[Pending<Operator>]) -> Report {
    let mut report = Report::new();
    let mut values = Vec::new();
    for operator in all {
        let pending = pending.iter().find(|pending| pending.value.id == operator.id);
        report = report.line(format!("{}: {}", operator.id, rights(operator)));
        if let Some(pending) = pending {
            report = report.line(format!("  rests: {}", rests(pending)));
        }
        let mut value = rights_value(operator);
        value.insert("operator".into(), operator.id.as_str().into());
        let later = pending.map(|pending| {
            let mut later = rights_value(&pending.value);
            later.insert("holds_from".into(), moment(pending.holds_from).into());
            later.insert("asked_by".into(), json!(pending.asked_by));
            later
        });
        value.insert("pending".into(), json!(later));
        values.push(Value::Object(value));
    }
    report.field("operators", values)
}

fn rights_value(operator: &Operator) -> Map<String, Value> {
    let roles: Vec<String> = operator.roles.iter().copied().map(role_name).collect();
    let privileges = operator.privileges.iter().copied().map(privilege_name);
    let mut value = Map::new();
    value.insert("roles".into(), roles.into());
    value.insert("privileges".into(), privileges.collect::<Vec<_>>().into());
    value
}
