//! An operator says that the caller is somebody else than the user.

use fido_unlock_protocol::error::ErrorCode;

use super::operators::with_reason;
use super::{alarm, call, close, notice, who};
use crate::ports::NoticeKind;
use crate::record::DeskEvent;
use crate::rows::RequestState;
use crate::step::Step;
use crate::{DeskError, OperatorSession, Privilege, RequestId};

/// Whichever operator it is, says that the caller of a request is not its user: the request ends, with an alarm. A code
/// that was made stays in the list of those that may still be good. `what`: what was seen or heard.
pub(crate) fn report(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    what: &str,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::privileged(step, session, Privilege::Unlock)?;
    let mut row = call::about(step, id)?;
    if row.state == RequestState::Done {
        return Err(ErrorCode::RequestUsed.into());
    }
    if row.is_denied() {
        return Err(ErrorCode::CallerDenied.into());
    }
    // Of a user who was erased nothing is written down any more.
    who::user(step, row.user)?;
    with_reason(what)?;
    row.reported = Some(actor.number);
    step.put(id.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::CallerReported);
    step.record_text(entry, what.trim())?;
    alarm::raise(step, ErrorCode::CallerDenied)?;
    // Reported after it was given up, it has ended already.
    if row.has_ended() {
        return Ok(());
    }
    let had_code = row.state == RequestState::Made;
    close::end(step, id, &mut row, false)?;
    if !had_code {
        return Ok(());
    }
    notice::queue(step, NoticeKind::Abandoned, id, &row, actor.number)
}
