//! The whole log, verified.

use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::{LogReport, LogState};
use crate::log::{Range, Tile, TreeHash, TreeHead, leaf_hash};
use crate::ports::{DeskTransaction, StorageError, Table};
use crate::record::{DeskEntry, DeskEvent, LogId, text_hash};
use crate::rows::{TextRow, from_blob};
use crate::step::StoredNodes;
use crate::{DeskError, UnixTime};

/// How many entries are read at a time.
const CHUNK: u32 = 256;

pub(super) fn broken(place: u64) -> StorageError {
    StorageError::AuditBroken {
        detail: format!("entry {place}"),
    }
}

/// Entry after entry.
pub(super) fn whole(
    txn: &dyn DeskTransaction,
    state: &LogState,
    checkpoints: &[TreeHead],
) -> Result<LogReport, DeskError> {
    let mut range = Range::empty();
    let mut latest = UnixTime(0);
    let mut log_id = None;
    while range.size() < state.size {
        let entries = txn.entries(range.size(), CHUNK)?;
        if entries.is_empty() {
            return Err(broken(range.size()).into());
        }
        for bytes in entries {
            let place = range.size();
            if place == state.size {
                break;
            }
            let entry = DeskEntry::from_bytes(&bytes).map_err(|_| broken(place))?;
            let before = log_id.unwrap_or(entry.log_id);
            if log_id.is_none() {
                agree(checkpoints, before, &range)?;
            }
            let back = entry.at < latest && entry.event != DeskEvent::ClockAccepted;
            if entry.sequence != place || back || !goes_on(txn, &entry, before, &range)? {
                return Err(broken(place).into());
            }
            latest = entry.at;
            log_id = Some(entry.log_id);
            range
                .append(leaf_hash(&bytes), |_, _, _| ())
                .map_err(|_| broken(place))?;
            agree(checkpoints, entry.log_id, &range)?;
        }
    }
    if range.root() != state.root || log_id != Some(state.log_id) {
        return Err(broken(state.size).into());
    }
    tiles(txn, state.size)?;
    let covered = checkpoints.iter().map(|head| head.size).max().unwrap_or(0);
    if covered > state.size {
        return Err(ErrorCode::AuditCheckpoint.into());
    }
    Ok(LogReport {
        state: state.clone(),
        covered,
    })
}

/// Whether an entry is of the log `before`, or the first one of a log that goes on from it: then it names its head.
fn goes_on(
    txn: &dyn DeskTransaction,
    entry: &DeskEntry,
    before: LogId,
    range: &Range,
) -> Result<bool, DeskError> {
    if entry.event != DeskEvent::LogRestored {
        return Ok(entry.log_id == before);
    }
    let row = txn.row(Table::Texts, &range.size().to_be_bytes())?;
    let row: Option<TextRow> = row.and_then(|blob| from_blob(&blob).ok());
    let named = row
        .filter(|row| entry.text == Some(text_hash(&row.salt, &row.text)))
        .and_then(|row| named_head(&row.text));
    let head = TreeHead {
        origin: before.origin()?,
        size: range.size(),
        root: range.root(),
    };
    Ok(entry.log_id != before && named == Some(head))
}

/// The head in front of a LogRestored entry's note.
fn named_head(text: &str) -> Option<TreeHead> {
    let (head, _) = text.split_once("\n\n")?;
    TreeHead::parse(&format!("{head}\n")).ok()
}

/// Whether every checkpoint of this size is of the log as it was then.
fn agree(checkpoints: &[TreeHead], log_id: LogId, range: &Range) -> Result<(), DeskError> {
    let mut here = checkpoints
        .iter()
        .filter(|head| head.size == range.size())
        .peekable();
    if here.peek().is_none() {
        return Ok(());
    }
    let origin = log_id.origin()?;
    if here.any(|head| head.origin != origin || head.root != range.root()) {
        return Err(ErrorCode::AuditCheckpoint.into());
    }
    Ok(())
}

/// Each full tile is what the entries, or the tiles below it, make it.
fn tiles(txn: &dyn DeskTransaction, size: u64) -> Result<(), DeskError> {
    let mut level = 0;
    let mut count = size >> 8;
    while count > 0 {
        for index in 0..count {
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
