//! What every Administrator is told: that a change which loosens is asked for or was let hold at once, that a clock was
//! accepted, that a backup was put in place. Operators have no channels, so each finds it when they sign in, until they
//! have read it.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::{lookup, who};
use crate::ports::StorageError;
use crate::record::{DeskEntry, DeskEvent, text_hash};
use crate::rows::{AnnouncementRow, OperatorRow, QueueRow};
use crate::step::Step;
use crate::{Announcement, DeskError, OperatorSession, PersonNumber, Privilege, UnixTime};

/// Announces the entry that was recorded last. `due`: from when on it holds, where it rests.
pub(crate) fn last_entry(step: &mut Step<'_>, due: Option<UnixTime>) -> Result<(), StorageError> {
    let Some((place, entry)) = step.last_entry() else {
        return Ok(());
    };
    let row = AnnouncementRow {
        entry: place,
        event: entry.event.number(),
        at: step.now(),
        operator: entry.operator,
        about: entry.second_operator,
        user: entry.user,
        text: entry.text,
        due,
    };
    let mut queue: QueueRow = step.must(QueueRow::ANNOUNCEMENTS)?;
    step.put(&queue.next.to_be_bytes(), &row)?;
    queue.next += 1;
    step.put(QueueRow::ANNOUNCEMENTS, &queue)
}

/// What many changes in one step loosen, of which every Administrator is told once.
#[derive(Debug, Default)]
pub(crate) struct Loosened {
    count: u32,
    due: Option<UnixTime>,
}

/// Announces the entry that was recorded last, by itself or, later, with the others.
pub(crate) fn loosening(
    step: &mut Step<'_>,
    due: Option<UnixTime>,
    together: Option<&mut Loosened>,
) -> Result<(), StorageError> {
    let Some(together) = together else {
        return last_entry(step, due);
    };
    together.count += 1;
    together.due = due;
    Ok(())
}

/// Announces them together: in an entry of its own, which says how many they are.
pub(crate) fn together(step: &mut Step<'_>, loosened: &Loosened) -> Result<(), StorageError> {
    if loosened.count == 0 {
        return Ok(());
    }
    step.about.user = None;
    let entry = DeskEntry {
        count: Some(loosened.count),
        ..step.entry(DeskEvent::UserChanged)
    };
    step.record_text(entry, "several users at once")?;
    last_entry(step, loosened.due)
}

/// The number of the next one.
pub(crate) fn next(step: &Step<'_>) -> Result<u64, StorageError> {
    Ok(step.must::<QueueRow>(QueueRow::ANNOUNCEMENTS)?.next)
}

/// Those that the session's Administrator has not read, oldest first.
pub(crate) fn unread(
    step: &mut Step<'_>,
    session: &OperatorSession,
    limit: usize,
) -> Result<Vec<Announcement>, DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let operator: OperatorRow = step.must(&actor.number.0)?;
    (operator.unread..next(step)?)
        .take(limit)
        .map(|number| shown(step, number))
        .collect()
}

fn shown(step: &Step<'_>, number: u64) -> Result<Announcement, DeskError> {
    let row: AnnouncementRow = step.must(&number.to_be_bytes())?;
    let name = |person: Option<PersonNumber>| match person {
        Some(person) => lookup::name_of(step, person),
        None => Ok(None),
    };
    let text = match row.text {
        Some(hash) => lookup::entry_text(step, row.entry)?
            .filter(|text| text_hash(&text.salt, &text.text) == hash)
            .map(|text| text.text),
        None => None,
    };
    Ok(Announcement {
        number,
        entry: row.entry,
        event: DeskEvent::from_number(row.event).ok_or(ErrorCode::StoreCorrupt)?,
        at: row.at,
        operator: name(row.operator)?,
        about: name(row.about)?,
        user: name(row.user)?,
        text,
        due: row.due,
    })
}

/// Records that the session's Administrator has read those up to `last`, which are not shown to them again.
pub(crate) fn read(step: &mut Step<'_>, session: &OperatorSession, last: u64) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let mut operator: OperatorRow = step.must(&actor.number.0)?;
    if last < operator.unread || last >= next(step)? {
        return Err(ErrorCode::InvalidArgument.into());
    }
    let unread = last + 1;
    let count = u32::try_from(unread - operator.unread).unwrap_or(u32::MAX);
    operator.unread = unread;
    step.put(&actor.number.0, &operator)?;
    let entry = DeskEntry {
        count: Some(count),
        ..step.entry(DeskEvent::AnnouncementsRead)
    };
    step.record(entry);
    Ok(())
}
