//! What one entry after another must be (docs/protocol/audit.md, "Rules between entries"), and the checkpoints that are
//! compared on the way.

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::{DeskEntry, DeskEvent, EntryFault, LogId};
use crate::UnixTime;
use crate::log::{Range, TreeHead};

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

/// Reads a log's entries in their order, from the first on.
#[derive(Clone, Debug, Default)]
pub struct EntryOrder {
    log_id: Option<LogId>,
    next: u64,
    latest: UnixTime,
}

impl EntryOrder {
    /// The place of the entry that comes next.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The id of the log as it is up to the last entry that was read; `None` before the first.
    #[must_use]
    pub const fn log_id(&self) -> Option<LogId> {
        self.log_id
    }

    /// Reads the next entry.
    ///
    /// # Errors
    /// [`OrderFault`] where it is not the one that belongs there.
    pub fn read(&mut self, bytes: &[u8]) -> Result<DeskEntry, OrderFault> {
        let entry = DeskEntry::from_bytes(bytes)?;
        // A restored log goes on under another id.
        let goes_on = self
            .log_id
            .is_none_or(|before| (entry.log_id != before) == (entry.event == DeskEvent::LogRestored));
        if !goes_on {
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
        self.log_id = Some(entry.log_id);
        Ok(entry)
    }

    /// The first of `heads` that ends here and is not of this log; `range` is the tree of the entries up to here.
    pub(crate) fn disagreeing<'a>(
        &self,
        heads: impl IntoIterator<Item = &'a TreeHead>,
        range: &Range,
    ) -> Option<HeadFault> {
        heads.into_iter().find_map(|head| {
            let size = head.size;
            let root = match size {
                // The first entry shows which log it is that had none.
                0 if range.size() <= 1 => Range::empty().root(),
                _ if size == range.size() => range.root(),
                _ => return None,
            };
            let other = self.log_id.is_some_and(|log_id| log_id.origin() != head.origin);
            match (other, root == head.root) {
                (true, _) => Some(HeadFault::Origin(size)),
                (false, false) => Some(HeadFault::Root(size)),
                (false, true) => None,
            }
        })
    }
}

/// Why a checkpoint is not of a log, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    /// It has the name of another one.
    Origin(u64),
    /// Its root is another.
    Root(u64),
}
