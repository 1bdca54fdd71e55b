//! Notices to owners, through the outbox: queued in the transaction of what they tell, sent between two others, at
//! least once.

use fido_unlock_protocol::DeviceId;

use super::who;
use crate::ports::NoticeKind;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{NoticeRow, QueueRow, RequestRow};
use crate::step::Step;
use crate::{Channel, DeskError, OperatorId, PersonNumber, RequestId, UnixTime, User};

/// A notice is given up after so many tries.
const MOST_TRIES: u32 = 8;

/// Queues a notice to the owner.
pub(crate) fn queue(
    step: &mut Step<'_>,
    kind: NoticeKind,
    request: RequestId,
    row: &RequestRow,
    operator: PersonNumber,
) -> Result<(), DeskError> {
    let notice = NoticeRow {
        kind,
        user: row.user,
        device: Some(row.device),
        request: Some(request),
        operator,
        at: step.now(),
        message_id: step.random(),
        tries: 0,
        channel: None,
    };
    push(step, &notice)
}

/// Queues a notice to the manager of a request's user, that they are asked.
pub(crate) fn manager_asked(
    step: &mut Step<'_>,
    request: RequestId,
    row: &RequestRow,
    manager: PersonNumber,
) -> Result<(), DeskError> {
    let notice = NoticeRow {
        kind: NoticeKind::ManagerAsked,
        user: manager,
        device: Some(row.device),
        request: Some(request),
        operator: row.operator,
        at: step.now(),
        message_id: step.random(),
        tries: 0,
        channel: None,
    };
    push(step, &notice)
}

/// Queues a notice that a user's channels changed, to each that they had before and each that is new.
pub(crate) fn channels_changed(
    step: &mut Step<'_>,
    user: PersonNumber,
    operator: PersonNumber,
    old: &[Channel],
    new: &[Channel],
) -> Result<(), DeskError> {
    let there = |channel: &&Channel| old.iter().all(|old| !channel.same_way(old));
    for channel in old.iter().chain(new.iter().filter(there)) {
        let notice = NoticeRow {
            kind: NoticeKind::ChannelChanged,
            user,
            device: None,
            request: None,
            operator,
            at: step.now(),
            message_id: step.random(),
            tries: 0,
            channel: Some(channel.clone()),
        };
        push(step, &notice)?;
    }
    Ok(())
}

fn push(step: &mut Step<'_>, notice: &NoticeRow) -> Result<(), DeskError> {
    let mut queue: QueueRow = step.must(QueueRow::OUTBOX)?;
    step.put(&queue.next.to_be_bytes(), notice)?;
    queue.next += 1;
    Ok(step.put(QueueRow::OUTBOX, &queue)?)
}

/// The next notice to send.
pub(crate) struct Due {
    pub(crate) number: u64,
    pub(crate) kind: NoticeKind,
    /// `None` where the user was erased since.
    pub(crate) user: Option<User>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) request: Option<RequestId>,
    pub(crate) channel: Option<Channel>,
    pub(crate) operator: OperatorId,
    pub(crate) at: UnixTime,
    pub(crate) message_id: [u8; 16],
}

/// Reads the next one.
pub(crate) fn next(step: &Step<'_>) -> Result<Option<Due>, DeskError> {
    let queue: QueueRow = step.must(QueueRow::OUTBOX)?;
    if queue.first == queue.next {
        return Ok(None);
    }
    let row: NoticeRow = step.must(&queue.first.to_be_bytes())?;
    Ok(Some(Due {
        number: queue.first,
        kind: row.kind,
        user: who::known_user(step, row.user)?,
        device: row.device.map(DeviceId::from_bytes),
        request: row.request,
        channel: row.channel,
        operator: who::operator_name(step, row.operator)?,
        at: row.at,
        message_id: row.message_id,
    }))
}

/// Why a notice was not handed over.
#[derive(Clone, Copy)]
pub(crate) enum Unsent<'a> {
    /// It goes to the end of the queue until it is given up.
    Failed(&'a str),
    /// Its user was erased since, so nobody is left to tell.
    Nobody,
}

/// Records what became of it.
pub(crate) fn sent(step: &mut Step<'_>, number: u64, failure: Option<Unsent<'_>>) -> Result<(), DeskError> {
    let mut queue: QueueRow = step.must(QueueRow::OUTBOX)?;
    if queue.first != number {
        // Another instance was faster.
        return Ok(());
    }
    let mut row: NoticeRow = step.must(&number.to_be_bytes())?;
    step.about = DeskEntry {
        operator: Some(row.operator),
        user: Some(row.user),
        device: row.device,
        request: row.request,
        ..DeskEntry::of(DeskEvent::NoticeSent)
    };
    step.remove::<NoticeRow>(&number.to_be_bytes())?;
    queue.first += 1;
    match failure {
        None => {
            let entry = step.entry(DeskEvent::NoticeSent);
            step.record(entry);
        }
        Some(unsent) => {
            row.tries += 1;
            let why = match unsent {
                Unsent::Failed(why) if row.tries < MOST_TRIES => {
                    step.put(&queue.next.to_be_bytes(), &row)?;
                    queue.next += 1;
                    why
                }
                Unsent::Failed(why) => why,
                Unsent::Nobody => "the user was erased",
            };
            let entry = DeskEntry {
                count: Some(row.tries),
                ..step.entry(DeskEvent::NoticeFailed)
            };
            step.record_text(entry, why)?;
        }
    }
    Ok(step.put(QueueRow::OUTBOX, &queue)?)
}
