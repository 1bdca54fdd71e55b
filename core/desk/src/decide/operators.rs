//! Operators: added, changed, removed; and changes that rest.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::confirmed::confirmed;
use super::who::{self, Actor, OperatorNameRow};
use super::{announce, lookup, passkeys, tokens};
use crate::ports::List;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{Asked, CountsRow, Grants, OperatorRow, Resting, SessionRow};
use crate::step::Step;
use crate::typed_text::looks_like;
use crate::{DeskError, Operator, OperatorId, OperatorSession, Pending, PersonNumber, Privilege};

/// What a change that is asked for now rests by.
pub(crate) fn asked(step: &Step<'_>, actor: &Actor) -> Result<Asked, DeskError> {
    let open = who::settings(step)?.open;
    Ok(Asked {
        by: actor.number,
        at: step.now(),
        era: step.head().era,
        rest: if open { who::rules(step)?.rest_seconds } else { 0 },
        open,
    })
}

/// What an operator is to have: roles and privileges, or the user as whom they vouch, which goes with nothing else.
pub(crate) fn grants_of(step: &Step<'_>, operator: &Operator) -> Result<Grants, DeskError> {
    let grants = Grants::new(&operator.roles, &operator.privileges);
    let Some(user) = &operator.user else {
        return Ok(grants);
    };
    if grants != Grants::default() {
        return Err(ErrorCode::InvalidArgument.into());
    }
    Ok(Grants::of_manager(who::user_number(step, user)?))
}

/// Adds an operator, without asking who does.
pub(crate) fn add(
    step: &mut Step<'_>,
    id: &OperatorId,
    grants: Grants,
    password: Option<&str>,
) -> Result<(), DeskError> {
    add_resting(step, id, Resting::new(grants), password, false)
}

fn add_resting(
    step: &mut Step<'_>,
    id: &OperatorId,
    grants: Resting<Grants>,
    password: Option<&str>,
    announced: bool,
) -> Result<(), DeskError> {
    let number = PersonNumber(step.random());
    let row = OperatorRow {
        name: id.as_str().into(),
        grants,
        password: password.map(String::from),
        credentials: 0,
        removed: false,
        sessions: Vec::new(),
        // What was announced before is not news to them.
        unread: announce::next(step)?,
        // A new one's password is known to whoever adds them.
        given: who::settings(step)?.open.then(|| step.now()),
        short: false,
        passkeys: Vec::new(),
        code: None,
        tokens: Vec::new(),
    };
    count_administrators(step, None, Some(&row))?;
    step.put(id.as_str().as_bytes(), &OperatorNameRow { number })?;
    step.put(&number.0, &row)?;
    record(step, DeskEvent::OperatorChanged, number, Some(&row), announced)
}

/// Adds an operator, where there is none of that name. `password`: as for [`put`].
pub(crate) fn put_new(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
    grants: Grants,
    password: (&str, bool),
) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    confirmed(step, session)?;
    if who::operator_number(step, id)?.is_some() {
        return Err(ErrorCode::OperatorExists.into());
    }
    put(step, session, id, grants, Some(password))
}

/// Adds an operator, or gives one other roles and privileges. `password`: as the port for passwords made it, and whether
/// it is too short to stand alone; a new operator needs one, and for one who is there it ends their sessions.
pub(crate) fn put(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
    grants: Grants,
    password: Option<(&str, bool)>,
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let asked = asked(step, &actor)?;
    let Some(number) = who::operator_number(step, id)? else {
        if password.is_none() {
            return Err(ErrorCode::OperatorMissing.into());
        }
        unlike_others(step, id)?;
        let mut resting = Resting::new(Grants::default());
        let loosens = resting.change(grants, &asked);
        let password = password.map(|(hash, _)| hash);
        return add_resting(step, id, resting, password, asked.open && loosens);
    };
    let before: OperatorRow = step.must(&number.0)?;
    let mut row = before.clone();
    let loosens = row.grants.change(grants, &asked);
    if let Some(password) = password {
        give(step, &mut row, (actor.number, number), password, asked.open)?;
    }
    // Who takes the others' Administer away would otherwise be alone with theirs before anybody hears of it.
    let lost = administers_now(step, &before) && !administers_now(step, &row);
    if lost {
        another_administers(step, number)?;
    }
    count_administrators(step, Some(&before), Some(&row))?;
    step.put(&number.0, &row)?;
    let announced = asked.open && (loosens || lost);
    record(step, DeskEvent::OperatorChanged, number, Some(&row), announced)
}

