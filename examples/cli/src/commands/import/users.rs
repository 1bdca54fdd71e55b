//! `desk import-users`.

use std::collections::BTreeSet;
use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{ChannelKind, NewManager, User};
use fido_unlock_files::{UserChange, UserDifference, managers_elsewhere, read_users, user_change};
use serde_json::{Value, json};

use super::{CHUNK, readable};
use crate::args::At;
use crate::brought::read_bytes;
use crate::commands::desk::class_name;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

/// Adds and changes the users of a file. What would be changed is told row by row.
pub fn users(at: &At, path: &Path, dry_run: bool, prompt: Prompt) -> Result<Report, Failure> {
    let read = read_users(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let (rows, mut refused) = readable(path, read, dry_run)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let rests = open.desk.standing(&open.session)?.open && open.desk.rules(&open.session)?.rest_seconds > 0;
    let (mut changes, all) = (Vec::new(), rows.len());
    let mut nobody = BTreeSet::new();
    for some in managers_elsewhere(&rows).chunks(CHUNK) {
        let known = open.desk.known_users(&open.session, some)?;
        let missing = some.iter().zip(known).filter(|(_, known)| known.is_none());
        nobody.extend(missing.map(|(id, _)| id.clone()));
    }
    for some in rows.chunks(CHUNK) {
        let ids: Vec<_> = some.iter().map(|row| row.value.id.clone()).collect();
        let known = open.desk.known_users(&open.session, &ids)?;
        for (row, known) in some.iter().zip(known) {
            if let Some(manager) = row.value.manager.as_ref().filter(|id| nobody.contains(id)) {
                let text = format!("line {}: manager {manager}: {}", row.line, ErrorCode::UserUnknown);
                refused.push(ErrorCode::UserUnknown, text);
                continue;
            }
            match user_change(row, known, rests) {
                Ok(change) => changes.extend(change),
                Err(rests) => refused.push(ErrorCode::TextForm, rests.to_string()),
            }
        }
    }
    if !dry_run {
        write(&mut open, &changes)?;
        open.send_notices();
    }
    let lines: Vec<String> = changes.iter().map(said).collect();
    let would = if dry_run { "would be changed" } else { "changed" };
    let summary = format!(
        "Users {would}: {}; as they are already: {}.",
        changes.len(),
        all.saturating_sub(changes.len()).saturating_sub(refused.len())
    );
    if let Some(code) = refused.first {
        let text = format!(
            "{}: these lines were not taken:\n  {}\n{summary}\n  {}",
            shown(path.display()),
            refused.text(),
            lines.join("\n  ")
        );
        return Err(Failure::new(code, text));
    }
    let list: Vec<Value> = changes
        .iter()
        .zip(&lines)
        .map(|(change, said)| json!({"line": change.line, "user": change.user.id.as_str(), "change": said}))
        .collect();
    let report = lines.iter().fold(Report::new(), |report, line| report.line(line));
    Ok(report
        .line(summary)
        .field("dry_run", dry_run)
        .field("changes", list))
}

/// Users first, since managers may be among them.
fn write(open: &mut OpenDesk, changes: &[UserChange]) -> Result<(), Failure> {
    for (done, some) in changes.chunks(CHUNK).enumerate() {
        let users: Vec<User> = some
            .iter()
            .filter(|change| !change.differences.iter().all(is_of_manager))
            .map(|change| change.user.clone())
            .collect();
        open.desk.put_users(&open.session, &users).map_err(|error| {
            let failure = Failure::of_desk(&error);
            let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
            let text = format!(
                "{said}\n{} of {} were changed before",
                done * CHUNK,
                changes.len()
            );
            Failure::new(failure.code, text)
        })?;
    }
    let managers: Vec<_> = changes
        .iter()
        .filter(|change| change.manager != NewManager::Same)
        .map(|change| (change.user.id.clone(), change.manager.clone()))
        .collect();
    for some in managers.chunks(CHUNK) {
        open.desk.put_managers(&open.session, some)?;
    }
    Ok(())
}

const fn is_of_manager(difference: &UserDifference) -> bool {
    matches!(
        difference,
        UserDifference::Manager { .. } | UserDifference::ManagerStays { .. }
    )
}

/// What a row changes, as a person reads it.
fn said(change: &UserChange) -> String {
    let differences: Vec<String> = change.differences.iter().map(difference).collect();
    format!(
        "line {}: {}: {}",
        change.line,
        change.user.id,
        differences.join("; ")
    )
}

fn difference(difference: &UserDifference) -> String {
    match difference {
        UserDifference::New { name, class } => format!("new: {}, {}", shown(name), class_name(*class)),
        UserDifference::Name { from, to } => format!("name {} to {}", shown(from), shown(to)),
        UserDifference::Address {
            kind,
            from: Some(from),
            to,
        } => format!("{} {} to {}", kind_name(*kind), shown(from), shown(to)),
        UserDifference::Address { kind, from: None, to } => format!("{} {}", kind_name(*kind), shown(to)),
        UserDifference::Class { from, to, rests } => {
            let after = if *rests { " after its rest" } else { "" };
            format!("class {} to {}{after}", class_name(*from), class_name(*to))
        }
        UserDifference::ClassStays { class, withdrawn } => format!(
            "class {} stays; {}, which rests, is withdrawn",
            class_name(*class),
            class_name(*withdrawn)
        ),
        UserDifference::Manager { from, to, rests } => {
            let from = from
                .as_ref()
                .map_or_else(|| "nobody".into(), |from| shown(from.as_str()));
            let after = if *rests { " after its rest" } else { "" };
            format!("manager {from} to {}{after}", shown(to.as_str()))
        }
        UserDifference::ManagerStays { manager } => format!(
            "manager {} stays; another, which rests, is withdrawn",
            shown(manager.as_str())
        ),
        _ => "something else".into(),
    }
}

const fn kind_name(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Mail => "mail",
        _ => "telephone",
    }
}
