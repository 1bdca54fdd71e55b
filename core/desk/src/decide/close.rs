//! Done, abandoned.

use fido_unlock_protocol::error::ErrorCode;

use super::{call, notice, who};
use crate::challenge_check::is_reached;
use crate::ports::NoticeKind;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{CodeState, DeviceStateRow, RequestRow, RequestState};
use crate::step::Step;
use crate::{DeskError, OperatorSession, Privilege, RequestId};

/// Records the end of a request, by whichever operator: the user has unlocked the device with its code (`done`), or it was
/// given up, with a code or before there was one. What the operator says is not proof: the code leaves the list of those
/// that may still be good, and is kept at the device until a later challenge proves it.
pub(crate) fn close(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: RequestId,
    done: bool,
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Unlock)?;
    let mut row = call::about(step, id)?;
    let had_code = match row.state {
        RequestState::Open | RequestState::Authorised if done => return Err(ErrorCode::RequestUnknown.into()),
        RequestState::Open | RequestState::Authorised => false,
        RequestState::Done => return Err(ErrorCode::RequestUsed.into()),
        RequestState::Abandoned if !done || row.code_sha256.is_none() => {
            return Err(ErrorCode::RequestUsed.into());
        }
        RequestState::Made | RequestState::Abandoned => true,
    };
    end(step, id, &mut row, done)?;
    if !had_code {
        // The owner was told of nothing that ends here.
        return Ok(());
    }
    let kind = if done {
        NoticeKind::Done
    } else {
        NoticeKind::Abandoned
    };
    notice::queue(step, kind, id, &row, actor.number)
}

/// Ends a request that has not ended.
pub(crate) fn end(
    step: &mut Step<'_>,
    id: RequestId,
    row: &mut RequestRow,
    done: bool,
) -> Result<(), DeskError> {
    let mut state: DeviceStateRow = step.must(&row.device)?;
    let mut counter = None;
    if let Some(code) = state.codes.iter_mut().find(|code| code.request == id) {
        code.state = if done {
            CodeState::Reported
        } else {
            CodeState::Abandoned
        };
        // The unlock has raised the device's counter by one, and made the other codes of its nonce void.
        counter = code
            .counter
            .filter(|_| done)
            .map(|counter| counter.wrapping_add(1));
        let nonce = code.nonce;
        if done {
            state
                .codes
                .retain(|other| other.request == id || other.nonce != nonce);
        }
    }
    // What is said late of an earlier challenge does not take back what a later one has shown.
    if let Some(counter) = counter
        && state
            .expected
            .is_none_or(|expected| is_reached(expected, counter))
    {
        state.expected = Some(counter);
    }
    if done {
        state.last_unlock = Some(step.now());
    }
    step.put(&row.device, &state)?;
    row.state = if done {
        RequestState::Done
    } else {
        RequestState::Abandoned
    };
    step.put(id.as_bytes(), row)?;
    let event = if done {
        DeskEvent::Done
    } else {
        DeskEvent::Abandoned
    };
    let entry = DeskEntry {
        counter,
        ..step.entry(event)
    };
    step.record(entry);
    Ok(())
}
