//! A second operator's approval: here, or in another system in two steps.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::{call, who};
use crate::ports::ApprovalError;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{ApprovalPart, CallerPart, RequestRow};
use crate::step::{Guard, Step};
use crate::{
    Approval, ApprovalTask, DeskError, OperatorSession, PersonNumber, Privilege, RequestId, UserClass,
};

const LABEL: &[u8] = b"fido-unlock/1 approval\0";

/// Everything that an approver is shown.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Shown {
    #[n(0)]
    operator: PersonNumber,
    #[n(1)]
    user: PersonNumber,
    #[n(2)]
    id: String,
    #[n(3)]
    name: String,
    #[n(4)]
    class: UserClass,
    #[cbor(n(5), with = "minicbor::bytes")]
    device: [u8; 10],
    #[n(6)]
    reason: String,
    #[n(7)]
    caller: (u8, u8),
    #[cbor(n(8), with = "minicbor::bytes")]
    challenge: Vec<u8>,
    #[n(9)]
    channel: Option<String>,
}

/// What an approval of the request as it stands is for: SHA-256("fido-unlock/1 approval" ‖ 00 ‖ log id ‖ request id ‖
/// revision (4 bytes) ‖ SHA-256 of everything that the approver is shown, delivery and class included).
pub(crate) fn basis(step: &Step<'_>, id: RequestId, row: &RequestRow) -> Result<[u8; 32], DeskError> {
    let caller = row.caller.ok_or(ErrorCode::CallerUnverified)?;
    let challenge = row.challenge().ok_or(ErrorCode::WrongState)?;
    let user = who::user(step, row.user)?;
    let shown = Shown {
        operator: row.operator,
        user: row.user,
        id: user.id.as_str().into(),
        name: user.name,
        class: user.class,
        device: row.device,
        reason: row.reason.clone(),
        caller: (caller.method.number(), caller.vouched.number()),
        challenge: challenge.as_bytes().to_vec(),
        channel: row.channel.clone(),
    };
    let shown = minicbor::to_vec(&shown).unwrap_or_default();
    let hash = Sha256::new_with_prefix(LABEL)
        .chain_update(step.head().log_id.0)
        .chain_update(id.as_bytes())
        .chain_update(row.revision.to_be_bytes())
        .chain_update(Sha256::digest(shown));
    Ok(hash.finalize().into())
}

/// A second operator, who has signed in here, approves. `shown`: the revision that they saw.
pub(crate) fn approve(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    shown: Option<u32>,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock).map_err(|error| match error {
        DeskError::Refused(ErrorCode::PrivilegeMissing) => ErrorCode::ApproverPrivilege.into(),
        other => other,
    })?;
    let mut row = call::live(step, id)?;
    let other = !has_vouched(&row, actor.number) && who::are_two(step, row.operator, actor.number)?;
    step.require(Guard::ApproverOther, other, ErrorCode::ApprovalSelf)?;
    if shown.is_some_and(|revision| revision != row.revision) {
        return Err(ErrorCode::ApprovalElsewhere.into());
    }
    fresh_caller(step, &row)?;
    if row.challenge().is_none() {
        return Err(ErrorCode::WrongState.into());
    }
    // Whatever another system says to an earlier ask comes too late.
    row.asks = row.asks.wrapping_add(1);
    let basis = basis(step, id, &row)?;
    accept(step, id, row, actor.number, basis, None)
}

fn accept(
    step: &mut Step<'_>,
    id: RequestId,
    mut row: RequestRow,
    operator: PersonNumber,
    basis: [u8; 32],
    evidence: Option<[u8; 32]>,
) -> Result<(), DeskError> {
    row.approval = Some(ApprovalPart {
        operator,
        basis,
        evidence,
        at: step.now(),
    });
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        operator: Some(operator),
        second_operator: Some(row.operator),
        evidence,
        ..step.entry(DeskEvent::Approved)
    };
    step.record(entry);
    Ok(())
}

/// A verification that has not run out.
pub(crate) fn fresh_caller(step: &Step<'_>, row: &RequestRow) -> Result<CallerPart, DeskError> {
    let caller = row.caller.ok_or(ErrorCode::CallerUnverified)?;
    let age = step.now().seconds_since(caller.at);
    let fresh = age <= who::rules(step)?.verification_seconds;
    step.require(Guard::CallerFresh, fresh, ErrorCode::CallerUnverified)?;
    Ok(caller)
}

/// What another system is to be asked, and the number of the ask. What was approved before is void.
pub(crate) fn begin(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<(u32, ApprovalTask), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = call::own(step, id, &actor)?;
    let caller = fresh_caller(step, &row)?;
    let challenge = row.challenge().ok_or(ErrorCode::WrongState)?;
    row.approval = None;
    row.asks = row.asks.wrapping_add(1);
    let rules = who::rules(step)?;
    let task = ApprovalTask {
        basis: basis(step, id, &row)?,
        request: id,
        user: who::user(step, row.user)?,
        device: row.device(),
        operator: actor.id,
        reason: row.reason.clone(),
        challenge,
        method: caller.method,
        vouched: caller.vouched,
        expires_at: row.opened_at.plus_seconds(rules.request_seconds),
        now: step.now(),
    };
    step.put(id.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::ApprovalAsked);
    step.record(entry);
    Ok((row.asks, task))
}

/// Takes the other system's answer where the request still is as it was and nobody has asked again.
pub(crate) fn finish(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    ask: u32,
    answer: &Result<Approval, ApprovalError>,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let row = call::own(step, id, &actor)?;
    let approval = answer.as_ref().map_err(Clone::clone)?;
    let number = who::operator_number(step, &approval.operator)?;
    let number = number.ok_or(ApprovalError::UnknownOperator)?;
    step.about.second_operator = Some(number);
    step.require(Guard::ApprovalAsk, row.asks == ask, ApprovalError::Elsewhere)?;
    let basis = basis(step, id, &row)?;
    step.require(
        Guard::ApprovalThis,
        approval.basis == basis,
        ApprovalError::Elsewhere,
    )?;
    let may = may_approve(step, number)?;
    step.require(Guard::ApproverMay, may, ErrorCode::ApproverPrivilege)?;
    let other = !has_vouched(&row, number) && who::are_two(step, row.operator, number)?;
    step.require(Guard::ApproverOther, other, ErrorCode::ApprovalSelf)?;
    accept(step, id, row, number, basis, approval.evidence)
}

/// Whether it is this operator who has vouched for the caller.
pub(crate) fn has_vouched(row: &RequestRow, number: PersonNumber) -> bool {
    row.caller.is_some_and(|caller| caller.by == Some(number))
}

/// Whether somebody may answer callers, and so approve, now.
pub(crate) fn may_approve(step: &Step<'_>, number: PersonNumber) -> Result<bool, DeskError> {
    let row: crate::rows::OperatorRow = step.must(&number.0)?;
    let grants = row.grants.at(step.now(), step.head().era);
    Ok(!row.removed && grants.may(Privilege::Unlock))
}
