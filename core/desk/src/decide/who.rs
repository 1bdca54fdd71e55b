//! Who acts, and whether they may: session, operator, privilege, licence.

use fido_unlock_protocol::error::ErrorCode;

use crate::ports::{StorageError, Table};
use crate::rows::{
    CountsRow, Grants, LicenceRow, NameRow, OperatorRow, SessionRow, SettingsRow, TokenRow, UserRow,
};
use crate::rules::Rules;
use crate::step::{Guard, Step};
use crate::{DeskError, LicenceFile, OperatorId, OperatorSession, PersonNumber, Privilege, User, UserId};

pub(crate) type UserNameRow = NameRow<{ Table::UserNames.number() }>;
pub(crate) type OperatorNameRow = NameRow<{ Table::OperatorNames.number() }>;

/// An operator who acts.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) number: PersonNumber,
    pub(crate) id: OperatorId,
    pub(crate) grants: Grants,
}

pub(crate) fn settings(step: &Step<'_>) -> Result<SettingsRow, StorageError> {
    step.must(b"")
}

/// Whether what one does and the other approves is by two persons: neither while a password or code rests that somebody
/// else gave them, who may be the other.
pub(crate) fn are_two(
    step: &Step<'_>,
    asks: PersonNumber,
    approves: PersonNumber,
) -> Result<bool, StorageError> {
    Ok(asks != approves && is_themselves(step, asks)? && is_themselves(step, approves)?)
}

/// Whether an operator counts as themselves: not while a password or code rests that somebody else gave them, who may
/// have signed in with it.
pub(crate) fn is_themselves(step: &Step<'_>, number: PersonNumber) -> Result<bool, StorageError> {
    let row: OperatorRow = step.must(&number.0)?;
    let settings = settings(step)?;
    let rest = settings.rules.at(step.now(), step.head().era).rest_seconds;
    let rested = |given: crate::UnixTime| step.now() >= given.plus_seconds(rest);
    Ok(!settings.open || row.given.is_none_or(rested))
}

pub(crate) fn rules(step: &Step<'_>) -> Result<Rules, StorageError> {
    let settings = settings(step)?;
    Ok(settings.rules.at(step.now(), step.head().era).clone())
}

/// The session's operator, as they are now. One who was removed has no session. By a token they may no more than it is
/// for.
pub(crate) fn signed_in(step: &mut Step<'_>, session: &OperatorSession) -> Result<Actor, DeskError> {
    match session.token_key(&step.head().log_id) {
        Some(key) => by_token(step, &key),
        None => in_person(step, session),
    }
}

fn by_token(step: &mut Step<'_>, key: &[u8; 32]) -> Result<Actor, DeskError> {
    let unknown = ErrorCode::OperatorUnknown;
    let row: TokenRow = step.get(key)?.ok_or(unknown)?;
    step.about.operator = Some(row.operator);
    let operator: OperatorRow = step.get(&row.operator.0)?.ok_or(unknown)?;
    step.require(Guard::SessionLives, is_in_time(step, &row), unknown)?;
    step.require(
        Guard::SessionCredentials,
        row.credentials == operator.credentials,
        unknown,
    )?;
    let mut actor = actor(step, row.operator, &operator)?;
    actor.grants = actor.grants.within(&row.scopes);
    Ok(actor)
}

