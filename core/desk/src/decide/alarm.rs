//! Alarms: raised, listed, acknowledged.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;

use super::operators::with_reason;
use super::who;
use crate::ports::StorageError;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{AlarmRow, DeviceStateRow, QueueRow, StandingRow};
use crate::step::Step;
use crate::{DeskAlarm, DeskError, OperatorSession, Privilege};

/// Raises an alarm about what the step is about, unless the same one stands.
pub(crate) fn raise(step: &mut Step<'_>, code: ErrorCode) -> Result<(), StorageError> {
    let row = AlarmRow {
        error: code.number(),
        device: step.about.device,
        counter: step.about.counter,
        at: step.now(),
        acknowledged: false,
    };
    let standing = row.standing_key();
    if step.get::<StandingRow>(&standing)?.is_some() {
        return Ok(());
    }
    let mut queue: QueueRow = step.must(QueueRow::ALARMS)?;
    let alarm = queue.next;
    queue.next += 1;
    step.put(QueueRow::ALARMS, &queue)?;
    step.put(&alarm.to_be_bytes(), &row)?;
    step.put(&standing, &StandingRow { alarm })?;
    let entry = DeskEntry {
        error: Some(code.number()),
        alarm: Some(alarm),
        ..step.entry(DeskEvent::AlarmRaised)
    };
    step.record(entry);
    Ok(())
}

/// Alarms that nobody has acknowledged, oldest first, from number `from` on.
pub(crate) fn list(
    step: &mut Step<'_>,
    session: &OperatorSession,
    from: u64,
    limit: usize,
) -> Result<Vec<DeskAlarm>, DeskError> {
    // Who acknowledges them sees them, also without calls.
    if !who::signed_in(step, session)?.grants.may(Privilege::Administer) {
        who::privileged(step, session, Privilege::Unlock)?;
    }
    let queue: QueueRow = step.must(QueueRow::ALARMS)?;
    let mut out = Vec::new();
    for id in queue.first.max(from)..queue.next {
        if out.len() == limit {
            break;
        }
        let row: AlarmRow = step.must(&id.to_be_bytes())?;
        if !row.acknowledged {
            out.push(DeskAlarm {
                id,
                code: ErrorCode::from_number(row.error).ok_or(ErrorCode::StoreCorrupt)?,
                device: row.device.map(DeviceId::from_bytes),
                counter: row.counter,
                at: row.at,
            });
        }
    }
    Ok(out)
}

/// An Administrator acknowledges an alarm: the desk goes on with the counter that raised it. `note`: what was found
/// out.
pub(crate) fn acknowledge(
    step: &mut Step<'_>,
    session: &OperatorSession,
    alarm: u64,
    note: &str,
) -> Result<(), DeskError> {
    step.about.alarm = Some(alarm);
    who::privileged(step, session, Privilege::Administer)?;
    let key = alarm.to_be_bytes();
    let mut row: AlarmRow = step.get(&key)?.ok_or(ErrorCode::AlarmUnknown)?;
    if row.acknowledged {
        return Err(ErrorCode::AlarmUnknown.into());
    }
    with_reason(note)?;
    step.about.device = row.device;
    row.acknowledged = true;
    step.put(&key, &row)?;
    step.remove::<StandingRow>(&row.standing_key())?;
    let mut queue: QueueRow = step.must(QueueRow::ALARMS)?;
    while queue.first < queue.next && step.must::<AlarmRow>(&queue.first.to_be_bytes())?.acknowledged {
        queue.first += 1;
    }
    step.put(QueueRow::ALARMS, &queue)?;
    if let (Some(device), Some(counter)) = (row.device, row.counter)
        && let Some(mut state) = step.get::<DeviceStateRow>(&device)?
    {
        state.expected = Some(counter);
        step.put(&device, &state)?;
    }
    let entry = DeskEntry {
        counter: row.counter,
        error: Some(row.error),
        ..step.entry(DeskEvent::AlarmAcknowledged)
    };
    Ok(step.record_text(entry, note)?)
}
