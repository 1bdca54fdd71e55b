//! A backup that was put in the place of the database, and goes on by an Administrator's word.

use fido_unlock_protocol::error::ErrorCode;

use super::operators::with_reason;
use super::sign_in;
use super::{announce, who};
use crate::passkey::Claimed;
use crate::record::{DeskEvent, LogId, restored_text};
use crate::step::{Guard, Step, typed};
use crate::{DeskError, Privilege};

/// Goes on under a new log id, by the word of an Administrator whose password was right. What was written after the
/// backup is lost: requests and sessions end, rests begin again, and what was learned of devices counts as unknown.
pub(crate) fn restore(step: &mut Step<'_>, claimed: &Claimed, note: &str) -> Result<(), DeskError> {
    let (number, row) = sign_in::known(step, claimed)?;
    let actor = who::actor(step, number, &row)?;
    step.require(
        Guard::OperatorMay,
        actor.grants.may(Privilege::Administer),
        ErrorCode::PrivilegeMissing,
    )?;
    with_reason(note)?;
    let head = step.head();
    let old = head.log_id.head(&head.range);
    let (now, ended_by) = (step.now(), head.at);
    let log_id = LogId(step.random());
    let head = step.head_mut();
    head.log_id = log_id;
    head.era = head.era.next(now, ended_by);
    head.era.restores = head.era.restores.wrapping_add(1);
    let entry = step.entry(DeskEvent::LogRestored);
    let text = restored_text(&old, &typed(note));
    step.record_own_text(entry, text)?;
    Ok(announce::last_entry(step, None)?)
}
