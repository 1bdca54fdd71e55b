//! Search, and what is shown of what was found.

use alloc::string::ToString;
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;

use super::{manager_of, who};
use crate::ports::{List, Table};
use crate::record::DeskEvent;
use crate::rows::{DeviceRow, DeviceStateRow, Grants, IssuerRow, OperatorRow, Resting, UserRow};
use crate::rules::{Rules, Stricter};
use crate::step::{Step, tampered};
use crate::typed_text::folded;
use crate::{
    DeskError, DeviceView, Found, KnownOperator, KnownUser, Operator, OperatorId, OperatorSession, Pending,
    PersonNumber, Privilege, RegisteredDevice, User, UserClass, UserId,
};

/// The most users that a search gives.
const MOST_FOUND: u32 = 50;
/// The most devices of one user that are shown.
const MOST_DEVICES: u32 = 200;

/// Users by any part of id, name or e-mail address, and by Device ID. Recorded: it is what somebody looked at.
pub(crate) fn search(
    step: &mut Step<'_>,
    session: &OperatorSession,
    text: &str,
) -> Result<Vec<Found>, DeskError> {
    who::looking(step, session)?;
    let entry = step.entry(DeskEvent::Searched);
    step.record_text(entry, text)?;
    found(step, text)
}

/// The same, while the text is typed: nothing is recorded but what is then looked at.
pub(crate) fn suggest(
    step: &mut Step<'_>,
    session: &OperatorSession,
    text: &str,
) -> Result<Vec<Found>, DeskError> {
    who::looking(step, session)?;
    found(step, text)
}

