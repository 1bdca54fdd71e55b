//! Limits, queues and what stands in them, and texts that the log has the hash of.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use super::Row;
use crate::ports::{NoticeKind, Table};
use crate::{Channel, LimitRule, PersonNumber, RequestId, UnixTime};

/// A window is counted in this many parts, so that a row stays small however many codes there were.
const PARTS: u64 = 48;
/// So many parts are kept, about two windows: a clock that jumps ahead and is set back has forgotten nothing.
const KEPT: usize = 98;

/// Codes counted of late. A code counts until its part of the window, a 48th, lies wholly before the window: at most
/// that much longer than the rule says, never shorter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct LimitRow {
    /// Parts of the window in which there were codes, oldest first.
    #[n(0)]
    parts: Vec<LimitPart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct LimitPart {
    /// Its last code.
    #[n(0)]
    until: UnixTime,
    #[n(1)]
    codes: u32,
}

impl LimitRow {
    /// How many codes are in the rule's window that ends at `now`. Those of a later time (the clock was set back
    /// since) count too.
    pub(crate) fn count(&self, rule: &LimitRule, now: UnixTime) -> u32 {
        let inside = |part: &&LimitPart| now.seconds_since(part.until) < rule.window_seconds;
        let codes = self.parts.iter().filter(inside).map(|part| part.codes);
        codes.fold(0, u32::saturating_add)
    }

    /// Counts one code. What is in the rule's window no longer is kept for a while, whatever the clock says now.
    pub(crate) fn take(&mut self, rule: &LimitRule, now: UnixTime) {
        let width = (rule.window_seconds / PARTS).max(1);
        match self.parts.last_mut() {
            Some(last) if last.until.0 / width == now.0 / width => {
                last.until = last.until.max(now);
                last.codes = last.codes.saturating_add(1);
            }
            _ => self.parts.push(LimitPart { until: now, codes: 1 }),
        }
        let more = self.parts.len().saturating_sub(KEPT);
        self.parts.drain(..more);
    }
}

impl Row for LimitRow {
    const TABLE: Table = Table::Limits;
}

/// A queue: numbers from `first` on, up to `next`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct QueueRow {
    #[n(0)]
    pub(crate) first: u64,
    #[n(1)]
    pub(crate) next: u64,
}

impl QueueRow {
    /// Names of the queues.
    pub(crate) const ALARMS: &[u8] = b"alarms";
    pub(crate) const OUTBOX: &[u8] = b"outbox";
    pub(crate) const ANNOUNCEMENTS: &[u8] = b"announcements";
}

impl Row for QueueRow {
    const TABLE: Table = Table::Queues;
}

/// Something that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AlarmRow {
    /// A row of the error table.
    #[n(0)]
    pub(crate) error: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) device: Option<[u8; 10]>,
    #[n(2)]
    pub(crate) counter: Option<u16>,
    #[n(3)]
    pub(crate) at: UnixTime,
    #[n(4)]
    pub(crate) acknowledged: bool,
}

impl AlarmRow {
    /// By what it is found as long as it stands.
    pub(crate) fn standing_key(&self) -> Vec<u8> {
        let mut key = self.error.to_be_bytes().to_vec();
        key.extend(self.device.into_iter().flatten());
        key.extend(self.counter.into_iter().flat_map(u16::to_be_bytes));
        key
    }
}

impl Row for AlarmRow {
    const TABLE: Table = Table::Alarms;
}

/// The number of an alarm that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct StandingRow {
    #[n(0)]
    pub(crate) alarm: u64,
}

impl Row for StandingRow {
    const TABLE: Table = Table::StandingAlarms;
}

/// A notice that is to be sent, or was.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct NoticeRow {
    #[n(0)]
    pub(crate) kind: NoticeKind,
    #[n(1)]
    pub(crate) user: PersonNumber,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) device: Option<[u8; 10]>,
    #[n(3)]
    pub(crate) request: Option<RequestId>,
    #[n(4)]
    pub(crate) operator: PersonNumber,
    #[n(5)]
    pub(crate) at: UnixTime,
    /// The same each time that it is sent, so that a receiver can tell a repetition.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) message_id: [u8; 16],
    #[n(7)]
    pub(crate) tries: u32,
    /// Where it goes; those of the user where there is none.
    #[n(8)]
    pub(crate) channel: Option<Channel>,
}

impl Row for NoticeRow {
    const TABLE: Table = Table::Outbox;
}

/// What every Administrator is told: an entry of the log, and from when on it holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AnnouncementRow {
    /// The entry's place.
    #[n(0)]
    pub(crate) entry: u64,
    #[n(1)]
    pub(crate) event: u16,
    #[n(2)]
    pub(crate) at: UnixTime,
    #[n(3)]
    pub(crate) operator: Option<PersonNumber>,
    /// The operator whom it is about.
    #[n(4)]
    pub(crate) about: Option<PersonNumber>,
    #[n(5)]
    pub(crate) user: Option<PersonNumber>,
    /// The hash of the entry's text.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) text: Option<[u8; 32]>,
    /// From when on what is announced holds, where it rests.
    #[n(7)]
    pub(crate) due: Option<UnixTime>,
}

impl Row for AnnouncementRow {
    const TABLE: Table = Table::Announcements;
}

/// A text that an entry has the hash of. Where it was erased there is no row.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct TextRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 32],
    #[n(1)]
    pub(crate) text: String,
}

impl Row for TextRow {
    const TABLE: Table = Table::Texts;
}
