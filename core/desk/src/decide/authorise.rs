//! From a checked request to a code: caller, challenge, reason, channel, approval, limits, record; then, with the signer
//! between them, the code's own record.

use alloc::string::String;

use fido_unlock_protocol::error::ErrorCode;

use super::who::{self, Actor};
use super::{approval, call, challenge, notice, vouch};
use crate::challenge_check::counter_of;
use crate::ports::NoticeKind;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{
    AnsweredRow, AuthorisedPart, CodeRef, CodeState, DeviceRow, DeviceStateRow, LimitRow, RequestRow,
    RequestState,
};
use crate::rules::Rules;
use crate::step::{Guard, Step};
use crate::{
    Channel, DeskError, DeviceKeys, LimitKind, LimitRule, OperatorSession, Privilege, RequestId, SigningTask,
    User, UserClass,
};

/// The most codes that are kept of a device; of more, the oldest is forgotten.
const MOST_CODES: usize = 64;

/// What is to be signed, and where the code goes then.
pub(crate) struct Authorised {
    pub(crate) task: SigningTask,
    pub(crate) channel: Option<Channel>,
}

/// Authorises one code, and counts it. Asked again by the same operator while the request lives, it gives the same task
/// again and counts nothing: its code was perhaps never seen.
pub(crate) fn authorise(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    channel: Option<&str>,
) -> Result<Authorised, DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    call::set_up_ended(step)?;
    let row = call::about(step, id)?;
    let challenge = row.challenge();
    step.about.challenge = challenge.map(|challenge| challenge.as_bytes().to_vec());
    step.about.counter = challenge.as_ref().and_then(counter_of);
    if matches!(row.state, RequestState::Authorised | RequestState::Made) {
        return again(step, id, row, &actor, channel);
    }
    let mut row = call::own(step, id, &actor)?;
    if row.channel.as_deref() != channel {
        row.channel = channel.map(String::from);
        row.changed();
    }
    let user = who::user(step, row.user)?;
    let device = call::in_use(step, row.user, &row.device())?;
    judge(step, id, &row, &user, &device)?;
    let rules = who::rules(step)?;
    let to = channel_of(step, &rules, &user, row.channel.as_deref())?;
    let approved = approved(step, id, &row, &user, &rules)?;
    let mut state: DeviceStateRow = step.must(&row.device)?;
    // Codes that were counted after the backup are lost, so that a second operator takes the limits' place.
    let unknown = state.is_unknown(step.head().era);
    step.require(
        Guard::ApprovalThere,
        approved || !unknown,
        ErrorCode::ApprovalMissing,
    )?;
    let keys = device.keys().ok_or(ErrorCode::StoreCorrupt)?;
    count(step, &rules, &device, &keys, &actor, approved)?;
    let challenge = row.challenge().ok_or(ErrorCode::WrongState)?;
    let authorised = DeskEntry {
        issuer: keys.issuer().map(|_| keys.issuer_hash()),
        suite: Some(keys.suite().number()),
        slot: Some(device.slot),
        method: row.caller.map(|caller| caller.method.number()),
        vouched: row.caller.map(|caller| caller.vouched.number()),
        evidence: row.caller.map(|caller| caller.evidence),
        second_operator: row.approval.filter(|_| approved).map(|given| given.operator),
        ..step.entry(DeskEvent::Authorised)
    };
    step.record_text(authorised, &row.reason)?;
    step.put(&challenge.nonce(), &AnsweredRow { device: row.device })?;
    if unknown {
        state.coded_under = step.head().era.restores;
        step.put(&row.device, &state)?;
    }
    row.state = RequestState::Authorised;
    row.authorised = Some(AuthorisedPart {
        at: step.now(),
        issuer: keys.issuer_hash(),
        rotation: device.rotation,
        channel: row.channel.clone(),
    });
    step.put(id.as_bytes(), &row)?;
    task(id, &row, &actor, &user, (&device, keys), to)
}

