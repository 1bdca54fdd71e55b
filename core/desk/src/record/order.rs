//! What one entry after another must be (docs/protocol/audit.md, "Rules between entries").

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::{DeskEntry, DeskEvent, EntryFault, LogId};
use crate::UnixTime;

/// Why an entry is not the one that belongs at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderFault {
    /// Its bytes are none.
    #[error(transparent)]
    Entry(#[from] EntryFault),
    /// It is another log's.
    #[error("it is of another log")]
    Log,
    /// It has another number.
    #[error("it says that it stands elsewhere")]
    Place,
    /// It is earlier than the one before.
    #[error("it is earlier than the one before")]
    Time,
}

impl HasCode for OrderFault {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Entry(fault) => fault.code(),
            Self::Log | Self::Place | Self::Time => ErrorCode::AuditBroken,
        }
    }
}

/// Reads a log's entries in their order.
#[derive(Clone, Debug)]
pub struct EntryOrder {
    log_id: LogId,
    next: u64,
    latest: UnixTime,
}

impl EntryOrder {
    /// From the first entry of a log on.
    #[must_use]
    pub const fn new(log_id: LogId) -> Self {
        Self {
            log_id,
            next: 0,
            latest: UnixTime(0),
        }
    }

    /// The place of the entry that comes next.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Reads the next entry.
    ///
    /// # Errors
    /// [`OrderFault`] where it is not the one that belongs there.
    pub fn read(&mut self, bytes: &[u8]) -> Result<DeskEntry, OrderFault> {
        let entry = DeskEntry::from_bytes(bytes)?;
        if entry.log_id != self.log_id {
            return Err(OrderFault::Log);
        }
        if entry.sequence != self.next {
            return Err(OrderFault::Place);
        }
        if entry.at < self.latest && entry.event != DeskEvent::ClockAccepted {
            return Err(OrderFault::Time);
        }
        self.next = self.next.saturating_add(1);
        self.latest = entry.at;
        Ok(entry)
    }
}
