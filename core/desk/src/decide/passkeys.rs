//! Operators' passkeys: added, named, removed, and used.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::Shown;
use fido_unlock_protocol::error::ErrorCode;
use minicbor::bytes::ByteArray;

use super::confirmed::confirmed;
use super::who;
use crate::passkey::{ClaimedPasskey, passkey_key};
use crate::ports::MadePasskey;
use crate::record::DeskEvent;
use crate::rows::{OperatorRow, PasskeyRow, SessionRow};
use crate::step::{Step, typed};
use crate::typed_text::composed;
use crate::{DeskError, KnownPasskey, OperatorSession, PersonNumber};

/// Passkeys of one operator.
const MOST: usize = 10;
/// A passkey's name, in characters.
const LONGEST_NAME: usize = 60;

/// Those of an operator, oldest first.
pub(crate) fn of(step: &Step<'_>, row: &OperatorRow) -> Result<Vec<ClaimedPasskey>, DeskError> {
    let claimed = |key: &ByteArray<32>| {
        let row: PasskeyRow = step.must(&key[..])?;
        Ok(ClaimedPasskey {
            key: *key,
            id: row.id,
            credential: row.credential,
        })
    };
    row.passkeys.iter().map(claimed).collect()
}

/// The same, as the operator sees them.
pub(crate) fn known(step: &Step<'_>, operator: &OperatorRow) -> Result<Vec<KnownPasskey>, DeskError> {
    let known = |key: &ByteArray<32>| {
        let row: PasskeyRow = step.must(&key[..])?;
        Ok(KnownPasskey {
            id: **key,
            name: row.name,
            added: row.added,
            used: row.used,
        })
    };
    operator.passkeys.iter().map(known).collect()
}

/// Who adds one, and the credential ids of those that they have.
pub(crate) fn begin_add(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<(PersonNumber, Vec<Vec<u8>>), DeskError> {
    let actor = confirmed(step, session)?;
    let row: OperatorRow = step.must(&actor.number.0)?;
    if row.passkeys.len() >= MOST {
        return Err(ErrorCode::PasskeyRefused.into());
    }
    let known = of(step, &row)?.into_iter().map(|passkey| passkey.id);
    Ok((actor.number, known.collect()))
}

/// Adds it. `number`: who has begun.
pub(crate) fn add(
    step: &mut Step<'_>,
    session: &OperatorSession,
    number: PersonNumber,
    name: &str,
    made: MadePasskey,
) -> Result<(), DeskError> {
    let actor = who::in_person(step, session)?;
    let name = name_of(name)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    let key = passkey_key(&made.id);
    // A credential is of one operator; two ceremonies of one may have been under way.
    let there = step.get::<PasskeyRow>(&key)?.is_some();
    if actor.number != number || there || row.passkeys.len() >= MOST {
        return Err(ErrorCode::PasskeyRefused.into());
    }
    let passkey = PasskeyRow {
        operator: number,
        id: made.id,
        credential: made.credential,
        name,
        added: step.now(),
        used: None,
    };
    step.put(&key, &passkey)?;
    row.passkeys.push(ByteArray::from(key));
    step.put(&number.0, &row)?;
    let entry = step.entry(DeskEvent::PasskeyAdded);
    step.record(entry);
    Ok(())
}

/// Gives one of the operator's own another name.
pub(crate) fn name(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &[u8; 32],
    name: &str,
) -> Result<(), DeskError> {
    let actor = who::in_person(step, session)?;
    let name = name_of(name)?;
    let operator: OperatorRow = step.must(&actor.number.0)?;
    if !operator.passkeys.iter().any(|key| **key == *id) {
        return Err(ErrorCode::PasskeyRefused.into());
    }
    let mut row: PasskeyRow = step.must(id)?;
    row.name = name;
    step.put(id, &row)?;
    let entry = step.entry(DeskEvent::PasskeyNamed);
    step.record(entry);
    Ok(())
}

/// Takes one of the operator's own away, and ends their other sessions, which may be a finder's. Where it is the last, the
/// password must be long enough to stand alone.
pub(crate) fn remove(step: &mut Step<'_>, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
    let actor = confirmed(step, session)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    let before = row.passkeys.len();
    row.passkeys.retain(|key| **key != *id);
    if row.passkeys.len() == before {
        return Err(ErrorCode::PasskeyRefused.into());
    }
    if row.passkeys.is_empty() && (row.short || row.password.is_none()) {
        return Err(ErrorCode::PasswordWeak.into());
    }
    step.remove::<PasskeyRow>(id)?;
    row.credentials = row.credentials.wrapping_add(1);
    let own = session.key(&step.head().log_id);
    for key in core::mem::take(&mut row.sessions) {
        if *key != own {
            step.remove::<SessionRow>(&key[..])?;
        }
    }
    row.sessions.push(ByteArray::from(own));
    let mut this: SessionRow = step.must(&own)?;
    this.credentials = row.credentials;
    step.put(&own, &this)?;
    step.put(&actor.number.0, &row)?;
    let entry = step.entry(DeskEvent::PasskeyRemoved);
    step.record(entry);
    Ok(())
}

/// Takes all of them away.
pub(crate) fn remove_all(step: &mut Step<'_>, row: &mut OperatorRow) -> Result<(), DeskError> {
    for key in row.passkeys.drain(..) {
        step.remove::<PasskeyRow>(&key[..])?;
    }
    Ok(())
}

/// One was used: the credential as it is from now on. Refused where it is not the one that was looked at, since another
/// answer has moved its counter meanwhile.
pub(crate) fn used(
    step: &mut Step<'_>,
    claimed: &ClaimedPasskey,
    credential: Vec<u8>,
) -> Result<(), DeskError> {
    let row: Option<PasskeyRow> = step.get(&claimed.key[..])?;
    let mut row = row
        .filter(|row| row.credential == claimed.credential)
        .ok_or(ErrorCode::PasskeyRefused)?;
    row.credential = credential;
    row.used = Some(step.now());
    Ok(step.put(&claimed.key[..], &row)?)
}

pub(crate) fn name_of(text: &str) -> Result<String, DeskError> {
    let name = typed(&composed(text.trim()));
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && Shown(&name).is_plain();
    if fits {
        Ok(name.to_string())
    } else {
        Err(ErrorCode::InvalidArgument.into())
    }
}
