//! The request that a call is about: opened, changed, handed over, shown.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;

use super::manager_of;
use super::who::{self, Actor};
use crate::ports::List;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{CodeState, DeviceRow, DeviceStateRow, RequestRow, RequestState};
use crate::rules::Rules;
use crate::step::{Guard, Step};
use crate::typed_text::telephone;
use crate::{
    CallView, CodeOutcome, DeskError, OpenCode, OperatorSession, PersonNumber, Privilege, RequestId,
    UnixTime, UserId,
};

/// Opens a request for a user's device. `key`: what a program calls it, which may ask twice: it is opened once.
pub(crate) fn open(
    step: &mut Step<'_>,
    session: &OperatorSession,
    key: Option<&str>,
    user: &UserId,
    device: &DeviceId,
    reason: &str,
) -> Result<RequestId, DeskError> {
    step.about.device = Some(*device.as_bytes());
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    set_up_ended(step)?;
    let owner = who::user_number(step, user)?;
    step.about.user = Some(owner);
    let named = key.map(|key| RequestId::of_key(&step.head().log_id, actor.number, key));
    if let Some(id) = named
        && let Some(opened) = step.get::<RequestRow>(id.as_bytes())?
    {
        let same = opened.user == owner && opened.device == *device.as_bytes();
        return if same {
            Ok(id)
        } else {
            Err(ErrorCode::InvalidArgument.into())
        };
    }
    let row = in_use(step, owner, device)?;
    let suite = row.suite().ok_or(ErrorCode::StoreCorrupt)?;
    let id = named.unwrap_or_else(|| RequestId::from_bytes(step.random()));
    step.about.request = Some(id);
    let reason = reason.trim();
    let opened = RequestRow::opened(
        actor.number,
        owner,
        *device,
        suite,
        reason,
        step.now(),
        step.head().era.number,
    );
    step.put(id.as_bytes(), &opened)?;
    let entry = step.entry(DeskEvent::RequestOpened);
    step.record_text(entry, reason)?;
    Ok(id)
}

pub(crate) fn set_up_ended(step: &Step<'_>) -> Result<(), DeskError> {
    step.require(
        Guard::SetUpEnded,
        who::settings(step)?.open,
        ErrorCode::DeskNotOpen,
    )
}

/// The device, in use and the user's.
pub(crate) fn in_use(
    step: &Step<'_>,
    owner: PersonNumber,
    device: &DeviceId,
) -> Result<DeviceRow, DeskError> {
    let row: DeviceRow = step.get(device.as_bytes())?.ok_or(ErrorCode::DeviceUnknown)?;
    step.require(Guard::DeviceInUse, !row.retired, ErrorCode::DeviceRetired)?;
    step.require(Guard::DeviceOwner, row.owner == owner, ErrorCode::DeviceNotUsers)?;
    Ok(row)
}

/// A request by its id, and what is known of it for a refusal.
pub(crate) fn about(step: &mut Step<'_>, id: RequestId) -> Result<RequestRow, DeskError> {
    step.about.request = Some(id);
    let row: RequestRow = step.get(id.as_bytes())?.ok_or(ErrorCode::RequestUnknown)?;
    step.about.user = Some(row.user);
    step.about.device = Some(row.device);
    Ok(row)
}

/// Whether it has not run out.
pub(crate) fn lives(step: &Step<'_>, row: &RequestRow, rules: &Rules) -> Result<(), DeskError> {
    let age = step.now().seconds_since(row.opened_at);
    let lives = row.era == step.head().era.number && age <= rules.request_seconds;
    step.require(Guard::RequestLives, lives, ErrorCode::RequestExpired)
}

/// A request that has not run out and for which no code was authorised.
pub(crate) fn live(step: &mut Step<'_>, id: RequestId) -> Result<RequestRow, DeskError> {
    let row = about(step, id)?;
    let open = row.state == RequestState::Open;
    let refusal = if row.is_denied() {
        ErrorCode::CallerDenied
    } else {
        ErrorCode::RequestUsed
    };
    step.require(Guard::RequestOpen, open, refusal)?;
    let rules = who::rules(step)?;
    lives(step, &row, &rules)?;
    Ok(row)
}

/// The same, and it is this operator's.
pub(crate) fn own(step: &mut Step<'_>, id: RequestId, actor: &Actor) -> Result<RequestRow, DeskError> {
    let row = live(step, id)?;
    is_own(step, &row, actor)?;
    Ok(row)
}

pub(crate) fn is_own(step: &Step<'_>, row: &RequestRow, actor: &Actor) -> Result<(), DeskError> {
    // Another operator's is told as unknown.
    step.require(
        Guard::RequestOwn,
        row.operator == actor.number,
        ErrorCode::RequestUnknown,
    )
}

/// Gives a request another reason. What was approved is void.
pub(crate) fn set_reason(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    reason: &str,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = own(step, id, &actor)?;
    if row.reason != reason.trim() {
        row.unvouch();
    }
    row.reason = reason.trim().to_string();
    row.changed();
    step.put(id.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::ReasonChanged);
    Ok(step.record_text(entry, reason.trim())?)
}

/// Notes the number that the caller calls from. An approver is not shown it.
pub(crate) fn set_caller_number(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    number: &str,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = own(step, id, &actor)?;
    let number = telephone(number).ok_or(ErrorCode::InvalidArgument)?;
    row.caller_number = Some(number.clone());
    step.put(id.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::CallerNumberNoted);
    Ok(step.record_text(entry, &number)?)
}

