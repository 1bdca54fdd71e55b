//! A manager vouches for a caller: asked by the operator of the call, answered by the manager, who has signed in to an
//! account that may do nothing else.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::who::{self, Actor};
use super::{alarm, approval, call, close, manager_of, notice};
use crate::ports::List;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{CallerPart, RequestRow, RequestState, UserRow, VouchPart};
use crate::step::{Guard, Step};
use crate::{
    DeskError, ManagerAnswer, ManagerQuestion, OperatorSession, PersonNumber, Privilege, RequestId, UnixTime,
    VerificationMethod, Vouched,
};

const LABEL: &[u8] = b"fido-unlock/1 vouch\0";
/// What a manager says here counts as this: whoever is on the line could not have made it up.
const VOUCHED: Vouched = Vouched::Machine;
const METHOD: VerificationMethod = VerificationMethod::Manager;
/// Requests of one read of the questions that wait, and the most reads.
const PAGE: u32 = 100;
const MOST_PAGES: usize = 5;

/// Everything that a manager is shown.
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
    #[cbor(n(4), with = "minicbor::bytes")]
    device: [u8; 10],
    #[n(5)]
    reason: String,
    #[n(6)]
    opened_at: UnixTime,
    #[n(7)]
    manager: PersonNumber,
    #[n(8)]
    asked_at: UnixTime,
}

/// What an answer is for: SHA-256("fido-unlock/1 vouch" ‖ 00 ‖ log id ‖ request id ‖ SHA-256 of everything that the manager
/// is shown).
fn basis(step: &Step<'_>, id: RequestId, row: &RequestRow, vouch: &VouchPart) -> Result<[u8; 32], DeskError> {
    let user = who::user(step, row.user)?;
    let shown = Shown {
        operator: row.operator,
        user: row.user,
        id: user.id.as_str().into(),
        name: user.name,
        device: row.device,
        reason: row.reason.clone(),
        opened_at: row.opened_at,
        manager: vouch.manager,
        asked_at: vouch.asked_at,
    };
    let shown = minicbor::to_vec(&shown).unwrap_or_default();
    let hash = Sha256::new_with_prefix(LABEL)
        .chain_update(step.head().log_id.0)
        .chain_update(id.as_bytes())
        .chain_update(Sha256::digest(shown));
    Ok(hash.finalize().into())
}

/// Whether a verification is for the request as it is, where a manager's word is behind it.
pub(crate) fn stands(
    step: &Step<'_>,
    id: RequestId,
    row: &RequestRow,
    caller: &CallerPart,
) -> Result<bool, DeskError> {
    match (caller.by, &row.vouch) {
        (None, _) => Ok(true),
        (Some(by), Some(vouch)) => Ok(by != row.operator && caller.evidence == basis(step, id, row, vouch)?),
        (Some(_), None) => Ok(false),
    }
}

fn counts(step: &Step<'_>, row: &RequestRow) -> Result<(), DeskError> {
    let class = who::user(step, row.user)?.class;
    let counts = who::rules(step)?.accepts(class, METHOD, VOUCHED);
    step.require(Guard::CallerMethod, counts, ErrorCode::CallerMethod)
}

/// Asks the user's manager. Asked again before they have answered, nothing changes; after that they are asked anew.
pub(crate) fn ask(step: &mut Step<'_>, session: &OperatorSession, id: RequestId) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = call::own(step, id, &actor)?;
    let user: UserRow = step.must(&row.user.0)?;
    let (manager, _) = manager_of::user(step, &user)?.ok_or(ErrorCode::CallerMethod)?;
    counts(step, &row)?;
    let missing = who::rules(step)?.reason_wanted && row.reason.is_empty();
    step.require(Guard::ReasonThere, !missing, ErrorCode::ReasonMissing)?;
    let waits = |vouch: VouchPart| vouch.manager == manager && vouch.answer.is_none();
    if row.vouch.is_some_and(waits) {
        return Ok(());
    }
    if approval::fresh_caller(step, &row).is_ok() {
        return Err(ErrorCode::WrongState.into());
    }
    row.unvouch();
    row.vouch = Some(VouchPart {
        manager,
        asked_at: step.now(),
        answer: None,
    });
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        second_operator: Some(manager),
        ..step.entry(DeskEvent::ManagerAsked)
    };
    step.record(entry);
    notice::manager_asked(step, id, &row, manager)
}

/// A manager who has signed in themselves, and the user that they are. A program does not vouch.
fn manager(step: &mut Step<'_>, session: &OperatorSession) -> Result<(Actor, PersonNumber), DeskError> {
    let actor = who::in_person(step, session)?;
    let user = actor.grants.user;
    let may = user.is_some() && who::user(step, user.unwrap_or(actor.number)).is_ok();
    step.require(Guard::OperatorMay, may, ErrorCode::PrivilegeMissing)?;
    Ok((actor, user.ok_or(ErrorCode::PrivilegeMissing)?))
}

/// What is asked of this manager in a request; another's is told as unknown.
fn asked(
    step: &mut Step<'_>,
    id: RequestId,
    manager: PersonNumber,
) -> Result<(RequestRow, VouchPart), DeskError> {
    let row = call::about(step, id)?;
    let vouch = row.vouch.filter(|vouch| vouch.manager == manager);
    Ok((row, vouch.ok_or(ErrorCode::RequestUnknown)?))
}

