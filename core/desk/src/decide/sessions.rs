//! Who is signed in where, ending that, and whether somebody has shown of late that it is they.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use minicbor::bytes::ByteArray;

use super::confirmed::{is_confirmed, lives};
use super::{passkeys, sign_in, tokens, who};
use crate::passkey::Claimed;
use crate::ports::StorageError;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{OperatorRow, SessionRow};
use crate::step::Step;
use crate::{DeskError, LiveSession, OperatorSession, OwnAccount};

/// What an operator sees of their own account.
pub(crate) fn account(step: &mut Step<'_>, session: &OperatorSession) -> Result<OwnAccount, DeskError> {
    let actor = who::in_person(step, session)?;
    let operator: OperatorRow = step.must(&actor.number.0)?;
    Ok(OwnAccount {
        passkeys: passkeys::known(step, &operator)?,
        sessions: list(step, session, &operator)?,
        tokens: tokens::known(step, &operator)?,
        confirmed: is_confirmed(step, session)?,
    })
}

/// The operator's sessions that live, oldest first.
fn list(
    step: &Step<'_>,
    session: &OperatorSession,
    operator: &OperatorRow,
) -> Result<Vec<LiveSession>, StorageError> {
    let own = session.key(&step.head().log_id);
    let lifetime = who::rules(step)?.session_seconds;
    let mut all = Vec::new();
    for key in &operator.sessions {
        let id: [u8; 32] = **key;
        let Some(row) = step.get::<SessionRow>(&id)? else {
            continue;
        };
        if lives(step, &row, operator)? {
            all.push(LiveSession {
                id,
                since: row.since,
                until: row.since.plus_seconds(lifetime),
                own: id == own,
            });
        }
    }
    Ok(all)
}

/// Ends one of the operator's own sessions. One that has ended already stays so.
pub(crate) fn end(step: &mut Step<'_>, session: &OperatorSession, id: &[u8; 32]) -> Result<(), DeskError> {
    end_those(step, session, |key| key == id).map(drop)
}

/// Ends all of the operator's sessions but this one; gives how many that were.
pub(crate) fn end_others(step: &mut Step<'_>, session: &OperatorSession) -> Result<u32, DeskError> {
    let own = session.key(&step.head().log_id);
    end_those(step, session, |key| *key != own)
}

fn end_those(
    step: &mut Step<'_>,
    session: &OperatorSession,
    which: impl Fn(&[u8; 32]) -> bool,
) -> Result<u32, DeskError> {
    let actor = who::in_person(step, session)?;
    let mut operator: OperatorRow = step.must(&actor.number.0)?;
    let (ended, kept): (Vec<ByteArray<32>>, Vec<_>) =
        operator.sessions.iter().copied().partition(|key| which(key));
    if ended.is_empty() {
        return Ok(0);
    }
    let mut count = 0;
    for key in &ended {
        if let Some(row) = step.get::<SessionRow>(&key[..])? {
            count += u32::from(lives(step, &row, &operator)?);
            step.remove::<SessionRow>(&key[..])?;
        }
    }
    operator.sessions = kept;
    step.put(&actor.number.0, &operator)?;
    let entry = DeskEntry {
        count: Some(count),
        ..step.entry(DeskEvent::SignedOut)
    };
    step.record(entry);
    Ok(count)
}

/// Whose it is that is to be confirmed: the session's operator.
pub(crate) fn begin_confirm(step: &mut Step<'_>, session: &OperatorSession) -> Result<Claimed, DeskError> {
    let actor = who::in_person(step, session)?;
    let claimed = sign_in::claimed(step, &actor.id)?;
    if claimed.passkeys.is_empty() {
        return sign_in::begin(step, &actor.id);
    }
    Ok(claimed)
}

/// What was claimed has been shown: the session's operator may change what they sign in with for a while.
pub(crate) fn confirm(
    step: &mut Step<'_>,
    session: &OperatorSession,
    claimed: &Claimed,
) -> Result<(), DeskError> {
    let actor = who::in_person(step, session)?;
    let (number, _) = sign_in::known(step, claimed)?;
    if number != actor.number {
        return Err(ErrorCode::OperatorUnknown.into());
    }
    let key = session.key(&step.head().log_id);
    let mut row: SessionRow = step.must(&key)?;
    row.confirmed = step.now();
    step.put(&key, &row)?;
    let entry = step.entry(DeskEvent::SignInConfirmed);
    step.record(entry);
    Ok(())
}
