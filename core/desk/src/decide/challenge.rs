//! The desk's checks of a Device Challenge, and what a challenge tells of codes that were given out before.

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{Challenge, DeviceId};

use super::{call, who};
use crate::challenge_check::{check_counter, counter_of, low_16};
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{AnsweredRow, CodeRef, CodeState, DeviceRow, DeviceStateRow};
use crate::step::{Guard, Step};
use crate::{DeskError, OperatorSession, Privilege, RequestId};

/// Checks a challenge against the registry and what the desk has answered, in the order: suite, slot, answered
/// elsewhere, counter.
pub(crate) fn check(step: &Step<'_>, device: &DeviceRow, challenge: &Challenge) -> Result<(), DeskError> {
    let suite = device.suite().ok_or(ErrorCode::StoreCorrupt)?;
    step.require(
        Guard::ChallengeSlot,
        challenge.suite() == suite,
        ErrorCode::ChallengeSuite,
    )?;
    if let Challenge::Line(line) = challenge {
        step.require(
            Guard::ChallengeSlot,
            line.slot() == device.slot,
            ErrorCode::ChallengeSlot,
        )?;
    }
    let answered: Option<AnsweredRow> = step.get(&challenge.nonce())?;
    if let Some(other) = answered.filter(|answered| answered.device != device.id) {
        let device = DeviceId::from_bytes(other.device);
        step.require(
            Guard::ChallengeHere,
            false,
            DeskError::ChallengeElsewhere { device },
        )?;
    }
    if let Some(found) = counter_of(challenge) {
        let state: DeviceStateRow = step.must(&device.id)?;
        let registered = device.counter.map(low_16);
        let era = step.head().era;
        // After a backup was put in place the registered counter is as old as the rest.
        let registered = registered.filter(|_| state.counted_under == era.restores);
        let expected = state.expected(era).or(registered).unwrap_or(found);
        if let Err(mut error) = check_counter(expected, found) {
            if let DeskError::Counter {
                code: ErrorCode::CounterMoved,
                explained_by,
                ..
            } = &mut error
            {
                *explained_by = last_unsaid(&state, found);
            }
            step.require(Guard::Counter, false, error)?;
        }
    }
    Ok(())
}

/// The latest request whose code, if it was used, has given the device this counter, while nobody has said that it was.
fn last_unsaid(state: &DeviceStateRow, found: u16) -> Option<RequestId> {
    let gives = |code: &&CodeRef| {
        let used = code.counter.map(|counter| counter.wrapping_add(1));
        used == Some(found) && !matches!(code.state, CodeState::Reported | CodeState::Proved)
    };
    state.codes.iter().rev().find(gives).map(|code| code.request)
}

/// The suite in which a typed challenge is to be read.
pub(crate) fn suite(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
) -> Result<Suite, DeskError> {
    step.about.request = Some(id);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let row = call::own(step, id, &actor)?;
    let device = call::in_use(step, row.user, &row.device())?;
    Ok(device.suite().ok_or(ErrorCode::StoreCorrupt)?)
}

/// Enters a challenge. What was approved is void.
pub(crate) fn enter(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    challenge: &Challenge,
) -> Result<(), DeskError> {
    step.about.request = Some(id);
    step.about.challenge = Some(challenge.as_bytes().to_vec());
    step.about.counter = counter_of(challenge);
    let actor = who::in_service(step, session, Privilege::Unlock)?;
    let mut row = call::own(step, id, &actor)?;
    let device = call::in_use(step, row.user, &row.device())?;
    check(step, &device, challenge)?;
    learn(step, &device, challenge)?;
    row.set_challenge(challenge);
    row.changed();
    step.put(id.as_bytes(), &row)?;
    let entry = DeskEntry {
        suite: Some(challenge.suite().number()),
        slot: Some(device.slot),
        ..step.entry(DeskEvent::ChallengeAccepted)
    };
    step.record(entry);
    Ok(())
}

/// What an accepted challenge tells of codes that were given out before: one that was reported as used and whose use
/// alone can have moved the counter is proved; one of another nonce is void, if this challenge is genuine.
fn learn(step: &mut Step<'_>, device: &DeviceRow, challenge: &Challenge) -> Result<(), DeskError> {
    let mut state: DeviceStateRow = step.must(&device.id)?;
    let before = state.clone();
    let (nonce, counter) = (challenge.nonce(), counter_of(challenge));
    if state.expected(step.head().era).is_none() {
        state.expected = counter;
        state.counted_under = step.head().era.restores;
    }
    for code in &mut state.codes {
        let moved = code
            .counter
            .zip(counter)
            .is_some_and(|(then, now)| then.wrapping_add(1) == now);
        match code.state {
            CodeState::Reported if moved => code.state = CodeState::Proved,
            CodeState::Open | CodeState::Abandoned if code.nonce != nonce => {
                code.state = CodeState::Superseded;
            }
            // It came again: the one that seemed to make it void was made up.
            CodeState::Superseded if code.nonce == nonce => code.state = CodeState::Open,
            _ => {}
        }
    }
    // Of a code that is proved to be used nothing more can be learned.
    state.codes.retain(|code| code.state != CodeState::Proved);
    if state != before {
        step.put(&device.id, &state)?;
    }
    Ok(())
}