fn task(
    id: RequestId,
    row: &RequestRow,
    actor: &Actor,
    user: &User,
    (device, keys): (&DeviceRow, DeviceKeys),
    channel: Option<Channel>,
) -> Result<Authorised, DeskError> {
    Ok(Authorised {
        task: SigningTask {
            request: id,
            operator: actor.id.clone(),
            user: user.id.clone(),
            device: row.device(),
            slot: device.slot,
            keys,
            challenge: row.challenge().ok_or(ErrorCode::WrongState)?,
        },
        channel,
    })
}

/// The same code once more, for the same keys and the same way.
fn again(
    step: &mut Step<'_>,
    id: RequestId,
    row: RequestRow,
    actor: &Actor,
    channel: Option<&str>,
) -> Result<Authorised, DeskError> {
    let rules = who::rules(step)?;
    call::is_own(step, &row, actor)?;
    call::lives(step, &row, &rules)?;
    let user = who::user(step, row.user)?;
    let device = call::in_use(step, row.user, &row.device())?;
    let authorised = row.authorised.as_ref().ok_or(ErrorCode::WrongState)?;
    let keys = device.keys().ok_or(ErrorCode::StoreCorrupt)?;
    let same = authorised.issuer == keys.issuer_hash()
        && authorised.rotation == device.rotation
        && authorised.channel.as_deref() == channel;
    step.require(Guard::RemakeSame, same, ErrorCode::RequestUsed)?;
    let to = channel_of(step, &rules, &user, channel)?;
    task(id, &row, actor, &user, (&device, keys), to)
}

/// Caller, challenge and reason, by the rules and the registry as they are now.
fn judge(
    step: &Step<'_>,
    id: RequestId,
    row: &RequestRow,
    user: &User,
    device: &DeviceRow,
) -> Result<(), DeskError> {
    let rules = who::rules(step)?;
    step.require(
        Guard::CallerThere,
        row.caller.is_some(),
        ErrorCode::CallerUnverified,
    )?;
    if row.caller.is_some() {
        let caller = approval::fresh_caller(step, row)?;
        step.require(
            Guard::CallerMethod,
            rules.accepts(user.class, caller.method, caller.vouched),
            ErrorCode::CallerMethod,
        )?;
        let this = vouch::stands(step, id, row, &caller)?;
        step.require(Guard::CallerThis, this, ErrorCode::CallerUnverified)?;
    }
    let challenge = row.challenge().ok_or(ErrorCode::WrongState)?;
    challenge::check(step, device, &challenge)?;
    let missing = rules.reason_wanted && row.reason.is_empty();
    step.require(Guard::ReasonThere, !missing, ErrorCode::ReasonMissing)
}

/// The channel that was asked for, when a code may be sent to it.
fn channel_of(
    step: &Step<'_>,
    rules: &Rules,
    user: &User,
    wanted: Option<&str>,
) -> Result<Option<Channel>, DeskError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let found = user.channels.iter().find(|channel| channel.id == wanted);
    let found = found.ok_or(ErrorCode::ChannelUnusable)?;
    let rested = step.now().seconds_since(found.changed_at) >= rules.channel_rest_seconds;
    step.require(Guard::ChannelRested, rested, ErrorCode::ChannelUnusable)?;
    Ok(Some(found.clone()))
}

/// Whether a second operator has approved what is to be done; an error where one must and has not.
fn approved(
    step: &Step<'_>,
    id: RequestId,
    row: &RequestRow,
    user: &User,
    rules: &Rules,
) -> Result<bool, DeskError> {
    let missing = ErrorCode::ApprovalMissing;
    let Some(given) = &row.approval else {
        let wanted = user.class == UserClass::Privileged;
        step.require(Guard::ApprovalThere, !wanted, missing)?;
        return Ok(false);
    };
    let fresh = step.now().seconds_since(given.at) <= rules.approval_seconds;
    step.require(Guard::ApprovalFresh, fresh, missing)?;
    let this = row.caller.is_none() || given.basis == approval::basis(step, id, row)?;
    step.require(Guard::ApprovalThis, this, ErrorCode::ApprovalElsewhere)?;
    // Their privilege may have been taken away since.
    let may = approval::may_approve(step, given.operator)?;
    step.require(Guard::ApproverMay, may, missing)?;
    let other = given.operator != row.operator && !approval::has_vouched(row, given.operator);
    step.require(Guard::ApproverOther, other, ErrorCode::ApprovalSelf)?;
    Ok(true)
}

