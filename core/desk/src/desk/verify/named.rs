//! Which rows there may be, by what the log and other rows say. A missing row has left its place in the map alone, and
//! that is a hash.

use alloc::vec::Vec;

use fido_unlock_protocol::Challenge;
use fido_unlock_protocol::suite::Suite;

use super::pages::each_of;
use crate::LimitKind;
use crate::ports::{DeskView, StorageError, Table};
use crate::record::DeskEntry;
use crate::rows::{AlarmRow, OperatorRow, QueueRow, UserRow, from_blob};
use crate::{PersonNumber, UnixTime};

/// How many entries are read at a time.
const CHUNK: u32 = 256;

type Name<'a> = dyn FnMut(Table, &[u8]) + 'a;

/// Names every row that a log of `size` entries, users and operators speak of.
pub(super) fn rows(view: &dyn DeskView, size: u64, name: &mut Name<'_>) -> Result<(), StorageError> {
    for table in [Table::Settings, Table::Licence, Table::Counts] {
        name(table, b"");
    }
    for queue in [QueueRow::ALARMS, QueueRow::OUTBOX, QueueRow::ANNOUNCEMENTS] {
        name(Table::Queues, queue);
    }
    for slot in 0..=u8::MAX {
        name(Table::Slots, &[slot]);
    }
    // Of devices without an issuer's key.
    limit(LimitKind::Issuer, &[0; 32], name);
    let mut place = 0;
    while place < size {
        let entries = view.entries(place, CHUNK)?;
        if entries.is_empty() {
            break;
        }
        for bytes in entries {
            // No queue has had more rows than the log has entries.
            name(Table::Outbox, &place.to_be_bytes());
            name(Table::Announcements, &place.to_be_bytes());
            if let Ok(entry) = DeskEntry::from_bytes(&bytes) {
                of_entry(&entry, name);
            }
            place += 1;
        }
    }
    each_of(view, Table::Users, &mut |kept| {
        if let Some(row) = kept.row.and_then(|row| from_blob::<UserRow>(&row).ok()) {
            name(Table::UserNames, row.id.as_bytes());
        }
        Ok(())
    })?;
    each_of(view, Table::Operators, &mut |kept| {
        if let Some(row) = kept.row.and_then(|row| from_blob::<OperatorRow>(&row).ok()) {
            name(Table::OperatorNames, row.name.as_bytes());
            for session in &row.sessions {
                name(Table::Sessions, &session[..]);
            }
            for passkey in &row.passkeys {
                name(Table::Passkeys, &passkey[..]);
            }
        }
        Ok(())
    })
}

fn of_entry(entry: &DeskEntry, name: &mut Name<'_>) {
    let people = [entry.operator, entry.second_operator, entry.user];
    for PersonNumber(number) in people.into_iter().flatten() {
        name(Table::Users, &number);
        name(Table::Operators, &number);
        name(Table::BackOff, &number);
        limit(LimitKind::Operator, &number, name);
    }
    if let Some(device) = entry.device {
        name(Table::Devices, &device);
        name(Table::DeviceStates, &device);
        limit(LimitKind::Device, &device, name);
    }
    if let Some(request) = entry.request {
        name(Table::Requests, request.as_bytes());
    }
    let suite = entry.suite.and_then(Suite::from_number);
    if let (Some(suite), Some(challenge)) = (suite, &entry.challenge)
        && let Ok(challenge) = Challenge::from_bytes(suite, challenge)
    {
        name(Table::Answered, &challenge.nonce());
    }
    if let Some(issuer) = entry.issuer {
        name(Table::Issuers, &issuer);
        limit(LimitKind::Issuer, &issuer, name);
    }
    if let (Some(alarm), Some(error)) = (entry.alarm, entry.error) {
        name(Table::Alarms, &alarm.to_be_bytes());
        let row = AlarmRow {
            error,
            device: entry.device,
            counter: entry.counter,
            at: UnixTime(0),
            acknowledged: false,
        };
        name(Table::StandingAlarms, &row.standing_key());
    }
}

fn limit(kind: LimitKind, subject: &[u8], name: &mut Name<'_>) {
    let key: Vec<u8> = [&[kind as u8], subject].concat();
    name(Table::Limits, &key);
}
