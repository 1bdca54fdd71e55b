//! What a process, or an anchor beside the keys, has seen of the log: a store that is older was set back.

use alloc::format;

use crate::log::{Range, leaf_hash};
use crate::ports::{DeskView, StorageError};
use crate::record::LogId;
use crate::step::Head;

/// How many entries are read at a time.
const CHUNK: u32 = 256;

/// A log as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLog {
    /// Which.
    pub log_id: LogId,
    /// How far it reached.
    pub range: Range,
}

impl SeenLog {
    pub(crate) fn of(head: &Head) -> Self {
        Self {
            log_id: head.log_id,
            range: head.range.clone(),
        }
    }

    /// Whether the log as it stands goes on from this one. Reads what was added since.
    pub(crate) fn goes_on(&self, head: &Head, store: &dyn DeskView) -> Result<(), StorageError> {
        let set_back = || StorageError::SetBack {
            detail: format!(
                "{} entries were seen, {} are there",
                self.range.size(),
                head.range.size()
            ),
        };
        if head.log_id != self.log_id || head.range.size() < self.range.size() {
            return Err(set_back());
        }
        let mut range = self.range.clone();
        while range.size() < head.range.size() {
            let entries = store.entries(range.size(), CHUNK)?;
            if entries.is_empty() {
                return Err(StorageError::Tampered {
                    detail: format!("entry {} of the log is not there", range.size()),
                });
            }
            for entry in entries {
                if range.size() == head.range.size() {
                    break;
                }
                range
                    .append(leaf_hash(&entry), |_, _, _| ())
                    .map_err(|_| set_back())?;
            }
        }
        if range.root() == head.range.root() {
            Ok(())
        } else {
            Err(set_back())
        }
    }
}