/// Counts one code against the three limits, or refuses it.
fn count(
    step: &mut Step<'_>,
    rules: &Rules,
    device: &DeviceRow,
    keys: &DeviceKeys,
    actor: &Actor,
    approved: bool,
) -> Result<(), DeskError> {
    let issuer = keys.issuer_hash();
    let limits: [(LimitKind, &LimitRule, &[u8]); 3] = [
        (LimitKind::Device, &rules.limits.device, &device.id),
        (LimitKind::Operator, &rules.limits.operator, &actor.number.0),
        (LimitKind::Issuer, &rules.limits.issuer, &issuer),
    ];
    let mut rows = alloc::vec::Vec::new();
    let mut wanted = None;
    for (kind, rule, subject) in limits {
        let key = [&[kind as u8], subject].concat();
        let row: LimitRow = step.get(&key)?.unwrap_or_default();
        let codes = row.count(rule, step.now());
        let (guard, refusal) = match kind {
            LimitKind::Device => (Guard::LimitDevice, ErrorCode::LimitDevice),
            LimitKind::Operator => (Guard::LimitOperator, ErrorCode::LimitOperator),
            LimitKind::Issuer => (Guard::LimitIssuer, ErrorCode::LimitIssuer),
        };
        step.require(guard, codes < rule.refuse_from, refusal)?;
        if codes >= rule.approval_from {
            wanted = Some(kind);
        }
        rows.push((key, row, rule));
    }
    step.require(
        Guard::ApprovalThere,
        approved || wanted.is_none(),
        ErrorCode::ApprovalMissing,
    )?;
    for (key, mut row, rule) in rows {
        row.take(rule, step.now());
        step.put(&key, &row)?;
    }
    Ok(())
}

/// Records a code that was made, before anybody sees it.
pub(crate) fn made(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    code_sha256: [u8; 32],
) -> Result<(), DeskError> {
    let actor = who::signed_in(step, session)?;
    let mut row = call::about(step, id)?;
    call::is_own(step, &row, &actor)?;
    let authorised = matches!(row.state, RequestState::Authorised | RequestState::Made);
    step.require(Guard::CodeAuthorised, authorised, ErrorCode::WrongState)?;
    let challenge = row.challenge().ok_or(ErrorCode::WrongState)?;
    let mut state: DeviceStateRow = step.must(&row.device)?;
    // One that is made again stands in the list, unless "done" was said of another request with its challenge.
    if state.codes.iter().all(|code| code.request != id) {
        state.codes.push(CodeRef {
            request: id,
            nonce: challenge.nonce(),
            counter: counter_of(&challenge),
            operator: actor.number,
            at: step.now(),
            state: CodeState::Open,
        });
        let more = state.codes.len().saturating_sub(MOST_CODES);
        state.codes.drain(..more);
        step.put(&row.device, &state)?;
    }
    if row.state != RequestState::Made {
        notice::queue(step, NoticeKind::CodeGiven, id, &row, actor.number)?;
    }
    row.state = RequestState::Made;
    row.code_sha256 = Some(code_sha256);
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        code_sha256: Some(code_sha256),
        ..step.entry(DeskEvent::CodeMade)
    };
    step.record(entry);
    Ok(())
}

/// Records that a code was handed over to a channel.
pub(crate) fn sent(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    channel: &str,
) -> Result<(), DeskError> {
    who::signed_in(step, session)?;
    call::about(step, id)?;
    let entry = step.entry(DeskEvent::CodeSent);
    Ok(step.record_text(entry, channel)?)
}
