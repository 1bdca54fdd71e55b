//! Signing in, in two steps with the password's hash between them, and out.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use minicbor::bytes::ByteArray;

use super::confirmed::lives;
use super::{passkeys, who};
use crate::passkey::Claimed;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{BackOffRow, OperatorRow, SessionRow};
use crate::step::Step;
use crate::{DeskError, OperatorId, OperatorSession, PersonNumber, UnixTime};

/// Sessions of one operator beside each other; the oldest goes.
const MOST_SESSIONS: usize = 16;
/// So many wrong passwords cost nothing.
const FREE_FAILURES: u32 = 5;
/// The first wait after those, in seconds; each wrong password doubles it.
const FIRST_WAIT: u64 = 30;
/// The longest wait, in seconds.
const LONGEST_WAIT: u64 = 15 * 60;

/// Reads whose password it would be. Refused while they have to wait.
pub(crate) fn begin(step: &mut Step<'_>, id: &OperatorId) -> Result<Claimed, DeskError> {
    let claimed = claimed(step, id)?;
    let Some(number) = claimed.number else {
        return Ok(claimed);
    };
    let back_off: BackOffRow = step.get(&number.0)?.unwrap_or_default();
    if back_off.era == step.head().era.number && step.now() < back_off.until {
        return Err(DeskError::SignInLocked {
            until: back_off.until,
        });
    }
    Ok(claimed)
}

/// Reads who it would be, whatever was guessed at their password: for what nobody guesses, a passkey or a one-time code,
/// so that a stranger's guesses keep nobody out who has one.
pub(crate) fn claimed(step: &mut Step<'_>, id: &OperatorId) -> Result<Claimed, DeskError> {
    let nobody = Claimed {
        number: None,
        credentials: 0,
        hash: None,
        passkeys: Vec::new(),
    };
    let Some(number) = who::operator_number(step, id)? else {
        return Ok(nobody);
    };
    // A name that is nobody's may be a password typed into the wrong field: only a known one is recorded.
    step.about.operator = Some(number);
    let row: OperatorRow = step.must(&number.0)?;
    Ok(Claimed {
        number: Some(number),
        credentials: row.credentials,
        passkeys: passkeys::of(step, &row)?,
        hash: row.password,
    })
}

/// Whether an operator has a passkey.
pub(crate) fn has_passkey(step: &Step<'_>, number: PersonNumber) -> Result<bool, DeskError> {
    Ok(!step.must::<OperatorRow>(&number.0)?.passkeys.is_empty())
}

/// The password was right: whose it is, as they are now. It may have been changed while the hash was computed.
pub(crate) fn known(
    step: &mut Step<'_>,
    claimed: &Claimed,
) -> Result<(PersonNumber, OperatorRow), DeskError> {
    let unknown = ErrorCode::OperatorUnknown;
    let number = claimed.number.ok_or(unknown)?;
    step.about.operator = Some(number);
    let row: OperatorRow = step.must(&number.0)?;
    if row.removed || row.credentials != claimed.credentials {
        return Err(unknown.into());
    }
    if step.get::<BackOffRow>(&number.0)?.is_some() {
        step.remove::<BackOffRow>(&number.0)?;
    }
    Ok((number, row))
}

/// The same, and makes a session. `by_passkey`: a passkey was shown; one may have been added since.
pub(crate) fn finish(
    step: &mut Step<'_>,
    claimed: &Claimed,
    by_passkey: bool,
) -> Result<OperatorSession, DeskError> {
    let (number, mut row) = known(step, claimed)?;
    if !by_passkey && !row.passkeys.is_empty() {
        return Err(ErrorCode::PasskeyWanted.into());
    }
    let (now, era) = (step.now(), step.head().era.number);
    let mut kept = Vec::new();
    for key in core::mem::take(&mut row.sessions) {
        let old: Option<SessionRow> = step.get(&key[..])?;
        let lives = match old {
            Some(old) => lives(step, &old, &row)?,
            None => false,
        };
        if lives {
            kept.push(key);
        } else {
            step.remove::<SessionRow>(&key[..])?;
        }
    }
    while kept.len() >= MOST_SESSIONS {
        let oldest = kept.remove(0);
        step.remove::<SessionRow>(&oldest[..])?;
    }
    let session = OperatorSession::with_secret(who::operator_id(&row.name)?, now, step.random());
    let key = session.key(&step.head().log_id);
    step.put(
        &key,
        &SessionRow {
            operator: number,
            since: now,
            era,
            credentials: row.credentials,
            confirmed: now,
        },
    )?;
    kept.push(ByteArray::from(key));
    row.sessions = kept;
    step.put(&number.0, &row)?;
    let entry = step.entry(DeskEvent::SignedIn);
    step.record(entry);
    Ok(session)
}

/// Records `count` wrong passwords of late; the next may have to wait. Gives the first moment at which one is looked
/// at again.
pub(crate) fn refused(
    step: &mut Step<'_>,
    number: Option<PersonNumber>,
    count: u32,
) -> Result<Option<UnixTime>, DeskError> {
    step.about.operator = number;
    let entry = DeskEntry {
        count: Some(count),
        error: Some(ErrorCode::OperatorUnknown.number()),
        ..step.entry(DeskEvent::SignInsRefused)
    };
    step.record(entry);
    let Some(number) = number else { return Ok(None) };
    let era = step.head().era.number;
    let before: BackOffRow = step.get(&number.0)?.unwrap_or_default();
    let failures = before.failures.saturating_add(count);
    let wait = match failures.checked_sub(FREE_FAILURES) {
        None => 0,
        Some(more) => FIRST_WAIT
            .checked_shl(more.min(16))
            .unwrap_or(LONGEST_WAIT)
            .min(LONGEST_WAIT),
    };
    let until = step.now().plus_seconds(wait);
    step.put(&number.0, &BackOffRow { failures, until, era })?;
    Ok(Some(until).filter(|_| wait > 0))
}

/// Ends a session.
pub(crate) fn sign_out(step: &mut Step<'_>, session: &OperatorSession) -> Result<(), DeskError> {
    let key = session.key(&step.head().log_id);
    let actor = who::in_person(step, session)?;
    let mut row: OperatorRow = step.must(&actor.number.0)?;
    row.sessions.retain(|kept| kept[..] != key[..]);
    step.put(&actor.number.0, &row)?;
    step.remove::<SessionRow>(&key)?;
    let entry = step.entry(DeskEvent::SignedOut);
    step.record(entry);
    Ok(())
}