/// The same where the operator is there themselves: what concerns their own account is not done by a token, whatever it
/// is for.
pub(crate) fn in_person(step: &mut Step<'_>, session: &OperatorSession) -> Result<Actor, DeskError> {
    let unknown = ErrorCode::OperatorUnknown;
    if let Some(key) = session.token_key(&step.head().log_id) {
        by_token(step, &key)?;
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    let row: SessionRow = step.get(&session.key(&step.head().log_id))?.ok_or(unknown)?;
    step.about.operator = Some(row.operator);
    let operator: OperatorRow = step.get(&row.operator.0)?.ok_or(unknown)?;
    let age = step.now().seconds_since(row.since);
    let lives = row.era == step.head().era.number && age <= rules(step)?.session_seconds;
    step.require(Guard::SessionLives, lives, unknown)?;
    step.require(
        Guard::SessionCredentials,
        row.credentials == operator.credentials,
        unknown,
    )?;
    actor(step, row.operator, &operator)
}

pub(crate) fn actor(
    step: &Step<'_>,
    number: PersonNumber,
    operator: &OperatorRow,
) -> Result<Actor, DeskError> {
    Ok(Actor {
        number,
        id: operator_id(&operator.name)?,
        grants: operator.grants.at(step.now(), step.head().era).clone(),
    })
}

/// The same, and they have a privilege.
pub(crate) fn privileged(
    step: &mut Step<'_>,
    session: &OperatorSession,
    privilege: Privilege,
) -> Result<Actor, DeskError> {
    let actor = signed_in(step, session)?;
    step.require(
        Guard::OperatorMay,
        actor.grants.may(privilege),
        ErrorCode::PrivilegeMissing,
    )?;
    Ok(actor)
}

/// Whoever answers callers or manages devices looks at users and devices, with or without a licence.
pub(crate) fn looking(step: &mut Step<'_>, session: &OperatorSession) -> Result<Actor, DeskError> {
    let actor = signed_in(step, session)?;
    let mut looks = [Privilege::Unlock, Privilege::ManageDevices].into_iter();
    step.require(
        Guard::OperatorMay,
        looks.any(|privilege| actor.grants.may(privilege)),
        ErrorCode::PrivilegeMissing,
    )?;
    Ok(actor)
}

/// The service may be used, by this operator: set-up, licence, switch, privilege.
pub(crate) fn in_service(
    step: &mut Step<'_>,
    session: &OperatorSession,
    privilege: Privilege,
) -> Result<Actor, DeskError> {
    let actor = privileged(step, session, privilege)?;
    licensed(step, 0)?;
    Ok(actor)
}

/// The licence as it stands, verified before it was stored.
pub(crate) fn licence(step: &Step<'_>) -> Result<Option<LicenceFile>, StorageError> {
    let row: Option<LicenceRow> = step.get(b"")?;
    row.map(|row| {
        LicenceFile::stored(&row.file).ok_or_else(|| StorageError::Corrupt {
            detail: Table::Licence.name().into(),
        })
    })
    .transpose()
}

/// `more`: devices about to be registered.
pub(crate) fn licensed(step: &Step<'_>, more: u32) -> Result<(), DeskError> {
    let settings = settings(step)?;
    let refuse = |code, contact| DeskError::Licence { code, contact };
    let Some(licence) = licence(step)? else {
        let contact = rules(step)?.licence_contact;
        return step.require(Guard::Licensed, false, refuse(ErrorCode::LicenceMissing, contact));
    };
    step.require(
        Guard::Licensed,
        step.now() <= licence.valid_until,
        refuse(ErrorCode::LicenceExpired, licence.contact.clone()),
    )?;
    step.require(Guard::ServiceOn, settings.service_on, ErrorCode::ServiceOff)?;
    let devices = devices(step)?;
    step.require(
        Guard::Licensed,
        devices.saturating_add(more) <= licence.devices,
        refuse(ErrorCode::LicenceDevices, licence.contact),
    )
}

/// Devices in use.
pub(crate) fn devices(step: &Step<'_>) -> Result<u32, StorageError> {
    let counts: Option<CountsRow> = step.get(b"")?;
    Ok(counts.unwrap_or_default().devices)
}

pub(crate) fn operator_id(name: &str) -> Result<OperatorId, StorageError> {
    OperatorId::recorded(name).ok_or_else(|| StorageError::Corrupt {
        detail: Table::Operators.name().into(),
    })
}

pub(crate) fn operator_number(
    step: &Step<'_>,
    id: &OperatorId,
) -> Result<Option<PersonNumber>, StorageError> {
    let row: Option<OperatorNameRow> = step.get(id.as_str().as_bytes())?;
    Ok(row.map(|row| row.number))
}

/// The name of an operator who may have been removed since.
pub(crate) fn operator_name(step: &Step<'_>, number: PersonNumber) -> Result<OperatorId, StorageError> {
    let row: OperatorRow = step.must(&number.0)?;
    operator_id(&row.name)
}

pub(crate) fn user_number(step: &Step<'_>, id: &UserId) -> Result<PersonNumber, DeskError> {
    let row: Option<UserNameRow> = step.get(id.as_str().as_bytes())?;
    Ok(row.ok_or(ErrorCode::UserUnknown)?.number)
}

/// The user of a number, as they are now.
pub(crate) fn user(step: &Step<'_>, number: PersonNumber) -> Result<User, DeskError> {
    let row: UserRow = step.get(&number.0)?.ok_or(ErrorCode::UserUnknown)?;
    if row.erased {
        return Err(ErrorCode::UserUnknown.into());
    }
    let id = UserId::recorded(&row.id).ok_or_else(|| StorageError::Corrupt {
        detail: Table::Users.name().into(),
    })?;
    Ok(User {
        id,
        name: row.name,
        class: *row.class.at(step.now(), step.head().era),
        channels: row.channels,
    })
}

/// The same; `None` where they were erased. That the store cannot be trusted is not the same as that.
pub(crate) fn known_user(step: &Step<'_>, number: PersonNumber) -> Result<Option<User>, DeskError> {
    match user(step, number) {
        Ok(user) => Ok(Some(user)),
        Err(DeskError::Refused(ErrorCode::UserUnknown)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a token has not run out; a clock that went back, or a backup, ends it as it ends sessions.
pub(crate) fn is_in_time(step: &Step<'_>, row: &TokenRow) -> bool {
    row.era == step.head().era.number && step.now() <= row.until
}
