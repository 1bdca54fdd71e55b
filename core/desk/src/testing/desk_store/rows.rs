//! Transactions, and what is read by its key: the head, rows, the map's nodes.

use alloc::vec;
use alloc::vec::Vec;

use super::{Bench, Store, commit, put, remove};
use crate::UnixTime;
use crate::map::{Map, MapError, MapKey};
use crate::ports::{
    CommitError, Derived, DeskTransaction, EntryColumns, List, NewEntry, StorageError, Table,
};
use crate::step::TransactionNodes;
use crate::testing::{ContractError, ensure};

/// As it is before anything is written.
pub(super) fn new_store(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let txn = store.begin()?;
    let empty = txn.head()?.is_none()
        && txn.row(Table::Settings, b"")?.is_none()
        && txn.node(&crate::map::Prefix::default())?.is_none()
        && txn.tile(0, 0)?.is_none()
        && txn.entries(0, 1)?.is_empty()
        && txn.list(List::Users, b"", None, 1)?.is_empty()
        && txn.search("a", 1)?.is_empty()
        && txn.rows(Table::Settings, None, 1)?.is_empty();
    drop(txn);
    let empty = empty && store.view()?.head()?.is_none();
    ensure(empty, "a new store has nothing in it")
}

fn row(store: &mut Store, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ContractError> {
    Ok(store.begin()?.row(table, key)?)
}

pub(super) fn transactions(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let batch = bench.batch(vec![put(Table::Settings, b"", b"one", Derived::default())]);
    commit(&mut store, &batch)?;
    {
        let txn = store.begin()?;
        ensure(
            txn.head()?.as_ref() == Some(&batch.head) && txn.row(Table::Settings, b"")?.is_some(),
            "a transaction sees what was committed before it",
        )?;
    }
    ensure(
        store.begin()?.head()?.as_ref() == Some(&batch.head),
        "a transaction that is dropped changes nothing and is over",
    )?;
    store.begin()?.end()?;
    ensure(
        matches!(store.begin().and_then(|txn| txn.head()), Ok(Some(head)) if head == batch.head),
        "a transaction that is ended changes nothing and is over",
    )?;
    drop(store);
    let mut store = bench.open()?;
    ensure(
        row(&mut store, Table::Settings, b"")?.as_deref() == Some(b"one"),
        "what was committed is there when the store is opened again",
    )?;
    let batch = bench.batch(vec![put(Table::Settings, b"", b"two", Derived::default())]);
    commit(&mut store, &batch)?;
    drop(store);
    let mut store = bench.open()?;
    let txn = store.begin()?;
    ensure(
        txn.head()?.as_ref() == Some(&batch.head)
            && txn.row(Table::Settings, b"")?.as_deref() == Some(b"two"),
        "a head and a row that are written again are the later ones",
    )
}

pub(super) fn two_handles(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut one = bench.open()?;
    let mut other = bench.open()?;
    let key = b"two handles";
    // Whatever it keeps of the store was read before the other one writes.
    ensure(
        row(&mut other, Table::Counts, key)?.is_none(),
        "an unknown row is none",
    )?;
    let first = bench.batch(vec![put(Table::Counts, key, b"first", Derived::default())]);
    let second = bench.batch(vec![put(Table::Counts, key, b"second", Derived::default())]);
    {
        let txn = one.begin()?;
        ensure(
            matches!(other.begin(), Err(StorageError::Busy { .. })),
            "while a transaction is open, another one is refused as busy",
        )?;
        drop(txn);
    }
    commit(&mut one, &first)?;
    {
        let txn = other.begin()?;
        ensure(
            txn.head()?.as_ref() == Some(&first.head)
                && txn.row(Table::Counts, key)?.as_deref() == Some(b"first"),
            "a transaction sees what another handle committed before it",
        )?;
    }
    commit(&mut other, &second)?;
    ensure(
        row(&mut one, Table::Counts, key)?.as_deref() == Some(b"second"),
        "a transaction sees what another handle committed before it",
    )
}

pub(super) fn keys_and_values(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut keys: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    keys.extend([&b""[..], b"\0\0", b"a\0", b"a\0b", b"aa", b"a ", b"A"].map(Vec::from));
    // Longer than a page of most databases.
    let value = |key: &[u8], table: Table| [&[table.number()], key, &[0xa5; 10_000]].concat();
    let tables = [Table::Sessions, Table::Devices];
    let mut rows = Vec::new();
    for table in tables {
        rows.extend(
            keys.iter()
                .map(|key| put(table, key, &value(key, table), Derived::default())),
        );
    }
    rows.push(put(Table::Licence, b"empty", b"", Derived::default()));
    let mut store = bench.open()?;
    bench.write(&mut store, rows)?;
    drop(store);
    let mut store = bench.open()?;
    let txn = store.begin()?;
    for table in tables {
        for key in &keys {
            ensure(
                txn.row(table, key)?.as_ref() == Some(&value(key, table)),
                "a row of each table comes back by each of its keys, as it was",
            )?;
        }
    }
    ensure(
        txn.row(Table::Licence, b"empty")?.as_deref() == Some(b""),
        "a row of no bytes is a row",
    )?;
    ensure(txn.row(Table::Licence, b"")?.is_none(), "an unknown row is none")?;
    drop(txn);
    let gone = remove(Table::Sessions, b"a".to_vec());
    let never = remove(Table::Sessions, b"never".to_vec());
    bench.write(&mut store, vec![gone, never])?;
    let txn = store.begin()?;
    ensure(
        txn.row(Table::Sessions, b"a")?.is_none(),
        "a row that was removed is gone",
    )?;
    ensure(
        txn.row(Table::Devices, b"a")?.is_some() && txn.row(Table::Sessions, b"aa")?.is_some(),
        "no other row goes with it",
    )
}

fn of_map(error: MapError<StorageError>) -> ContractError {
    match error {
        MapError::Store(error) => error.into(),
        MapError::Broken { .. } => {
            ContractError::Broken("a node comes back by the whole of its prefix, as it was")
        }
    }
}

pub(super) fn nodes(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let key = |number: u16| MapKey::new("contract", &number.to_be_bytes());
    let hash = |number: u16| [number as u8; 32];
    let mut store = bench.open()?;
    // With so many rows each node of the second level has one below it whose prefix differs by its length alone.
    let mut batch = bench.batch(Vec::new());
    let root = {
        let txn = store.begin()?;
        let nodes = TransactionNodes(&*txn);
        let mut map = Map::at(&nodes, Map::<TransactionNodes<'_>>::empty_root());
        for number in 0..600 {
            map.set(&key(number), Some(hash(number))).map_err(of_map)?;
        }
        let root = map.root();
        batch.nodes = map
            .into_changes()
            .map(|(prefix, node)| (prefix.to_bytes(), node))
            .collect();
        root
    };
    commit(&mut store, &batch)?;
    drop(store);
    let mut store = bench.open()?;
    let mut batch = bench.batch(Vec::new());
    let (root, gone) = {
        let txn = store.begin()?;
        let nodes = TransactionNodes(&*txn);
        let mut map = Map::at(&nodes, root);
        for number in 0..600 {
            ensure(
                map.get(&key(number)).map_err(of_map)? == Some(hash(number)),
                "a node comes back by the whole of its prefix, as it was",
            )?;
        }
        for number in 20..600 {
            map.set(&key(number), None).map_err(of_map)?;
        }
        let root = map.root();
        let changes: Vec<_> = map.into_changes().collect();
        let gone = changes.iter().filter(|(_, node)| node.is_none());
        let gone: Vec<_> = gone.map(|(prefix, _)| *prefix).collect();
        batch.nodes = changes
            .into_iter()
            .map(|(prefix, node)| (prefix.to_bytes(), node))
            .collect();
        (root, gone)
    };
    commit(&mut store, &batch)?;
    let txn = store.begin()?;
    for prefix in &gone {
        ensure(txn.node(prefix)?.is_none(), "a node that was taken out is gone")?;
    }
    let nodes = TransactionNodes(&*txn);
    let map = Map::at(&nodes, root);
    for number in 0..600 {
        let there = (number < 20).then(|| hash(number));
        ensure(
            map.get(&key(number)).map_err(of_map)? == there,
            "a node that is written again is the later one",
        )?;
    }
    Ok(())
}

/// What does not go on from the end of the log is refused as a whole.
pub(super) fn refused(bench: &mut Bench<'_>) -> Result<(), ContractError> {
    let mut store = bench.open()?;
    let size = bench.entries.len() as u64;
    let before = store.begin()?.head()?;
    for first_entry in [0, size - 1, size + 1] {
        let mut batch = bench.batch(vec![
            put(Table::Users, b"refused", b"row", super::texts(&["refused"])),
            remove(Table::Settings, Vec::new()),
        ]);
        batch.first_entry = first_entry;
        batch.nodes = vec![(vec![1, 0], Some(vec![0; 4]))];
        batch.entries = vec![entry(b"refused", first_entry)];
        let answer = store.begin()?.commit(&batch);
        ensure(
            matches!(answer, Err(CommitError::NotWritten(_))),
            "entries that do not go on from the end of the log are not written",
        )?;
        let mut again = bench.open()?;
        for store in [&mut store, &mut again] {
            let txn = store.begin()?;
            let unchanged = txn.head()? == before
                && txn.row(Table::Users, b"refused")?.is_none()
                && txn.search("refused", 1)?.is_empty()
                && txn.row(Table::Settings, b"")?.is_some()
                && entries_of(&*txn, size)? == bench.entries;
            ensure(unchanged, "of a batch that was refused nothing is written")?;
        }
    }
    bench.write(
        &mut store,
        vec![put(Table::Users, b"refused", b"row", Derived::default())],
    )?;
    ensure(
        row(&mut store, Table::Users, b"refused")?.is_some(),
        "the store goes on after a refusal",
    )
}

pub(super) fn entry(bytes: &[u8], number: u64) -> NewEntry {
    let odd = number % 2 == 1;
    NewEntry {
        bytes: bytes.into(),
        columns: EntryColumns {
            at: UnixTime(1_790_000_000 + number),
            event: number as u16,
            operator: odd.then_some([1; 10]),
            device: (!odd).then_some([2; 10]),
            request: odd.then_some([3; 10]),
        },
    }
}

/// All entries, and one more where there is one.
pub(super) fn entries_of(txn: &dyn DeskTransaction, size: u64) -> Result<Vec<Vec<u8>>, StorageError> {
    txn.entries(0, u32::try_from(size + 1).unwrap_or(u32::MAX))
}