fn found(step: &Step<'_>, text: &str) -> Result<Vec<Found>, DeskError> {
    let text = folded(text.trim());
    // A Device ID is read out in groups.
    let id = text.replace(['-', ' '], "");
    let mut hits = step.store().search(&text, MOST_FOUND)?;
    if id != text && !id.is_empty() {
        hits.extend(step.store().search(&id, MOST_FOUND)?);
    }
    let mut owners: Vec<PersonNumber> = Vec::new();
    for (table, key) in hits {
        let owner = match table {
            Table::Users => PersonNumber(key.as_slice().try_into().map_err(|_| tampered(table))?),
            Table::Devices => step.must::<DeviceRow>(&key)?.owner,
            other => return Err(tampered(other).into()),
        };
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    owners.truncate(MOST_FOUND as usize);
    owners
        .into_iter()
        .map(|owner| with_devices(step, owner))
        .filter(|found| {
            // One who was erased is not found by what is left in an index.
            !matches!(found, Err(DeskError::Refused(ErrorCode::UserUnknown)))
        })
        .collect()
}

fn with_devices(step: &Step<'_>, owner: PersonNumber) -> Result<Found, DeskError> {
    let user = who::user(step, owner)?;
    let rows = step.list::<DeviceRow>(List::DevicesOfUser, &owner.0, None, MOST_DEVICES)?;
    let devices = rows.iter().map(|(_, row)| device(step, row, &user));
    Ok(Found {
        devices: devices.collect::<Result<_, _>>()?,
        user,
    })
}

pub(crate) fn device(step: &Step<'_>, row: &DeviceRow, owner: &User) -> Result<RegisteredDevice, DeskError> {
    let state: Option<DeviceStateRow> = step.get(&row.id)?;
    let device = row.registered(owner.id.clone(), state.as_ref());
    Ok(device.ok_or(ErrorCode::StoreCorrupt)?)
}

/// A device and its owner.
pub(crate) fn find_device(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &DeviceId,
) -> Result<Found, DeskError> {
    step.about.device = Some(*id.as_bytes());
    who::looking(step, session)?;
    let row: DeviceRow = step.get(id.as_bytes())?.ok_or(ErrorCode::DeviceUnknown)?;
    step.about.user = Some(row.owner);
    let user = who::user(step, row.owner)?;
    let entry = step.entry(DeskEvent::Searched);
    step.record(entry);
    Ok(Found {
        devices: alloc::vec![device(step, &row, &user)?],
        user,
    })
}

/// Whether the session's operator may see what happened to a device, and gives whether they see the texts of it too.
pub(crate) fn history(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &DeviceId,
) -> Result<bool, DeskError> {
    step.about.device = Some(*id.as_bytes());
    let grants = who::looking(step, session)?.grants;
    let row: DeviceRow = step.get(id.as_bytes())?.ok_or(ErrorCode::DeviceUnknown)?;
    step.about.user = Some(row.owner);
    Ok(grants.may(Privilege::Audit))
}

/// A device as whoever manages devices sees it, also one of a user who was erased.
pub(crate) fn device_view(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &DeviceId,
) -> Result<DeviceView, DeskError> {
    step.about.device = Some(*id.as_bytes());
    who::looking(step, session)?;
    let row: DeviceRow = step.get(id.as_bytes())?.ok_or(ErrorCode::DeviceUnknown)?;
    step.about.user = Some(row.owner);
    let keys = row.keys().ok_or(ErrorCode::StoreCorrupt)?;
    let issuer_present = match keys.issuer() {
        Some(issuer) => {
            let known: Option<IssuerRow> = step.get(&issuer.hash())?;
            Some(known.is_some_and(|known| !known.retired))
        }
        None => None,
    };
    let state: Option<DeviceStateRow> = step.get(id.as_bytes())?;
    let state = state.unwrap_or_default();
    let may_be_good = state.codes.iter().filter(|code| code.state.may_be_good());
    let view = DeviceView {
        id: *id,
        owner: who::known_user(step, row.owner)?,
        slot: row.slot,
        suite: keys.suite(),
        issuer: keys.issuer().copied(),
        issuer_present,
        rotation: row.rotation,
        registered_at: row.registered_at,
        retired: row.retired,
        other_slots: row.other_slots().ok_or(ErrorCode::StoreCorrupt)?,
        label: row.label(),
        last_unlock: state.last_unlock,
        open_codes: may_be_good.count(),
        unknown_since_backup: state.is_unknown(step.head().era),
    };
    let entry = step.entry(DeskEvent::Searched);
    step.record(entry);
    Ok(view)
}

/// A user with all devices.
pub(crate) fn find_user(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &UserId,
) -> Result<Found, DeskError> {
    who::looking(step, session)?;
    let number = who::user_number(step, id)?;
    step.about.user = Some(number);
    let found = with_devices(step, number)?;
    let entry = step.entry(DeskEvent::Searched);
    step.record(entry);
    Ok(found)
}

/// A page of all users, by id. `after`: the last one of the page before.
pub(crate) fn users(
    step: &mut Step<'_>,
    session: &OperatorSession,
    after: Option<&UserId>,
    limit: u32,
) -> Result<Vec<Found>, DeskError> {
    who::looking(step, session)?;
    let after = match after {
        Some(id) => Some((folded(id.as_str()).into_bytes(), who::user_number(step, id)?)),
        None => None,
    };
    let after = after
        .as_ref()
        .map(|(order, number)| (order.as_slice(), &number.0[..]));
    let rows = step.list::<UserRow>(List::Users, b"", after, limit)?;
    rows.iter()
        .map(|(key, _)| {
            let number = key.as_slice().try_into().map_err(|_| tampered(Table::Users))?;
            with_devices(step, PersonNumber(number))
        })
        .collect()
}

/// All operators, by name.
pub(crate) fn operators(step: &mut Step<'_>, session: &OperatorSession) -> Result<Vec<Operator>, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let rows = step.list::<OperatorRow>(List::Operators, b"", None, u32::MAX)?;
    rows.iter()
        .map(|(key, row)| {
            let number = key
                .as_slice()
                .try_into()
                .map_err(|_| tampered(Table::Operators))?;
            let actor = who::actor(step, PersonNumber(number), row)?;
            Ok(Operator {
                id: actor.id,
                user: vouches_as(step, &actor.grants)?,
                roles: actor.grants.roles,
                privileges: actor.grants.privileges,
            })
        })
        .collect()
}

/// The user as whom somebody vouches, where they were not erased.
pub(crate) fn vouches_as(step: &Step<'_>, grants: &Grants) -> Result<Option<UserId>, DeskError> {
    match grants.user {
        Some(number) => Ok(who::known_user(step, number)?.map(|user| user.id)),
        None => Ok(None),
    }
}

/// What rests of the operators' grants.
pub(crate) fn pending_operators(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<Vec<Pending<Operator>>, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let rows = step.list::<OperatorRow>(List::Operators, b"", None, u32::MAX)?;
    let pending = rows
        .iter()
        .filter_map(|(_, row)| pending_grants(step, row).transpose());
    pending.collect()
}

/// What rests of the session's operator's own.
pub(crate) fn pending_own(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<Option<Pending<Operator>>, DeskError> {
    let actor = who::signed_in(step, session)?;
    let row: OperatorRow = step.must(&actor.number.0)?;
    pending_grants(step, &row)
}

fn pending_grants(step: &Step<'_>, row: &OperatorRow) -> Result<Option<Pending<Operator>>, DeskError> {
    let Some(pending) = pending(step, &row.grants)? else {
        return Ok(None);
    };
    Ok(Some(Pending {
        value: Operator {
            id: who::operator_id(&row.name)?,
            user: vouches_as(step, &pending.value)?,
            roles: pending.value.roles,
            privileges: pending.value.privileges,
        },
        holds_from: pending.holds_from,
        asked_by: pending.asked_by,
    }))
}

/// A user's class that rests.
pub(crate) fn pending_class(
    step: &mut Step<'_>,
    session: &OperatorSession,
    user: &UserId,
) -> Result<Option<Pending<UserClass>>, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let number = who::user_number(step, user)?;
    let row: UserRow = step.must(&number.0)?;
    pending(step, &row.class)
}

/// Users as they are, and what rests of the class of each; `None` where there is none of that id. For who changes them:
/// nothing of it is recorded, since the change is.
pub(crate) fn known_users(
    step: &mut Step<'_>,
    session: &OperatorSession,
    ids: &[UserId],
) -> Result<Vec<Option<KnownUser>>, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    ids.iter().map(|id| known_user(step, id)).collect()
}

