//! The log's entries and tiles.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::rows::entry;
use super::{Bench, commit};
use crate::ports::{EntryKey, FullTile};
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

/// By what stands beside them. The entries are those of [`entries`], and a few whose device is an operator's number.
pub(super) fn found(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let mut batch = bench.batch(Vec::new());
    for number in (batch.first_entry..).take(3) {
        let mut entry = entry(b"found", number);
        entry.columns.event = 7;
        entry.columns.operator = Some([2; 10]);
        entry.columns.device = Some([1; 10]);
        batch.entries.push(entry);
    }
    commit(&mut store, &batch)?;
    let first = batch.first_entry;
    bench
        .entries
        .extend(batch.entries.into_iter().map(|entry| entry.bytes));
    drop(store);
    let mut store = bench.open()?;
    let txn = store.begin()?;
    let size = bench.entries.len() as u64;
    let columns = |place: u64| {
        let kept = txn.kept_entries(place, 1)?.pop();
        let columns = kept.and_then(|kept| kept.columns);
        columns.ok_or(ContractError::Broken("entries come back with their columns"))
    };
    let all = (0..size).map(columns).collect::<Result<Vec<_>, _>>()?;
    for key in [
        EntryKey::Operator([1; 10]),
        EntryKey::Operator([2; 10]),
        EntryKey::Operator([9; 10]),
        EntryKey::Device([1; 10]),
        EntryKey::Device([2; 10]),
        EntryKey::Event(7),
        EntryKey::Event(u16::MAX),
    ] {
        for (before, limit) in [
            (u64::MAX, u32::MAX),
            (size, 2),
            (first + 1, 1),
            (first + 1, 300),
            (8, 5),
            (7, 5),
            (7, 0),
            (0, 5),
        ] {
            let places = (0..before).zip(&all).filter(|(_, columns)| key.is_of(columns));
            let mut there: Vec<u64> = places.map(|(place, _)| place).collect();
            there.reverse();
            there.truncate(limit as usize);
            ensure(
                txn.entries_with(&key, before, limit)? == there,
                "entries are found by what stands beside them, those before a place, the last one first, as many as asked for",
            )?;
        }
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
