//! `desk import-users`.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Channel, ChannelKind, KnownUser, UnixTime, User, UserClass};
use fido_unlock_files::{ImportedRow, ImportedUser, read_users};
use serde_json::{Value, json};

use super::{CHUNK, readable};
use crate::args::At;
use crate::brought::read_bytes;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

/// A row that changes something: the user as they are to be, and what is told of it.
struct Change {
    line: usize,
    user: User,
    said: String,
}

/// Adds and changes the users of a file. What would be changed is told row by row.
pub fn users(at: &At, path: &Path, dry_run: bool, prompt: Prompt) -> Result<Report, Failure> {
    let read = read_users(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let (rows, mut refused) = readable(path, read, dry_run)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let rests = open.desk.standing(&open.session)?.open && open.desk.rules(&open.session)?.rest_seconds > 0;
    let (mut changes, all) = (Vec::new(), rows.len());
    for some in rows.chunks(CHUNK) {
        let ids: Vec<_> = some.iter().map(|row| row.value.id.clone()).collect();
        let known = open.desk.known_users(&open.session, &ids)?;
        for (row, known) in some.iter().zip(known) {
            match change(rests, row, known) {
                Ok(change) => changes.extend(change),
                Err(line) => refused.push(ErrorCode::TextForm, line),
            }
        }
    }
    if !dry_run {
        for (done, some) in changes.chunks(CHUNK).enumerate() {
            let users: Vec<User> = some.iter().map(|change| change.user.clone()).collect();
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
        open.send_notices();
    }
    let lines: Vec<&str> = changes.iter().map(|change| change.said.as_str()).collect();
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
        .map(|change| json!({"line": change.line, "user": change.user.id.as_str(), "change": change.said}))
        .collect();
    let report = lines
        .iter()
        .fold(Report::new(), |report, line| report.line(*line));
    Ok(report
        .line(summary)
        .field("dry_run", dry_run)
        .field("changes", list))
}

const fn name_of(class: UserClass) -> &'static str {
    match class {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    }
}

/// What a row changes, if anything; or the line that says why it cannot be taken. `rests`: whether a lower class holds
/// only after its rest.
fn change(
    rests: bool,
    row: &ImportedRow<ImportedUser>,
    known: Option<KnownUser>,
) -> Result<Option<Change>, String> {
    let (line, wanted) = (row.line, &row.value);
    let id = &wanted.id;
    let mut said = Vec::new();
    let (mut user, pending) = if let Some(KnownUser { user, rests }) = known {
        (user, rests)
    } else {
        let class = wanted.class.unwrap_or(UserClass::Ordinary);
        said.push(format!("new: {}, {}", shown(&wanted.name), name_of(class)));
        let user = User {
            id: id.clone(),
            name: wanted.name.clone(),
            class,
            channels: Vec::new(),
        };
        (user, None)
    };
    if user.name != wanted.name {
        said.push(format!("name {} to {}", shown(&user.name), shown(&wanted.name)));
        user.name.clone_from(&wanted.name);
    }
    for (kind, name, address) in [
        (ChannelKind::Mail, "mail", &wanted.mail),
        (ChannelKind::Telephone, "telephone", &wanted.telephone),
    ] {
        if let Some(address) = address {
            said.extend(set_channel(&mut user.channels, kind, name, address));
        }
    }
    match (wanted.class, pending) {
        // To write the user would withdraw it.
        (None, Some(pending)) if !said.is_empty() => {
            return Err(format!(
                "line {line}: {id}: the class {} holds from {} on; write a class, or import the line after that",
                name_of(pending.value),
                pending.holds_from
            ));
        }
        (Some(class), Some(pending)) if class == user.class => said.push(format!(
            "class {} stays; {}, which rests, is withdrawn",
            name_of(class),
            name_of(pending.value)
        )),
        // Asked for already; written again with something else, it rests anew.
        (Some(class), Some(pending)) if class == pending.value => user.class = class,
        (Some(class), _) if class != user.class => {
            let after = if rests && class == UserClass::Ordinary {
                " after its rest"
            } else {
                ""
            };
            said.push(format!(
                "class {} to {}{after}",
                name_of(user.class),
                name_of(class)
            ));
            user.class = class;
        }
        _ => {}
    }
    if said.is_empty() {
        return Ok(None);
    }
    let said = format!("line {line}: {id}: {}", said.join("; "));
    Ok(Some(Change { line, user, said }))
}

/// Gives the user's channel of this kind another address, or adds one; says what that changes.
fn set_channel(channels: &mut Vec<Channel>, kind: ChannelKind, name: &str, address: &str) -> Option<String> {
    let same = |channel: &Channel| channel.kind == kind && channel.address == address;
    if channels.iter().any(same) {
        return None;
    }
    let of_kind = |channel: &&mut Channel| channel.kind == kind;
    let first = channels
        .iter()
        .position(|channel| channel.kind == kind && channel.id == name);
    let found = match first {
        Some(place) => channels.get_mut(place),
        None => channels.iter_mut().find(of_kind),
    };
    if let Some(channel) = found {
        let old = std::mem::replace(&mut channel.address, address.to_owned());
        return Some(format!("{name} {} to {}", shown(old), shown(address)));
    }
    let mut id = name.to_owned();
    while channels.iter().any(|channel| channel.id == id) {
        id.push('+');
    }
    channels.push(Channel {
        id,
        kind,
        address: address.to_owned(),
        changed_at: UnixTime(0),
    });
    Some(format!("{name} {}", shown(address)))
}
