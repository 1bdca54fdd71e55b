//! The whole desk, verified: its log here, and its rows.

mod found;
mod named;
mod pages;
mod rows;

use alloc::format;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use fido_unlock_protocol::error::ErrorCode;

use super::{LogReport, LogState};
use crate::DeskError;
use crate::log::{Range, Tile, TreeHash, TreeHead, leaf_hash};
use crate::ports::{DeskView, EntryColumns, KeptEntry, StorageError, Table};
use crate::record::{DeskEntry, DeskEvent, EntryFault, EntryOrder, LogId, OrderFault, names_head, text_hash};
use crate::rows::{TextRow, from_blob};
use crate::step::{Head, StoredNodes, wrong_end};

/// How many entries are read at a time.
const CHUNK: u32 = 256;

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyProgress {
    /// Entries of the log.
    Entries {
        /// So many are right.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Full tiles of the log's tree.
    Tiles {
        /// So many are right.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Rows, of which nobody has counted how many there are.
    Rows {
        /// So many were looked at.
        done: u64,
    },
}

/// Is told how far it has come, and says whether it goes on.
pub(super) type Watch<'a> = dyn FnMut(VerifyProgress) -> ControlFlow<()> + 'a;

fn tell(watch: &mut Watch<'_>, progress: VerifyProgress) -> Result<(), DeskError> {
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ErrorCode::Cancelled.into()),
    }
}

pub(super) fn broken(place: u64) -> StorageError {
    StorageError::AuditBroken {
        detail: format!("entry {place}"),
    }
}

pub(super) fn wrong(place: u64, fault: OrderFault) -> StorageError {
    let detail = format!("entry {place}: {fault}");
    match fault {
        OrderFault::Entry(EntryFault::Version) => StorageError::Version { detail },
        _ => StorageError::AuditBroken { detail },
    }
}

/// A column beside an entry is not the entry's, or it is not found by it.
pub(super) fn misfiled(place: u64) -> StorageError {
    StorageError::AuditBroken {
        detail: format!("entry {place}: a column beside it says something else"),
    }
}

/// Log and rows.
pub(super) fn whole(
    view: &dyn DeskView,
    head: &Head,
    checkpoints: &[TreeHead],
    watch: &mut Watch<'_>,
) -> Result<LogReport, DeskError> {
    let state = LogState::of(head);
    let covered = log(view, &state, checkpoints, watch)?;
    Ok(LogReport {
        state,
        covered,
        rows: rows::rows(view, head, watch)?,
    })
}

/// Entry after entry, and the columns beside each. Gives how many of them `checkpoints` cover.
fn log(
    txn: &dyn DeskView,
    state: &LogState,
    checkpoints: &[TreeHead],
    watch: &mut Watch<'_>,
) -> Result<u64, DeskError> {
    let mut range = Range::empty();
    let mut order = EntryOrder::default();
    let mut found = found::Found::default();
    // It is told when all else is right: what somebody has done to the entries themselves counts more.
    let mut filed_elsewhere = None;
    while range.size() < state.size {
        let (done, of) = (range.size(), state.size);
        tell(watch, VerifyProgress::Entries { done, of })?;
        let entries = txn.kept_entries(range.size(), CHUNK)?;
        if entries.is_empty() {
            return Err(broken(range.size()).into());
        }
        for KeptEntry { bytes, columns } in entries {
            let place = range.size();
            if place == state.size {
                break;
            }
            let before = order.log_id();
            let entry = order.read(&bytes).map_err(|fault| wrong(place, fault))?;
            if let (Some(before), DeskEvent::LogRestored) = (before, entry.event) {
                goes_on(txn, &entry, before, &range)?;
            }
            let own = EntryColumns::of(&entry);
            if columns != Some(own) || !found.goes_on(txn, place, &own)? {
                filed_elsewhere.get_or_insert(place);
            }
            range
                .append(leaf_hash(&bytes), |_, _, _| ())
                .map_err(|_| broken(place))?;
            if order.disagreeing(checkpoints, &range).is_some() {
                return Err(ErrorCode::AuditCheckpoint.into());
            }
        }
    }
    if range.root() != state.root || order.log_id() != Some(state.log_id) {
        return Err(broken(state.size).into());
    }
    nothing_behind(txn, state.size)?;
    tiles(txn, state.size, watch)?;
    let covered = checkpoints.iter().map(|head| head.size).max().unwrap_or(0);
    if covered > state.size {
        return Err(ErrorCode::AuditCheckpoint.into());
    }
    if let Some(place) = filed_elsewhere.or(found.unfound(txn, state.size)?) {
        return Err(misfiled(place).into());
    }
    Ok(covered)
}

/// The first entry of a log that goes on from `before` names the head that it had.
fn goes_on(txn: &dyn DeskView, entry: &DeskEntry, before: LogId, range: &Range) -> Result<(), DeskError> {
    let row = txn.row(Table::Texts, &range.size().to_be_bytes())?;
    let row: Option<TextRow> = row.and_then(|blob| from_blob(&blob).ok());
    let row = row.filter(|row| entry.text == Some(text_hash(&row.salt, &row.text)));
    let head = before.head(range);
    if row.is_some_and(|row| names_head(&row.text, &head)) {
        Ok(())
    } else {
        Err(broken(range.size()).into())
    }
}

/// The log ends where the head says.
fn nothing_behind(txn: &dyn DeskView, size: u64) -> Result<(), DeskError> {
    match wrong_end(txn, size)? {
        Some(detail) => Err(StorageError::AuditBroken { detail }.into()),
        None => Ok(()),
    }
}

/// Each full tile is what the entries, or the tiles below it, make it.
fn tiles(txn: &dyn DeskView, size: u64, watch: &mut Watch<'_>) -> Result<(), DeskError> {
    let mut level = 0;
    let mut count = size >> 8;
    while count > 0 {
        for index in 0..count {
            if level == 0 {
                let (done, of) = (index, count);
                tell(watch, VerifyProgress::Tiles { done, of })?;
            }
            let first = index << 8;
            let hashes: Vec<TreeHash> = if level == 0 {
                txn.entries(first, 256)?
                    .iter()
                    .map(|entry| leaf_hash(entry))
                    .collect()
            } else {
                let nodes = StoredNodes::new(txn, size);
                let below =
                    |place| crate::log::subtree(&nodes, place << (8 * level), (place + 1) << (8 * level));
                (first..first + 256).map(below).collect::<Result<_, _>>()?
            };
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            if txn.tile(level, index)?.as_ref() != Some(&bytes) {
                let tile = Tile {
                    level,
                    index,
                    width: 256,
                };
                return Err(StorageError::AuditBroken { detail: tile.path() }.into());
            }
        }
        level += 1;
        count >>= 8;
    }
    Ok(())
}
