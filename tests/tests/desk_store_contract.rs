//! The contract suite of the help desk's store: the one in memory keeps it, and the suite finds stores that go wrong
//! as databases, and those who write for them, do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "desk_store_contract/store.rs"]
mod store;

use fido_unlock::desk::testing::{self, ContractError};
use fido_unlock_mock::desk::MemoryStore;
use store::{Disk, Kind, Wrong};

#[test]
fn the_store_in_memory_keeps_the_contract() {
    let store = MemoryStore::default();
    testing::desk_store(|| Ok(Box::new(store.clone()))).unwrap();
}

fn check(kind: Kind) -> Result<(), ContractError> {
    let disk = Disk::default();
    testing::desk_store(|| Ok(Box::new(Wrong::open(&disk, kind))))
}

#[test]
fn a_plain_store_keeps_the_contract() {
    check(Kind::Right).unwrap();
}

#[test]
fn wrong_stores_are_found() {
    let removed = "removed is in no list";
    for (kind, word) in [
        (Kind::ForgetsLast, "opened again"),
        (Kind::HalfWritten, "of a batch that was refused"),
        (Kind::ReadsOld, "another handle committed"),
        (Kind::NoLock, "refused as busy"),
        (Kind::EndKeepsLock, "is ended changes nothing and is over"),
        (Kind::EmptyIsNone, "a row of no bytes"),
        (Kind::KeysAsText, "by each of its keys"),
        (Kind::OneTable, "of each table"),
        (Kind::KeepsRemoved, "removed is gone"),
        (Kind::PrefixWithoutLength, "the whole of its prefix"),
        (Kind::KeepsNodes, "taken out is gone"),
        (Kind::EntriesBackwards, "entries come back in their order"),
        (Kind::EntriesBehind, "entries come back in their order"),
        (Kind::ColumnsOfAnother, "the columns that were written"),
        (Kind::FindsForwards, "the last one first"),
        (Kind::FindsThePlaceItself, "the last one first"),
        (Kind::FindsAnyKey, "the last one first"),
        (Kind::FindsWithoutEnd, "the last one first"),
        (Kind::TakesAnyPlace, "do not go on"),
        (Kind::OneLevel, "a tile comes back"),
        (Kind::KeepsPlaces, removed),
        (Kind::KeepsOldPlaces, removed),
        (Kind::RepeatsAfter, "begins behind the last one"),
        (Kind::SkipsKeys, "however it is cut"),
        (Kind::SignedOrder, "by order and key as bytes"),
        (Kind::GroupBegins, "its own rows alone"),
        (Kind::PagesWithoutEnd, "no more than asked for"),
        (Kind::RowsRepeat, "of rows begins behind"),
        (Kind::RowsSigned, "by key as bytes, with what"),
        (Kind::RowsOfAll, "by key as bytes, with what"),
        (Kind::RowsWithoutEnd, "of rows has no more"),
        (Kind::RowsAlone, "with what is kept beside"),
        (Kind::ViewMoves, "the moment in which it began"),
        (Kind::KeepsTexts, "was removed by none"),
        (Kind::KeepsOldTexts, "was removed by none"),
        (Kind::Wildcards, "letter by letter"),
        (Kind::Words, "that are it first"),
        (Kind::NotRanked, "that are it first"),
        (Kind::ShortAnywhere, "one or two characters"),
        (Kind::WithoutAccents, "nothing else"),
        (Kind::EachText, "each row once"),
        (Kind::FewOthers, "at least 200"),
        (Kind::SearchesWithoutEnd, "no more than asked for"),
    ] {
        match check(kind) {
            Err(ContractError::Broken(sentence)) => assert!(
                sentence.contains(word),
                "{kind:?}: found by another sentence: {sentence}"
            ),
            other => panic!("{kind:?}: not found: {other:?}"),
        }
    }
}

#[test]
fn a_store_that_stays_locked_is_found() {
    for kind in [Kind::StaysLocked, Kind::ViewLocks] {
        let found = check(kind);
        assert!(
            matches!(
                found,
                Err(ContractError::Storage(
                    fido_unlock::desk::ports::StorageError::Busy { .. }
                ))
            ),
            "{kind:?}: {found:?}"
        );
    }
}
