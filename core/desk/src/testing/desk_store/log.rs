//! The log's entries and tiles.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::rows::entry;
use super::{Bench, commit};
use crate::ports::FullTile;
use crate::testing::{ContractError, ensure};

pub(super) fn entries(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    for count in [1, 2, 0, 300] {
        let mut batch = bench.batch(Vec::new());
        for number in (batch.first_entry..).take(count) {
            // The length shows in each order that is not theirs.
            let text = format!("entry {number}{}", "\0".repeat(number as usize));
            batch.entries.push(entry(text.as_bytes(), number));
        }
        commit(&mut store, &batch)?;
        bench
            .entries
            .extend(batch.entries.into_iter().map(|entry| entry.bytes));
    }
    drop(store);
    let mut store = bench.open()?;
    let txn = store.begin()?;
    let size = bench.entries.len() as u64;
    for (from, count) in [
        (0, u32::MAX),
        (0, 0),
        (0, 1),
        (2, 1),
        (1, 2),
        (100, 200),
        (size - 2, 5),
        (size, 5),
        (u64::MAX, 5),
    ] {
        let there = bench
            .entries
            .iter()
            .skip(usize::try_from(from).unwrap_or(usize::MAX));
        let there: Vec<_> = there.take(count as usize).cloned().collect();
        ensure(
            txn.entries(from, count)? == there,
            "entries come back in their order, from a place on, as many as asked for, as they were",
        )?;
        let kept = txn.kept_entries(from, count)?;
        let right = there
            .iter()
            .zip(from..)
            .zip(&kept)
            .all(|((bytes, number), kept)| {
                kept.bytes == *bytes && kept.columns == Some(entry(bytes, number).columns)
            });
        ensure(
            kept.len() == there.len() && right,
            "entries come back with the columns that were written beside each",
        )?;
    }
    Ok(())
}

pub(super) fn tiles(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let tile = |level: u8, index: u64| FullTile {
        level,
        index,
        bytes: vec![level * 16 + index as u8; 256 * 32],
    };
    let mut store = bench.open()?;
    for tiles in [
        vec![tile(0, 0)],
        vec![tile(0, 1), tile(1, 0), tile(1, 1), tile(2, 0)],
    ] {
        let mut batch = bench.batch(Vec::new());
        batch.tiles = tiles;
        commit(&mut store, &batch)?;
    }
    drop(store);
    let mut store = bench.open()?;
    let txn = store.begin()?;
    for (level, index) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)] {
        ensure(
            txn.tile(level, index)? == Some(tile(level, index).bytes),
            "a tile comes back by its level and place, as it was",
        )?;
    }
    for (level, index) in [(0, 2), (2, 1), (7, 0), (u8::MAX, u64::MAX)] {
        ensure(txn.tile(level, index)?.is_none(), "an unknown tile is none")?;
    }
    Ok(())
}