/// An Administrator gives an operator another password; what they may, and what of it rests, stays.
pub(crate) fn give_password(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
    password: (&str, bool),
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    confirmed(step, session)?;
    let open = who::settings(step)?.open;
    let number = who::operator_number(step, id)?.ok_or(ErrorCode::OperatorMissing)?;
    let mut row: OperatorRow = step.must(&number.0)?;
    give(step, &mut row, (actor.number, number), password, open)?;
    Ok(step.put(&number.0, &row)?)
}

/// Of one given by somebody else every Administrator is told. `of`: who gives it to whom.
fn give(
    step: &mut Step<'_>,
    row: &mut OperatorRow,
    of: (PersonNumber, PersonNumber),
    password: (&str, bool),
    open: bool,
) -> Result<(), DeskError> {
    let (by, to) = of;
    let (password, short) = password;
    if short && row.passkeys.is_empty() {
        return Err(ErrorCode::PasswordWeak.into());
    }
    change_password(row, password, short);
    row.code = None;
    let changed = DeskEntry {
        second_operator: Some(to),
        ..step.entry(DeskEvent::PasswordChanged)
    };
    step.record(changed);
    if by != to && open {
        row.given = Some(step.now());
        announce::last_entry(step, None)?;
    }
    Ok(())
}

/// An operator gives themselves another password. `short`: it is too short to stand alone.
pub(crate) fn change_own_password(
    step: &mut Step<'_>,
    session: &OperatorSession,
    password: &str,
    short: bool,
) -> Result<(), DeskError> {
    let actor = confirmed(step, session)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    if short && row.passkeys.is_empty() {
        return Err(ErrorCode::PasswordWeak.into());
    }
    change_password(&mut row, password, short);
    step.put(&actor.number.0, &row)?;
    let changed = DeskEntry {
        second_operator: Some(actor.number),
        ..step.entry(DeskEvent::PasswordChanged)
    };
    step.record(changed);
    Ok(())
}

/// Takes an operator away. Their number stays, since the log names it.
pub(crate) fn remove(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let number = who::operator_number(step, id)?.ok_or(ErrorCode::OperatorMissing)?;
    let before: OperatorRow = step.must(&number.0)?;
    let administered = administers_now(step, &before);
    if administered {
        another_administers(step, number)?;
    }
    let mut row = before.clone();
    row.removed = true;
    row.password = None;
    row.code = None;
    passkeys::remove_all(step, &mut row)?;
    tokens::remove_all(step, &mut row)?;
    row.grants = Resting::new(Grants::default());
    for key in row.sessions.drain(..) {
        step.remove::<SessionRow>(&key[..])?;
    }
    count_administrators(step, Some(&before), None)?;
    step.remove::<OperatorNameRow>(id.as_str().as_bytes())?;
    step.put(&number.0, &row)?;
    let announced = administered && who::settings(step)?.open;
    record(step, DeskEvent::OperatorRemoved, number, None, announced)
}

/// A name that is read as another operator's would put one person's work under another's name.
fn unlike_others(step: &Step<'_>, id: &OperatorId) -> Result<(), DeskError> {
    let others = step.list::<OperatorRow>(List::Operators, b"", None, u32::MAX)?;
    let like = |(_, row): &(_, OperatorRow)| looks_like(&row.name, id.as_str());
    if others.iter().any(like) {
        return Err(ErrorCode::OperatorExists.into());
    }
    Ok(())
}

/// Somebody else administers now, not only after a rest.
fn another_administers(step: &Step<'_>, number: PersonNumber) -> Result<(), DeskError> {
    let others = step.list::<OperatorRow>(List::Operators, b"", None, u32::MAX)?;
    let other = |(key, row): &(Vec<u8>, OperatorRow)| *key != number.0 && administers_now(step, row);
    if others.iter().any(other) {
        return Ok(());
    }
    Err(ErrorCode::LastAdministrator.into())
}

