//! The log's tree as the store has it: full tiles, and at the right edge the entries themselves.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::log::{Nodes, Range, TILE_WIDTH, Tile, TreeHash, leaf_hash, node_hash};
use crate::ports::{DeskView, FullTile, StorageError};

/// Levels of the tree between two levels of tiles.
const HEIGHT: u8 = 8;
/// So many tiles are looked for behind the end: more than one step fills.
const AHEAD: u64 = 16;
/// Levels of tiles: a tree has at most 2^48 leaves.
const LEVELS: u8 = 6;

/// The nodes of a log of `size` entries. What was read last is remembered, since proofs of a page of entries are made of
/// nearly the same nodes: a full tile of each level, and nodes at the right edge, which are made of entries.
pub(crate) struct StoredNodes<'a> {
    store: &'a dyn DeskView,
    size: u64,
    tiles: RefCell<BTreeMap<u8, (u64, Vec<u8>)>>,
    edge: RefCell<BTreeMap<(u8, u64), TreeHash>>,
}

impl<'a> StoredNodes<'a> {
    pub(crate) const fn new(store: &'a dyn DeskView, size: u64) -> Self {
        Self {
            store,
            size,
            tiles: RefCell::new(BTreeMap::new()),
            edge: RefCell::new(BTreeMap::new()),
        }
    }

    /// A node of a full tile.
    fn of_full(&self, tile: &Tile, level: u8, index: u64) -> Result<TreeHash, StorageError> {
        let wrong = || missing(level, index);
        let mut tiles = self.tiles.borrow_mut();
        if tiles
            .get(&tile.level)
            .is_none_or(|(known, _)| *known != tile.index)
        {
            let bytes = self.store.tile(tile.level, tile.index)?.ok_or_else(wrong)?;
            tiles.insert(tile.level, (tile.index, bytes));
        }
        let (_, bytes) = tiles.get(&tile.level).ok_or_else(wrong)?;
        tile.node(bytes, level, index).map_err(|_| wrong())
    }

    /// A node of the tile at the right edge of its level, which is not full yet.
    fn at_edge(&self, tile: &Tile, level: u8, index: u64) -> Result<TreeHash, StorageError> {
        if level == 0 {
            let entries = self.store.entries(index, 1)?;
            let hash = entries.first().map(|entry| leaf_hash(entry));
            return hash.ok_or_else(|| missing(level, index));
        }
        if level.is_multiple_of(HEIGHT) {
            // The root of a full tile of the level below.
            let below = Tile {
                level: tile.level.saturating_sub(1),
                index,
                width: TILE_WIDTH,
            };
            let half = |at| self.of_full(&below, level - 1, 2 * index + at);
            return Ok(node_hash(&half(0)?, &half(1)?));
        }
        Ok(node_hash(
            &self.node(level - 1, 2 * index)?,
            &self.node(level - 1, 2 * index + 1)?,
        ))
    }
}

fn missing(level: u8, index: u64) -> StorageError {
    StorageError::Tampered {
        detail: format!("node {index} of level {level} of the log's tree"),
    }
}

impl Nodes for StoredNodes<'_> {
    type Error = StorageError;

    fn node(&self, level: u8, index: u64) -> Result<TreeHash, StorageError> {
        let tile = Tile::of(level, index, self.size).ok_or_else(|| missing(level, index))?;
        if tile.is_full() {
            return self.of_full(&tile, level, index);
        }
        if let Some(hash) = self.edge.borrow().get(&(level, index)) {
            return Ok(*hash);
        }
        let hash = self.at_edge(&tile, level, index)?;
        self.edge.borrow_mut().insert((level, index), hash);
        Ok(hash)
    }
}

/// Why nothing can be added to a log of `size` entries: its last entry is not there, or an entry or a full tile is where
/// only a next step would write it.
pub(crate) fn wrong_end(store: &dyn DeskView, size: u64) -> Result<Option<String>, StorageError> {
    let last = size.saturating_sub(1);
    match store.entries(last, 2)?.len() {
        1 => {}
        0 => return Ok(Some(format!("entry {last} is not there"))),
        _ => {
            return Ok(Some(format!(
                "an entry behind the log's end, at place {size} or later"
            )));
        }
    }
    for level in 0..LEVELS {
        let next = size >> (u32::from(HEIGHT) * (u32::from(level) + 1));
        for index in next..next.saturating_add(AHEAD) {
            if store.tile(level, index)?.is_some() {
                return Ok(Some(format!(
                    "tile {index} of level {level} behind the log's end"
                )));
            }
        }
    }
    Ok(None)
}

/// Adds entries to a log, and gives the tiles that are full now.
pub(crate) fn append(
    range: &mut Range,
    entries: &[Vec<u8>],
    store: &dyn DeskView,
) -> Result<Vec<FullTile>, StorageError> {
    let before = range.size();
    let full = || StorageError::Full {
        detail: "the log has as many entries as a log can have".into(),
    };
    // Per level of tiles: the hashes that came in now, from which place on.
    let mut fresh: Vec<(u64, Vec<TreeHash>)> = Vec::new();
    for entry in entries {
        range
            .append(leaf_hash(entry), |level, index, hash| {
                if !level.is_multiple_of(HEIGHT) {
                    return;
                }
                let at = usize::from(level / HEIGHT);
                if fresh.len() <= at {
                    fresh.resize_with(at + 1, || (index, Vec::new()));
                }
                if let Some((_, hashes)) = fresh.get_mut(at) {
                    hashes.push(hash);
                }
            })
            .map_err(|_| full())?;
    }
    let width = u64::from(TILE_WIDTH);
    let mut tiles = Vec::new();
    for (level, (first, hashes)) in (0_u8..).zip(&fresh) {
        let end = first + hashes.len() as u64;
        for index in (first / width)..(end / width) {
            let mut bytes = Vec::with_capacity(usize::from(TILE_WIDTH) * 32);
            let start = index * width;
            for hash in older(store, before, level, start, (*first).max(start))? {
                bytes.extend_from_slice(&hash.0);
            }
            let at = usize::try_from(start.saturating_sub(*first)).unwrap_or(usize::MAX);
            let there = hashes.get(at..).unwrap_or_default().iter();
            let more = usize::from(TILE_WIDTH).saturating_sub(bytes.len() / 32);
            there.take(more).for_each(|hash| bytes.extend_from_slice(&hash.0));
            tiles.push(FullTile { level, index, bytes });
        }
    }
    Ok(tiles)
}

/// Hashes `from` to `to` of a level of tiles in the log as it was before, all in one tile.
fn older(
    store: &dyn DeskView,
    before: u64,
    level: u8,
    from: u64,
    to: u64,
) -> Result<Vec<TreeHash>, StorageError> {
    if level > 0 {
        let nodes = StoredNodes::new(store, before);
        return (from..to)
            .map(|place| nodes.node(level * HEIGHT, place))
            .collect();
    }
    let count = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
    let entries = store.entries(from, count)?;
    if entries.len() as u64 != u64::from(count) {
        return Err(missing(0, from));
    }
    Ok(entries.iter().map(|entry| leaf_hash(entry)).collect())
}
