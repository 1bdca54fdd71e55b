//! Verifying a caller, in two steps with the verifier between them.

use fido_unlock_protocol::error::ErrorCode;

use super::{call, who};
use crate::ports::CallerError;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::CallerPart;
use crate::step::{Guard, Step};
use crate::{DeskError, OperatorSession, Privilege, RequestId, VerificationTask, VerifiedCaller};

/// What is to be verified, and the request's revision as it is.
pub(crate) fn begin(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<(u32, VerificationTask), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let row = call::own(step, id, &actor)?;
    let user = who::user(step, row.user)?;
    let task = VerificationTask::new(id, user, row.device(), actor.id, step.now());
    Ok((row.revision, task))
}

/// Takes the verifier's answer where the request still is as it was. What was approved is void.
pub(crate) fn finish(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    revision: u32,
    answer: &Result<VerifiedCaller, CallerError>,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = call::own(step, id, &actor)?;
    let caller = answer.as_ref().map_err(Clone::clone)?;
    let user = who::user(step, row.user)?;
    let this = caller.request == id
        && caller.user == user.id
        && caller.device == row.device()
        && caller.operator == actor.id
        && revision == row.revision;
    step.require(Guard::CallerThis, this, ErrorCode::CallerUnverified)?;
    step.require(
        Guard::CallerMethod,
        who::rules(step)?.accepts(user.class, caller.method, caller.vouched),
        ErrorCode::CallerMethod,
    )?;
    row.caller = Some(CallerPart {
        method: caller.method,
        vouched: caller.vouched,
        evidence: caller.evidence,
        at: step.now(),
        by: None,
    });
    row.changed();
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        method: Some(caller.method.number()),
        vouched: Some(caller.vouched.number()),
        evidence: Some(caller.evidence),
        ..step.entry(DeskEvent::CallerVerified)
    };
    step.record(entry);
    Ok(())
}
