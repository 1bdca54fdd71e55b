//! Lists.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::{Bench, Row, Store, put, remove};
use crate::ports::{Derived, List, Listed, Table};
use crate::testing::{ContractError, ensure};

type Place = (Vec<u8>, Row);

fn at(places: &[(List, &[u8], &[u8])]) -> Derived {
    let listed = places.iter().map(|(list, group, order)| Listed {
        list: *list,
        group: group.to_vec(),
        order: order.to_vec(),
    });
    Derived {
        listed: listed.collect(),
        ..Derived::default()
    }
}

/// A whole list, read in pages.
fn read(store: &mut Store, list: List, group: &[u8], limit: u32) -> Result<Vec<Place>, ContractError> {
    let txn = store.begin()?;
    let mut all: Vec<Place> = Vec::new();
    loop {
        let after = all
            .last()
            .map(|(order, (_, key))| (order.as_slice(), key.as_slice()));
        let page = txn.list(list, group, after, limit)?;
        ensure(page.len() <= limit as usize, "a page has no more than asked for")?;
        let behind = page.first().is_none_or(|first| {
            all.last()
                .is_none_or(|(last, (_, last_key))| (&first.order, &first.key) > (last, last_key))
        });
        ensure(behind, "a page begins behind the last one of the page before")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(
            page.into_iter()
                .map(|place| (place.order, (place.table, place.key))),
        );
    }
}

pub(super) fn pages(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let orders: [&[u8]; 7] = [b"\xff\xff", b"", b"\0\0", b"\x80", b"\xff", b"\0", b"\x7f"];
    let groups: [&[u8]; 4] = [b"", b"\0", b"\0\0", b"\xff"];
    let mut rows = Vec::new();
    let mut model = BTreeSet::new();
    // The last come first: what counts is their order, not when they came in.
    for (byte, order) in (0..=u8::MAX).rev().zip(orders.into_iter().cycle()) {
        model.insert((order.to_vec(), (Table::Operators, vec![byte])));
        rows.push(put(
            Table::Operators,
            &[byte],
            b"",
            at(&[(List::Operators, b"", order)]),
        ));
    }
    for (number, group) in (0_u8..).zip(groups) {
        let key = [number, number];
        rows.push(put(
            Table::Devices,
            &key,
            b"",
            at(&[
                (List::DevicesOfUser, group, b""),
                (List::OpenRequests, group, &[number]),
            ]),
        ));
    }
    let mut store = bench.open()?;
    bench.write(&mut store, rows)?;
    drop(store);
    let mut store = bench.open()?;
    let model: Vec<_> = model.into_iter().collect();
    for limit in [1, 7, 255, 256, 257, u32::MAX] {
        ensure(
            read(&mut store, List::Operators, b"", limit)? == model,
            "a list has each of its rows once, by order and key as bytes, however it is cut into pages",
        )?;
    }
    for (number, group) in (0_u8..).zip(groups) {
        let row = (Table::Devices, vec![number, number]);
        ensure(
            read(&mut store, List::DevicesOfUser, group, 9)? == [(Vec::new(), row.clone())]
                && read(&mut store, List::OpenRequests, group, 9)? == [(vec![number], row)],
            "a part of a list has its own rows alone",
        )?;
    }
    let txn = store.begin()?;
    ensure(
        txn.list(List::Operators, b"", None, 0)?.is_empty(),
        "a page has no more than asked for",
    )?;
    // Neither of the two is there.
    let between = txn.list(List::Operators, b"", Some((b"\x7f\x7f", b"\x01")), 1)?;
    let next = model
        .iter()
        .find(|(order, _)| order.as_slice() > &b"\x7f\x7f"[..]);
    ensure(
        between.first().map(|place| (&place.order, &place.key)) == next.map(|(order, (_, key))| (order, key)),
        "a page goes on behind a place where nothing is any more",
    )
}

pub(super) fn changes(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let group = b"changes";
    let list = List::DevicesOfUser;
    let key = |number: u8| vec![b'c', number];
    let row = |number, order: &[u8]| put(Table::Devices, &key(number), b"1", at(&[(list, group, order)]));
    let mut store = bench.open()?;
    let first: Vec<_> = (0..6).map(|number| row(number, &[number])).collect();
    bench.write(&mut store, first)?;
    bench.write(
        &mut store,
        vec![
            put(Table::Devices, &key(0), b"2", at(&[(list, group, &[0])])),
            row(1, &[9]),
            put(Table::Devices, &key(2), b"2", Derived::default()),
            remove(Table::Devices, key(3)),
            put(
                Table::Devices,
                &key(4),
                b"2",
                at(&[(List::OpenRequests, group, b"")]),
            ),
        ],
    )?;
    let place = |number: u8, order: u8| (vec![order], (Table::Devices, key(number)));
    ensure(
        read(&mut store, list, group, 9)? == [place(0, 0), place(5, 5), place(1, 9)],
        "a row is where its last form says, and one that was removed is in no list",
    )?;
    ensure(
        read(&mut store, List::OpenRequests, group, 9)? == [(Vec::new(), (Table::Devices, key(4)))],
        "a row is where its last form says, and one that was removed is in no list",
    )?;
    // One that comes back has none of its former places.
    bench.write(
        &mut store,
        vec![put(Table::Devices, &key(3), b"3", Derived::default())],
    )?;
    ensure(
        read(&mut store, list, group, 9)?.len() == 3,
        "a row is where its last form says, and one that was removed is in no list",
    )
}