pub(crate) fn administers_now(step: &Step<'_>, row: &OperatorRow) -> bool {
    let now = row.grants.at(step.now(), step.head().era);
    now.may(Privilege::Administer)
}

/// Ends their sessions too, which are of one password; the next sign-in takes them away.
pub(crate) fn change_password(row: &mut OperatorRow, password: &str, short: bool) {
    row.password = Some(password.into());
    row.short = short;
    row.credentials = row.credentials.wrapping_add(1);
}

/// An Administrator is counted from when they are asked for: the count follows from rows alone, whatever time it is.
fn count_administrators(
    step: &mut Step<'_>,
    before: Option<&OperatorRow>,
    after: Option<&OperatorRow>,
) -> Result<(), DeskError> {
    let (now, era) = (step.now(), step.head().era);
    let administers = |row: Option<&OperatorRow>| {
        row.is_some_and(|row| {
            let later = row.grants.later(now, era).map(|(grants, ..)| grants);
            let (now, later) = (Some(row.grants.at(now, era)), later);
            now.into_iter()
                .chain(later)
                .any(|grants| grants.may(Privilege::Administer))
        })
    };
    let mut counts: CountsRow = step.get(b"")?.unwrap_or_default();
    match (administers(before), administers(after)) {
        (false, true) => counts.administrators = counts.administrators.saturating_add(1),
        (true, false) if counts.administrators <= 1 => return Err(ErrorCode::LastAdministrator.into()),
        (true, false) => counts.administrators -= 1,
        _ => return Ok(()),
    }
    step.put(b"", &counts)?;
    Ok(())
}

fn record(
    step: &mut Step<'_>,
    event: DeskEvent,
    number: PersonNumber,
    row: Option<&OperatorRow>,
    announced: bool,
) -> Result<(), DeskError> {
    let entry = DeskEntry {
        second_operator: Some(number),
        ..step.entry(event)
    };
    let text = row.map(|row| {
        let (now, era) = (step.now(), step.head().era);
        row.grants.later(now, era).map_or_else(
            || format!("{}", row.grants.at(now, era)),
            |(later, due, _)| format!("{later} from {due} on"),
        )
    });
    step.record_text(entry, text.as_deref().unwrap_or_default())?;
    if announced {
        let later = row.and_then(|row| row.grants.later(step.now(), step.head().era));
        announce::last_entry(step, later.map(|(_, due, _)| due))?;
    }
    Ok(())
}

/// A second Administrator lets an operator's change hold at once. `shown`: the one that they saw; `reason`: what made it
/// urgent.
pub(crate) fn settle(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
    shown: &Pending<Grants>,
    reason: &str,
) -> Result<(), DeskError> {
    let actor = second_administrator(step, session)?;
    let number = who::operator_number(step, id)?.ok_or(ErrorCode::OperatorMissing)?;
    let before: OperatorRow = step.must(&number.0)?;
    let (now, era) = (step.now(), step.head().era);
    let (_, _, asked_by) = before.grants.later(now, era).ok_or(ErrorCode::NothingRests)?;
    // Neither who asked for it nor who gains by it.
    if number == actor.number || !who::are_two(step, asked_by, actor.number)? {
        return Err(ErrorCode::ApprovalSelf.into());
    }
    lookup::is_shown(step, &before.grants, shown)?;
    with_reason(reason)?;
    let mut row = before.clone();
    row.grants.settle();
    count_administrators(step, Some(&before), Some(&row))?;
    step.put(&number.0, &row)?;
    let entry = DeskEntry {
        second_operator: Some(number),
        ..step.entry(DeskEvent::ChangeApproved)
    };
    step.record_text(entry, reason)?;
    Ok(announce::last_entry(step, None)?)
}

/// Who may let hold at once what rests: an Administrator who has shown of late that it is they. Whoever finds an open
/// console lets nothing hold.
pub(crate) fn second_administrator(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<Actor, DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    confirmed(step, session)?;
    Ok(actor)
}

pub(crate) fn with_reason(reason: &str) -> Result<(), DeskError> {
    if reason.trim().is_empty() {
        Err(ErrorCode::ReasonMissing.into())
    } else {
        Ok(())
    }
}