fn shown(
    step: &Step<'_>,
    id: RequestId,
    row: &RequestRow,
    vouch: &VouchPart,
) -> Result<ManagerQuestion, DeskError> {
    let user = who::user(step, row.user)?;
    let rules = who::rules(step)?;
    let lives = row.state == RequestState::Open && call::lives(step, row, &rules).is_ok();
    Ok(ManagerQuestion {
        request: id,
        user: user.id,
        name: user.name,
        device: row.device(),
        operator: who::operator_name(step, row.operator)?,
        reason: row.reason.clone(),
        opened_at: row.opened_at,
        asked_at: vouch.asked_at,
        expires_at: row.opened_at.plus_seconds(rules.request_seconds),
        waits: lives && vouch.answer.is_none(),
        answer: vouch.answer,
        basis: basis(step, id, row, vouch)?,
    })
}

/// One question to the session's manager.
pub(crate) fn question(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<ManagerQuestion, DeskError> {
    let (_, number) = manager(step, session)?;
    let (row, vouch) = asked(step, id, number)?;
    shown(step, id, &row, &vouch)
}

/// All questions to the session's manager that wait, the oldest call first. Calls that have run out are not read.
pub(crate) fn questions(
    step: &mut Step<'_>,
    session: &OperatorSession,
) -> Result<Vec<ManagerQuestion>, DeskError> {
    let (_, number) = manager(step, session)?;
    let oldest = step.now().0.saturating_sub(who::rules(step)?.request_seconds + 1);
    let (mut order, mut last) = (oldest.to_be_bytes(), [0; 10].to_vec());
    let mut questions = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = step.list::<RequestRow>(List::OpenRequests, b"", Some((&order, &last)), PAGE)?;
        for (key, row) in &page {
            let id = key.as_slice().try_into().map_err(|_| ErrorCode::StoreCorrupt)?;
            let own = row.vouch.filter(|vouch| vouch.manager == number);
            if let Some(vouch) = own {
                let question = shown(step, RequestId::from_bytes(id), row, &vouch)?;
                questions.extend(question.waits.then_some(question));
            }
        }
        let Some((key, row)) = page.last() else { break };
        (order, last) = (row.opened_at.0.to_be_bytes(), key.clone());
    }
    Ok(questions)
}

/// Takes the manager's answer, where the request still is as they saw it (`seen`: its basis). Yes verifies the caller; No
/// ends the request with an alarm.
pub(crate) fn answer(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    seen: &[u8; 32],
    answer: ManagerAnswer,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    let (actor, number) = manager(step, session)?;
    who::licensed(step, 0)?;
    let (_, vouch) = asked(step, id, number)?;
    let row = call::live(step, id)?;
    if vouch.answer.is_some() {
        return Err(ErrorCode::RequestUsed.into());
    }
    let user: UserRow = step.must(&row.user.0)?;
    let still = manager_of::user(step, &user)?.is_some_and(|(manager, _)| manager == number);
    step.require(Guard::OperatorMay, still, ErrorCode::PrivilegeMissing)?;
    let other = number != row.user
        && actor.number != row.operator
        && row.approval.is_none_or(|given| given.operator != actor.number)
        && who::is_themselves(step, actor.number)?;
    step.require(Guard::ApproverOther, other, ErrorCode::ApprovalSelf)?;
    counts(step, &row)?;
    let basis = basis(step, id, &row, &vouch)?;
    step.require(Guard::CallerThis, basis == *seen, ErrorCode::ApprovalElsewhere)?;
    take(step, id, row, &actor, (vouch, answer), basis)
}

fn take(
    step: &mut Step<'_>,
    id: RequestId,
    mut row: RequestRow,
    actor: &Actor,
    (vouch, answer): (VouchPart, ManagerAnswer),
    basis: [u8; 32],
) -> Result<(), DeskError> {
    row.vouch = Some(VouchPart {
        answer: Some(answer),
        ..vouch
    });
    let event = match answer {
        ManagerAnswer::Yes => DeskEvent::CallerVerified,
        ManagerAnswer::No => DeskEvent::CallerDenied,
        ManagerAnswer::Unknown => DeskEvent::CallerNotKnown,
    };
    if answer == ManagerAnswer::Yes {
        row.caller = Some(CallerPart {
            method: METHOD,
            vouched: VOUCHED,
            evidence: basis,
            at: step.now(),
            by: Some(actor.number),
        });
        row.changed();
    }
    step.put(id.as_bytes(), &row)?;
    let yes = answer == ManagerAnswer::Yes;
    let entry = DeskEntry {
        second_operator: Some(row.operator),
        method: yes.then(|| METHOD.number()),
        vouched: yes.then(|| VOUCHED.number()),
        evidence: Some(basis),
        ..step.entry(event)
    };
    step.record(entry);
    if answer == ManagerAnswer::No {
        alarm::raise(step, ErrorCode::CallerDenied)?;
        close::end(step, id, &mut row, false)?;
    }
    Ok(())
}