/// Says which way the code goes: to a channel, or shown. What was approved is void.
pub(crate) fn set_delivery(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    channel: Option<&str>,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = own(step, id, &actor)?;
    row.channel = channel.map(String::from);
    row.changed();
    step.put(id.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::DeliveryChanged);
    Ok(step.record_text(entry, channel.unwrap_or_default())?)
}

/// Another operator goes on with a request. What was verified and approved is void.
pub(crate) fn take_over(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = live(step, id)?;
    if row.operator == actor.number {
        return Err(ErrorCode::WrongState.into());
    }
    let before = row.operator;
    row.operator = actor.number;
    row.caller = None;
    row.vouch = None;
    row.changed();
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        second_operator: Some(before),
        ..step.entry(DeskEvent::TakenOver)
    };
    step.record(entry);
    Ok(())
}

/// A request as it stands, for whoever may answer callers.
pub(crate) fn show(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<CallView, DeskError> {
    who::privileged(step, session, Privilege::Unlock)?;
    let row = about(step, id)?;
    view(step, id, &row)
}

pub(crate) fn view(step: &Step<'_>, id: RequestId, row: &RequestRow) -> Result<CallView, DeskError> {
    let rules = who::rules(step)?;
    let device: DeviceRow = step.must(&row.device)?;
    let (now, era) = (step.now(), step.head().era.number);
    let lives =
        row.era == era && now.seconds_since(row.opened_at) <= rules.request_seconds && !row.has_ended();
    let fresh = |at: UnixTime, seconds| now.seconds_since(at) <= seconds;
    let caller = row
        .caller
        .filter(|caller| fresh(caller.at, rules.verification_seconds));
    let approval = row
        .approval
        .filter(|given| fresh(given.at, rules.approval_seconds));
    Ok(CallView {
        id,
        operator: who::operator_name(step, row.operator)?,
        user: who::user(step, row.user)?,
        device: row.device(),
        suite: device.suite().ok_or(ErrorCode::StoreCorrupt)?,
        reason: row.reason.clone(),
        caller_number: row.caller_number.clone(),
        opened_at: row.opened_at,
        expires_at: row.opened_at.plus_seconds(rules.request_seconds),
        revision: row.revision,
        lives,
        caller: caller.map(|caller| (caller.method, caller.vouched)),
        manager: manager_of::call(step, row)?,
        reported_by: row.reported.map(|by| who::operator_name(step, by)).transpose()?,
        challenge: row.challenge(),
        approved_by: approval
            .map(|given| who::operator_name(step, given.operator))
            .transpose()?,
        channel: row.channel.clone(),
        code: match row.state {
            RequestState::Open | RequestState::Authorised => None,
            RequestState::Made => Some(CodeOutcome::Open),
            RequestState::Done => Some(CodeOutcome::Done),
            RequestState::Abandoned => row.code_sha256.map(|_| CodeOutcome::Abandoned),
        },
        open_codes: open_codes_of(step, &row.device())?,
        unknown_since_backup: step
            .must::<DeviceStateRow>(&row.device)?
            .is_unknown(step.head().era),
    })
}

/// A page of requests that live or whose code may still be good, oldest first.
pub(crate) fn open_requests(
    step: &mut Step<'_>,
    session: &OperatorSession,
    after: Option<(UnixTime, RequestId)>,
    limit: u32,
) -> Result<Vec<CallView>, DeskError> {
    who::privileged(step, session, Privilege::Unlock)?;
    let after = after.map(|(at, id)| (at.0.to_be_bytes(), id));
    let after = after.as_ref().map(|(order, id)| (&order[..], &id.as_bytes()[..]));
    let rows = step.list::<RequestRow>(List::OpenRequests, b"", after, limit)?;
    rows.iter()
        .map(|(key, row)| {
            let id = key.as_slice().try_into().map_err(|_| ErrorCode::StoreCorrupt)?;
            view(step, RequestId::from_bytes(id), row)
        })
        .collect()
}

/// The codes for a device that may still be good.
pub(crate) fn open_codes(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
) -> Result<Vec<OpenCode>, DeskError> {
    who::privileged(step, session, Privilege::Unlock)?;
    open_codes_of(step, device)
}

fn open_codes_of(step: &Step<'_>, device: &DeviceId) -> Result<Vec<OpenCode>, DeskError> {
    let Some(state): Option<DeviceStateRow> = step.get(device.as_bytes())? else {
        return Ok(Vec::new());
    };
    let owner = match step.get::<DeviceRow>(device.as_bytes())? {
        Some(row) => who::user(step, row.owner)?.id,
        None => return Ok(Vec::new()),
    };
    let mut out = Vec::new();
    for code in &state.codes {
        let outcome = match code.state {
            CodeState::Open => CodeOutcome::Open,
            CodeState::Abandoned => CodeOutcome::Abandoned,
            CodeState::Superseded => CodeOutcome::Superseded,
            CodeState::Reported | CodeState::Proved => continue,
        };
        out.push(OpenCode {
            request: code.request,
            device: *device,
            user: owner.clone(),
            operator: who::operator_name(step, code.operator)?,
            at: code.at,
            outcome,
        });
    }
    Ok(out)
}
