//! Operators and users.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Operator, OperatorId, Pending, Privilege, UserClass, UserId};

use super::user_id;
use crate::args::{At, PrivilegeName, RoleName};
use crate::commands::audit::moment;
use crate::desk::{DeskFolder, Keys, OpenDesk, Opened, ask_passphrase, due, operator_id, rests};
use crate::failure::Failure;
use crate::output::{Report, say, shown};
use crate::prompt::Prompt;

/// Adds an operator, or gives one other rights and another password.
pub fn add_operator(
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
        roles: roles.iter().copied().map(RoleName::to_core).collect(),
        privileges: privileges.iter().copied().map(PrivilegeName::to_core).collect(),
        user: None,
    };
    open.desk
        .put_operator(&open.session, &operator, Some(&password))?;
    if id == *open.session.operator() {
        // Another password ends the sessions of the one before.
        open.session = open.desk.sign_in(&id, &password)?;
    }
    let pending = pending_of(&mut open, &id)?;
    let mut report = Report::new().line(format!("{id} is an operator."));
    if let Some(pending) = &pending {
        report = report.line(format!(
            "{}; before that only when another Administrator approves it (`desk approve`).",
            rests(pending)
        ));
    }
    Ok(report
        .field("operator", id.as_str())
        .field("rests", pending.is_some())
        .field("holds_from", pending.map(|pending| moment(pending.holds_from))))
}

/// What an operator may not do yet of what was asked for.
fn pending_of(open: &mut OpenDesk, id: &OperatorId) -> Result<Option<Pending<Operator>>, Failure> {
    if !open.desk.may(&open.session, Privilege::Administer)? {
        // Who takes their own right away gains none.
        return Ok(None);
    }
    let all = open.desk.pending_operators(&open.session)?;
    Ok(all.into_iter().find(|pending| pending.value.id == *id))
}

/// The operator's own.
pub fn change_password(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let id = open.session.operator().clone();
    let password = prompt.new_secret(&format!("New password of {id}"), &[id.as_str()])?;
    open.desk.change_password(&open.session, &password)?;
    Ok(Report::new()
        .line(format!("The password of {id} is changed."))
        .field("operator", id.as_str()))
}

/// Another password for an Administrator, by whoever has the keys.
pub fn recover(desk: &Path, name: &str, note: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = operator_id(name)?;
    let folder = DeskFolder::existing(desk)?;
    let passphrase = ask_passphrase(prompt)?;
    let mut opened = Opened::open(folder, passphrase, Keys::NotWanted)?;
    let password = prompt.new_secret(&format!("New password of {id}"), &[id.as_str()])?;
    let code = opened.desk.recover_operator(&id, note)?;
    opened.desk.redeem_code(&id, &code, &password)?;
    Ok(Report::new()
        .line(format!(
            "The password of {id} is changed. Their passkeys are removed; every Administrator is told."
        ))
        .field("operator", id.as_str()))
}

/// Takes an account away.
pub fn remove_operator(at: &At, name: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = operator_id(name)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.remove_operator(&open.session, &id)?;
    Ok(Report::new()
        .line(format!("{id} is no operator any more."))
        .field("operator", id.as_str()))
}

/// Lets a change hold that another Administrator asked for.
pub fn approve(
    at: &At,
    operator: Option<&str>,
    user: Option<&str>,
    reason: &str,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let whose = match (operator, user) {
        (Some(name), _) => {
            let id = operator_id(name)?;
            let pending = open.desk.pending_operators(&open.session)?;
            let pending = pending.into_iter().find(|pending| pending.value.id == id);
            let Some(pending) = pending else {
                let all = open.desk.operators(&open.session)?;
                let known = all.iter().any(|operator| operator.id == id);
                return Err(if known {
                    ErrorCode::NothingRests
                } else {
                    ErrorCode::OperatorMissing
                }
                .into());
            };
            approves(&format!("{}: {}", shown(&id), rests(&pending)), prompt)?;
            open.desk.approve_operator(&open.session, &pending, reason)?;
            name
        }
        (None, Some(name)) => {
            let id = user_id(name)?;
            let pending = open.desk.pending_class(&open.session, &id)?;
            let pending = pending.ok_or(ErrorCode::NothingRests)?;
            let change = format!("{}: {}, {}", shown(&id), class_name(pending.value), due(&pending));
            approves(&change, prompt)?;
            open.desk.approve_user(&open.session, &id, &pending, reason)?;
            name
        }
        (None, None) => return Err(Failure::usage("name an operator or a user")),
    };
    Ok(Report::new()
        .line(format!("The change of {} holds now.", shown(whose)))
        .field("approved", whose))
}

/// Nobody approves what they have not seen; at a terminal they are asked.
pub fn approves(change: &str, prompt: Prompt) -> Result<(), Failure> {
    say(format_args!("You let this hold now: {change}"));
    if prompt.is_interactive() && !prompt.confirm("Approve it?")? {
        return Err(ErrorCode::Cancelled.into());
    }
    Ok(())
}

/// A class, by the command line's name.
pub const fn class_name(class: UserClass) -> &'static str {
    match class {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    }
}

/// Without a class a new user is ordinary, and another one stays what they are.
pub fn add_user(
    at: &At,
    user: &str,
    name: &str,
    class: Option<UserClass>,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let id = user_id(user)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.name_user(&open.session, &id, name, class)?;
    let pending = open.desk.pending_class(&open.session, &id)?;
    let mut report = Report::new().line(format!("{id} ({}) is registered.", shown(name)));
    if let Some(pending) = &pending {
        report = report.line(format!(
            "{}, {}; before that only when another Administrator approves it (`desk approve`).",
            class_name(pending.value),
            due(pending)
        ));
    }
    Ok(report
        .field("user", id.as_str())
        .field("rests", pending.is_some())
        .field("holds_from", pending.map(|pending| moment(pending.holds_from))))
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
            report = report.line(format!("Look there too: {failure}."));
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

/// Forgets all that the database knows of a user.
pub fn erase_user(at: &At, user: &str, prompt: Prompt) -> Result<Report, Failure> {
    let id = user_id(user)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    open.desk.erase_user(&open.session, &id)?;
    Ok(erased(&open.folder, &id))
}
