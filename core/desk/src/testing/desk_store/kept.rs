//! Rows as they are kept, table by table; and a view, which shows one moment.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::{Bench, Store, commit, put, remove};
use crate::ports::{Derived, DeskView, KeptRow, List, Listed, Table};
use crate::testing::{ContractError, ensure};

/// All rows of a table, read in pages.
fn read(view: &dyn DeskView, table: Table, limit: u32) -> Result<Vec<KeptRow>, ContractError> {
    let mut all: Vec<KeptRow> = Vec::new();
    loop {
        let page = view.rows(table, all.last().map(|row| row.key.as_slice()), limit)?;
        ensure(
            page.len() <= limit as usize,
            "a page of rows has no more than asked for",
        )?;
        let first = page.first().map(|row| &row.key);
        ensure(
            first.is_none_or(|first| all.last().is_none_or(|last| first > &last.key)),
            "a page of rows begins behind the last one of the page before",
        )?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn derived(places: &[(List, &[u8], &[u8])], texts: &[&str]) -> Derived {
    let listed = places.iter().map(|(list, group, order)| Listed {
        list: *list,
        group: group.to_vec(),
        order: order.to_vec(),
    });
    Derived {
        listed: listed.collect(),
        ..super::texts(texts)
    }
}

/// As it is to be given.
fn kept(key: &[u8], value: &[u8], derived: &Derived) -> KeptRow {
    let mut derived = derived.clone();
    derived.listed.sort();
    derived.listed.dedup();
    derived.texts.sort();
    derived.texts.dedup();
    KeptRow {
        key: key.into(),
        row: Some(value.into()),
        derived,
    }
}

pub(super) fn pages(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut keys: Vec<Vec<u8>> = (0..=u8::MAX).rev().map(|byte| vec![byte]).collect();
    keys.extend([&b""[..], b"\0\0", b"\x7f\x80", b"\xff\xff"].map(Vec::from));
    let beside = derived(
        &[
            (List::OpenRequests, b"kept", b"\xff"),
            (List::RequestsOfUser, b"", b"kept"),
            (List::OpenRequests, b"kept", b""),
        ],
        &["kept b", "kept a", "kept b"],
    );
    let mut rows = Vec::new();
    let mut model = BTreeMap::new();
    for (number, key) in (0_u16..).zip(&keys) {
        let beside = if number % 3 == 0 {
            beside.clone()
        } else {
            Derived::default()
        };
        model.insert(key.clone(), kept(key, &number.to_be_bytes(), &beside));
        rows.push(put(Table::Answered, key, &number.to_be_bytes(), beside));
    }
    // Tables beside it have rows by the same keys.
    rows.push(put(
        Table::Requests,
        b"\x80",
        b"other",
        derived(&[], &["kept other"]),
    ));
    rows.push(put(Table::Limits, b"\x80", b"other", Derived::default()));
    let mut store = bench.open()?;
    bench.write(&mut store, rows)?;
    drop(store);
    let mut store = bench.open()?;
    let view = store.view()?;
    let model: Vec<_> = model.into_values().collect();
    for limit in [1, 7, 259, 260, 261, u32::MAX] {
        ensure(
            read(&*view, Table::Answered, limit)? == model,
            "a table has each of its rows once, by key as bytes, with what is kept beside it",
        )?;
    }
    ensure(
        view.rows(Table::Answered, None, 0)?.is_empty(),
        "a page of rows has no more than asked for",
    )?;
    let between = view.rows(Table::Answered, Some(b"\x7f\x7f"), 1)?;
    ensure(
        between.first().is_some_and(|row| row.key == b"\x7f\x80"),
        "a page of rows goes on behind a key that is not there",
    )
}

pub(super) fn changes(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let first = derived(&[(List::Users, b"kept", b"1")], &["kept i"]);
    let second = derived(&[(List::Users, b"kept", b"2")], &["kept ii"]);
    let mut store = bench.open()?;
    bench.write(
        &mut store,
        [b"a", b"b", b"c", b"d"]
            .map(|key| put(Table::Issuers, key, b"1", first.clone()))
            .into(),
    )?;
    bench.write(
        &mut store,
        vec![
            put(Table::Issuers, b"a", b"2", second.clone()),
            put(Table::Issuers, b"b", b"2", Derived::default()),
            remove(Table::Issuers, b"c".to_vec()),
        ],
    )?;
    let txn = store.begin()?;
    ensure(
        read(&*txn, Table::Issuers, 9)?
            == [
                kept(b"a", b"2", &second),
                kept(b"b", b"2", &Derived::default()),
                kept(b"d", b"1", &first),
            ],
        "a table has its rows in their last form, with what belongs to that alone",
    )
}

/// What a view has to show: the head, and what was written with it.
fn shows(view: &dyn DeskView, head: &[u8], value: &[u8]) -> Result<bool, ContractError> {
    Ok(view.head()?.as_deref() == Some(head)
        && view.row(Table::Slots, b"view")?.as_deref() == Some(value)
        && view
            .rows(Table::Slots, None, 9)?
            .iter()
            .any(|row| row.key == b"view" && row.row.as_deref() == Some(value)))
}

pub(super) fn view(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut one: Store = bench.open()?;
    let mut other = bench.open()?;
    let first = bench.batch(vec![put(Table::Slots, b"view", b"first", Derived::default())]);
    let second = bench.batch(vec![put(Table::Slots, b"view", b"second", Derived::default())]);
    commit(&mut one, &first)?;
    {
        let txn = one.begin()?;
        let view = other.view()?;
        ensure(
            shows(&*view, &first.head, b"first")?,
            "a view shows what was committed, while a transaction is open",
        )?;
        drop(view);
        drop(txn);
    }
    {
        let view = other.view()?;
        commit(&mut one, &second)?;
        ensure(
            shows(&*view, &first.head, b"first")?,
            "a view goes on to show the moment in which it began",
        )?;
    }
    ensure(
        shows(&*other.view()?, &second.head, b"second")?,
        "the next view shows what was committed meanwhile",
    )?;
    // A handle that has looked goes on to write.
    bench.write(
        &mut other,
        vec![put(Table::Slots, b"view", b"third", Derived::default())],
    )
}
