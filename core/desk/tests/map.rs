//! The authenticated map beside a plain one: what is read is what was written, the root depends on the content
//! alone, and no node can be changed, set back, left out or exchanged without being found.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use fido_unlock_desk::map::{Digest, Map, MapError, MapKey, MapNodes, Prefix};
use proptest::prelude::*;

#[derive(Clone, Default)]
struct Store(HashMap<Prefix, Vec<u8>>);

impl MapNodes for Store {
    type Error = Infallible;

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.0.get(prefix).cloned())
    }
}

/// Writes down what is read.
struct Counted {
    store: Store,
    reads: RefCell<Vec<Prefix>>,
}

impl MapNodes for Counted {
    type Error = Infallible;

    fn node(&self, prefix: &Prefix) -> Result<Option<Vec<u8>>, Infallible> {
        self.reads.borrow_mut().push(*prefix);
        self.store.node(prefix)
    }
}

fn empty() -> Digest {
    Map::<Store>::empty_root()
}

fn key(n: u16) -> MapKey {
    MapKey::new("rows", &n.to_be_bytes())
}

/// Sets a row in a transaction of its own; gives the new root.
fn set(store: &mut Store, root: Digest, n: u16, row: Option<Digest>) -> Digest {
    let mut map = Map::at(store, root);
    map.set(&key(n), row).unwrap();
    let root = map.root();
    let changes: Vec<_> = map.into_changes().collect();
    for (prefix, node) in changes {
        match node {
            Some(bytes) => store.0.insert(prefix, bytes),
            None => store.0.remove(&prefix),
        };
    }
    root
}

fn built(rows: &BTreeMap<u16, Digest>) -> (Store, Digest) {
    let (mut store, mut root) = (Store::default(), empty());
    for (n, row) in rows {
        root = set(&mut store, root, *n, Some(*row));
    }
    (store, root)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_a_map(steps in prop::collection::vec((0_u16..400, any::<Option<u8>>()), 1..200)) {
        let (mut store, mut root) = (Store::default(), empty());
        let mut model = BTreeMap::new();
        for (n, row) in steps {
            let row = row.map(|byte| [byte; 32]);
            root = set(&mut store, root, n, row);
            match row {
                Some(row) => model.insert(n, row),
                None => model.remove(&n),
            };
        }
        let map = Map::at(&store, root);
        for n in 0..400 {
            prop_assert_eq!(map.get(&key(n)), Ok(model.get(&n).copied()));
        }
        // The order in which it came in leaves no trace, in the root nor in the store.
        let (other, other_root) = built(&model);
        prop_assert_eq!(root, other_root);
        prop_assert_eq!(store.0, other.0);
    }

    #[test]
    fn many_changes_at_once_are_as_one_after_another(steps in prop::collection::vec((0_u16..60, any::<Option<u8>>()), 1..80)) {
        let (mut store, mut root) = built(&rows(30));
        let before = store.clone();
        // One is asked for its root after each change, the other not before the end.
        let (mut asked, mut silent) = (Map::at(&before, root), Map::at(&before, root));
        let mut model = rows(30);
        for (n, row) in steps {
            let row = row.map(|byte| [byte; 32]);
            asked.set(&key(n), row).unwrap();
            silent.set(&key(n), row).unwrap();
            root = set(&mut store, root, n, row);
            prop_assert_eq!(asked.root(), root);
            match row {
                Some(row) => model.insert(n, row),
                None => model.remove(&n),
            };
            for n in 0..60 {
                prop_assert_eq!(silent.get(&key(n)), Ok(model.get(&n).copied()));
            }
        }
        prop_assert_eq!(silent.root(), root);
        for map in [asked, silent] {
            let mut written = before.clone();
            for (prefix, node) in map.into_changes() {
                match node {
                    Some(node) => written.0.insert(prefix, node),
                    None => written.0.remove(&prefix),
                };
            }
            prop_assert_eq!(&written.0, &store.0);
        }
    }

    #[test]
    fn a_node_is_read_and_compared_once(steps in prop::collection::vec((0_u16..60, any::<Option<u8>>()), 1..40)) {
        let (store, root) = built(&rows(30));
        let counted = Counted { store, reads: RefCell::default() };
        let mut map = Map::at(&counted, root);
        for (n, row) in steps {
            map.get(&key(n)).unwrap();
            map.set(&key(n), row.map(|byte| [byte; 32])).unwrap();
            let _ = map.root();
        }
        let reads = counted.reads.borrow();
        let different: BTreeSet<_> = reads.iter().collect();
        prop_assert_eq!(reads.len(), different.len());
    }
}

fn rows(count: u16) -> BTreeMap<u16, Digest> {
    (0..count).map(|n| (n, [n as u8; 32])).collect()
}

/// Whether every row, there or not, is told rightly or not at all, and at least one not at all.
fn found(store: &Store, root: Digest, rows: &BTreeMap<u16, Digest>) -> bool {
    let mut refused = 0;
    for n in 0..160 {
        match Map::at(store, root).get(&key(n)) {
            Ok(row) => assert_eq!(row, rows.get(&n).copied(), "a lie about row {n}"),
            Err(MapError::Broken { .. }) => refused += 1,
        }
    }
    refused > 0
}

#[test]
fn a_changed_node_is_found() {
    let rows = rows(120);
    let (store, root) = built(&rows);
    for (prefix, bytes) in &store.0 {
        for at in (0..bytes.len()).step_by(23) {
            let mut changed = store.clone();
            changed.0.get_mut(prefix).unwrap()[at] ^= 0x10;
            assert!(found(&changed, root, &rows), "{prefix:?}, byte {at}");
        }
        let mut without = store.clone();
        without.0.remove(prefix);
        assert!(found(&without, root, &rows), "{prefix:?} left out");
    }
}

#[test]
fn a_node_that_was_set_back_or_moved_is_found() {
    let mut rows = rows(120);
    let (old, before) = built(&rows);
    rows.insert(7, [99; 32]);
    rows.remove(&8);
    let (new, root) = built(&rows);
    assert_ne!(root, before);
    for (prefix, bytes) in &old.0 {
        // One that the new root does not reach may lie there.
        if new.0.get(prefix).is_none_or(|now| now == bytes) {
            continue;
        }
        let mut back = new.clone();
        back.0.insert(*prefix, bytes.clone());
        assert!(found(&back, root, &rows), "{prefix:?} set back");
    }
    // All of it set back: only whoever knows the root sees it.
    assert!(found(&old, root, &rows));
    let moved: Vec<_> = new.0.keys().filter(|prefix| prefix.len() == 1).collect();
    let mut exchanged = new.clone();
    let (one, other) = (new.0[moved[0]].clone(), new.0[moved[1]].clone());
    exchanged.0.insert(*moved[0], other);
    exchanged.0.insert(*moved[1], one);
    assert!(found(&exchanged, root, &rows));
}

#[test]
fn a_change_over_a_broken_node_is_refused_and_changes_nothing() {
    let (mut store, root) = built(&rows(120));
    store.0.retain(|prefix, _| prefix.is_empty());
    let mut map = Map::at(&store, root);
    assert!(matches!(map.set(&key(3), None), Err(MapError::Broken { prefix }) if !prefix.is_empty()));
    assert_eq!(map.root(), root);
    assert_eq!(map.into_changes().count(), 0);
}

#[test]
fn tables_do_not_meet() {
    assert_ne!(MapKey::new("ab", b"c"), MapKey::new("a", b"bc"));
    assert_ne!(MapKey::new("a", b""), MapKey::new("b", b""));
}
