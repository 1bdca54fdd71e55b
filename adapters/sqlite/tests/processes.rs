//! Several processes over one database: they wait for each other, a while, and one that is killed loses nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::Read;

use fido_unlock_desk::ports::{DeskStore, StorageError};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use support::{Other, SHORT, commit, committed, database_of_another};

const CALLERS: u64 = 8;

#[test]
fn a_process_killed_between_or_within_commits_loses_nothing_it_had_committed() {
    if let Some(path) = database_of_another() {
        let mut store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        for number in committed(&mut store).. {
            commit(&mut store, number).unwrap();
            println!("committed {}", number + 1);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    drop(SqliteStore::create(&path, SHORT).unwrap());
    let mut before = 0;
    for killed_after in [1, 2, 40, 300] {
        let mut other = Other::start(
            "a_process_killed_between_or_within_commits_loses_nothing_it_had_committed",
            &path,
            "",
        );
        let mut said = before;
        for _ in 0..killed_after {
            said = other.says("committed ").unwrap().parse().unwrap();
        }
        other.kill();
        while let Some(line) = other.says("committed ") {
            // The last line may be cut.
            said = line.parse().unwrap_or(said).max(said);
        }
        // The log of the one that was killed is read again here.
        let mut store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        let there = committed(&mut store);
        assert!(
            there >= said && there <= said + 1 && there >= before + killed_after,
            "{said} were committed, {there} are there"
        );
        commit(&mut store, there).unwrap();
        before = committed(&mut store);
    }
}

/// Several callers without end; what each was answered is on a line of its own as soon as it is had.
fn callers(path: &std::path::Path) {
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            let mut store = store.clone();
            scope.spawn(move || {
                loop {
                    let txn = store.begin().unwrap();
                    let number = txn.head().unwrap().map_or(0, |head| support::number(&head) + 1);
                    txn.commit(&support::batch(number)).unwrap();
                    println!("committed {}", number + 1);
                }
            });
        }
    });
}

#[test]
fn a_process_of_many_callers_that_is_killed_loses_nothing_that_one_of_them_was_told() {
    if let Some(path) = database_of_another() {
        callers(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    drop(SqliteStore::create(&path, SHORT).unwrap());
    let mut most = 0;
    for killed_after in [1, 20, 100] {
        let mut other = Other::start(
            "a_process_of_many_callers_that_is_killed_loses_nothing_that_one_of_them_was_told",
            &path,
            "",
        );
        for _ in 0..killed_after {
            most = most.max(other.says("committed ").unwrap().parse().unwrap());
        }
        other.kill();
        while let Some(line) = other.says("committed ") {
            // The last line may be cut.
            most = line.parse().unwrap_or(0).max(most);
        }
        let there = committed(&mut SqliteStore::open(&path, SqliteOptions::default()).unwrap());
        assert!(
            there >= most && there <= most + 2 * CALLERS,
            "{most} were committed, {there} are there"
        );
    }
}

#[test]
fn a_lock_is_waited_for_but_not_for_ever() {
    if let Some(path) = database_of_another() {
        let mut store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        let txn = store.begin().unwrap();
        println!("holding it");
        let _ = std::io::stdin().read(&mut [0]).unwrap();
        txn.commit(&support::batch(0)).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let mut store = SqliteStore::create(&path, SHORT).unwrap();
    let mut other = Other::start("a_lock_is_waited_for_but_not_for_ever", &path, "");
    other.says("holding").unwrap();
    let Err(StorageError::Busy { detail }) = store.begin().map(drop) else {
        panic!("a transaction began beside another one");
    };
    assert!(detail.contains("desk.sqlite"), "{detail}");
    // It can be opened and copied meanwhile.
    drop(SqliteStore::open(&path, SHORT).unwrap());
    store.backup(&folder.path().join("copy")).unwrap();
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || committed(&mut SqliteStore::open(&path, SqliteOptions::default()).unwrap())
    });
    other.finish();
    assert_eq!(waiting.join().unwrap(), 1);
    assert_eq!(committed(&mut store), 1);
}
