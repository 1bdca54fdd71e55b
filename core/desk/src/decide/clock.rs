//! A clock that went back, and goes on by an Administrator's word.

use fido_unlock_protocol::error::ErrorCode;

use super::operators::with_reason;
use super::sign_in;
use super::{announce, who};
use crate::passkey::Claimed;
use crate::record::DeskEvent;
use crate::step::{Guard, Step};
use crate::{DeskError, Privilege, UnixTime};

/// Goes on at `now`, although the log has later entries, by the word of an Administrator whose password was right: no
/// session lives by a clock that went back. What lives, and rests, by the clock that was wrong ends or begins again.
/// Codes counted by it stay counted.
pub(crate) fn accept(
    step: &mut Step<'_>,
    claimed: &Claimed,
    now: UnixTime,
    note: &str,
) -> Result<(), DeskError> {
    let (number, row) = sign_in::known(step, claimed)?;
    let actor = who::actor(step, number, &row)?;
    step.require(
        Guard::OperatorMay,
        actor.grants.may(Privilege::Administer),
        ErrorCode::PrivilegeMissing,
    )?;
    with_reason(note)?;
    step.set_now(now);
    step.head_mut().era = step.head().era.next(now, now);
    let entry = step.entry(DeskEvent::ClockAccepted);
    step.record_text(entry, note)?;
    Ok(announce::last_entry(step, None)?)
}