/// One of them.
pub(crate) fn known_user(step: &Step<'_>, id: &UserId) -> Result<Option<KnownUser>, DeskError> {
    let number = match who::user_number(step, id) {
        Err(DeskError::Refused(ErrorCode::UserUnknown)) => return Ok(None),
        number => number?,
    };
    let row: UserRow = step.must(&number.0)?;
    Ok(Some(KnownUser {
        user: who::user(step, number)?,
        rests: pending(step, &row.class)?,
        manager: manager_of::user(step, &row)?.map(|(_, user)| user.id),
        manager_rests: pending_manager(step, &row)?,
    }))
}

/// The rules that rest.
pub(crate) fn pending_rules(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<Option<Pending<Rules>>, DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    pending(step, &who::settings(step)?.rules)
}

/// Who will vouch for a user, where that rests.
pub(crate) fn pending_manager(
    step: &Step<'_>,
    row: &UserRow,
) -> Result<Option<Pending<Option<UserId>>>, DeskError> {
    let Some(manager) = &row.manager else {
        return Ok(None);
    };
    let Some(pending) = pending(step, manager)? else {
        return Ok(None);
    };
    let value = match pending.value.by {
        Some(number) => who::known_user(step, number)?.map(|user| user.id),
        None => None,
    };
    Ok(Some(Pending {
        value,
        holds_from: pending.holds_from,
        asked_by: pending.asked_by,
    }))
}

/// What rests, as it is shown.
pub(crate) fn pending<T: Stricter + Clone>(
    step: &Step<'_>,
    resting: &Resting<T>,
) -> Result<Option<Pending<T>>, DeskError> {
    let later = resting.later(step.now(), step.head().era);
    later
        .map(|(value, holds_from, by)| {
            Ok(Pending {
                value: value.clone(),
                holds_from,
                asked_by: name_of(step, by)?,
            })
        })
        .transpose()
}

/// An operator as they are, and what rests of what they may.
pub(crate) fn known_operator(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &OperatorId,
) -> Result<KnownOperator, DeskError> {
    let operators = operators(step, session)?;
    let operator = operators.into_iter().find(|operator| operator.id == *id);
    let rests = pending_operators(step, session)?;
    Ok(KnownOperator {
        operator: operator.ok_or(ErrorCode::OperatorMissing)?,
        rests: rests.into_iter().find(|rests| rests.value.id == *id),
    })
}

/// What is let hold is what was shown.
pub(crate) fn is_shown<T: Stricter + Clone + PartialEq>(
    step: &Step<'_>,
    resting: &Resting<T>,
    shown: &Pending<T>,
) -> Result<(), DeskError> {
    if pending(step, resting)?.as_ref() == Some(shown) {
        Ok(())
    } else {
        Err(ErrorCode::ApprovalElsewhere.into())
    }
}

/// The text of an entry, where it was not erased.
pub(crate) fn entry_text(step: &Step<'_>, place: u64) -> Result<Option<crate::rows::TextRow>, DeskError> {
    Ok(step.get(&place.to_be_bytes())?)
}

/// The name behind a number of the log, as far as it is still known.
pub(crate) fn name_of(
    step: &Step<'_>,
    number: PersonNumber,
) -> Result<Option<alloc::string::String>, DeskError> {
    if let Some(row) = step.get::<OperatorRow>(&number.0)? {
        return Ok(Some(row.name));
    }
    Ok(who::known_user(step, number)?.map(|user| user.id.as_str().to_string()))
}
