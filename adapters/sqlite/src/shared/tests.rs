//! Steps that share a commit: who is answered when, and with what.

use std::sync::mpsc::{Receiver, channel};
use std::thread::{Scope, ScopedJoinHandle};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::ports::{Derived, EntryColumns, NewEntry, RowChange, Table};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::*;
use crate::{SqliteOptions, SqliteStore};

const LONG: Duration = Duration::from_secs(60);

fn batch(number: u64) -> Batch {
    let row = RowChange {
        table: Table::Counts,
        key: number.to_be_bytes().into(),
        row: Some((b"row".into(), Derived::default())),
    };
    Batch {
        head: number.to_be_bytes().into(),
        rows: vec![row],
        first_entry: number,
        entries: vec![NewEntry {
            bytes: number.to_be_bytes().into(),
            columns: EntryColumns {
                at: UnixTime(number),
                event: 1,
                operator: None,
                device: None,
                request: None,
            },
        }],
        ..Batch::default()
    }
}

fn head(connection: &Connection) -> rusqlite::Result<Vec<u8>> {
    connection.query_row("SELECT bytes FROM head", (), |row| row.get(0))
}

fn number(number: u64) -> Vec<u8> {
    number.to_be_bytes().into()
}

/// What another process sees.
fn outside(shared: &Shared) -> Vec<u8> {
    head(&Connection::open(&shared.place).unwrap()).unwrap()
}

fn store(folder: &tempfile::TempDir, options: SqliteOptions) -> SqliteStore {
    let store = SqliteStore::create(&folder.path().join("desk"), options).unwrap();
    store.shared.begin(LONG).unwrap().commit(&batch(0)).unwrap();
    store
}

/// A step that has begun, and commits when it is told to.
fn first<'scope>(
    scope: &'scope Scope<'scope, '_>,
    shared: &'scope Shared,
    go: Receiver<()>,
) -> ScopedJoinHandle<'scope, Outcome> {
    let (begun, has_begun) = channel();
    let thread = scope.spawn(move || {
        let working = shared.begin(LONG).unwrap();
        begun.send(()).unwrap();
        go.recv().unwrap();
        working.commit(&batch(1))
    });
    has_begun.recv().unwrap();
    thread
}

fn until_so_many_wait(shared: &Shared, count: u32) {
    while shared.waiting() < count {
        std::thread::yield_now();
    }
}

/// What the first step of a group comes to when `then` is done in the second.
fn beside(shared: &Shared, then: impl FnOnce(Working<'_>, &dyn Fn() -> bool) + Send) -> Outcome {
    std::thread::scope(|scope| {
        let (go, told) = channel();
        let one = first(scope, shared, told);
        let other = scope.spawn(|| {
            let working = shared.begin(LONG).unwrap();
            assert_eq!(working.reading(head).unwrap(), number(1));
            then(working, &|| one.is_finished());
            one
        });
        until_so_many_wait(shared, 1);
        go.send(()).unwrap();
        other.join().unwrap().join().unwrap()
    })
}

#[test]
fn nobody_is_answered_before_the_commit_that_all_share() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, SqliteOptions::default());
    let shared = &*store.shared;
    let answer = beside(shared, |working, answered| {
        // The second sees what the first wrote; nobody else does, and the first waits.
        assert_eq!(outside(shared), number(0));
        assert!(!answered());
        working.commit(&batch(2)).unwrap();
        assert_eq!(outside(shared), number(2));
    });
    assert_eq!(answer, Ok(()));
    assert_eq!(outside(shared), number(2));
}

#[test]
fn a_step_that_only_reads_or_is_dropped_ends_the_group_too() {
    let folder = tempfile::tempdir().unwrap();
    for drops in [false, true] {
        let store = store(&folder, SqliteOptions::default());
        let answer = beside(&store.shared, |working, answered| {
            assert!(!answered());
            if drops {
                drop(working);
            } else {
                working.end().unwrap();
            }
            assert_eq!(outside(&store.shared), number(1));
        });
        assert_eq!(answer, Ok(()));
        drop(store);
        std::fs::remove_file(folder.path().join("desk")).unwrap();
    }
}

#[test]
fn one_that_is_refused_takes_nobody_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, SqliteOptions::default());
    let answer = beside(&store.shared, |working, _| {
        let refused = working.commit(&batch(7));
        assert!(
            matches!(refused, Err(CommitError::NotWritten(StorageError::Write { .. }))),
            "{refused:?}"
        );
    });
    assert_eq!(answer, Ok(()));
    let working = store.shared.begin(LONG).unwrap();
    assert_eq!(working.reading(head).unwrap(), number(1));
    let rows: u32 = working
        .reading(|connection| connection.query_row("SELECT count(*) FROM rows", (), |row| row.get(0)))
        .unwrap();
    assert_eq!(rows, 2);
}

#[test]
fn a_commit_that_fails_is_told_to_all_that_share_it_and_to_who_has_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, SqliteOptions::default());
    let shared = &*store.shared;
    // What refers to nothing is looked for at the commit alone.
    let breaks = "CREATE TEMP TABLE whole (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE part (of INTEGER REFERENCES whole DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO part VALUES (1)";
    let (one, read, broken) = std::thread::scope(|scope| {
        let (go, told) = channel();
        let one = first(scope, shared, told);
        let read = scope.spawn(|| shared.begin(LONG).unwrap().end());
        until_so_many_wait(shared, 1);
        let broken = scope.spawn(|| {
            let working = shared.begin(LONG).unwrap();
            working
                .reading(|connection| connection.execute_batch(breaks))
                .unwrap();
            working.commit(&batch(2))
        });
        until_so_many_wait(shared, 2);
        go.send(()).unwrap();
        (one.join().unwrap(), read.join().unwrap(), broken.join().unwrap())
    });
    for answer in [one, read.map_err(CommitError::from), broken] {
        assert!(
            matches!(answer, Err(CommitError::NotWritten(StorageError::Write { .. }))),
            "{answer:?}"
        );
    }
    assert_eq!(outside(shared), number(0));
    shared.begin(LONG).unwrap().commit(&batch(1)).unwrap();
    assert_eq!(outside(shared), number(1));
}

#[test]
fn what_is_answered_without_room_is_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let small = SqliteOptions {
        max_pages: Some(60),
        ..SqliteOptions::default()
    };
    let store = store(&folder, small);
    let answer = beside(&store.shared, |working, _| {
        let mut large = batch(2);
        large.rows.extend((0..100_u8).map(|key| RowChange {
            table: Table::Users,
            key: vec![key],
            row: Some((vec![key; 3000], Derived::default())),
        }));
        let refused = working.commit(&large);
        assert!(
            matches!(refused, Err(CommitError::NotWritten(StorageError::Full { .. }))),
            "{refused:?}"
        );
    });
    assert_eq!(outside(&store.shared), number(answer.is_ok().into()));
    assert!(
        matches!(
            answer,
            Ok(()) | Err(CommitError::NotWritten(StorageError::Full { .. }))
        ),
        "{answer:?}"
    );
}

#[test]
fn one_that_waits_too_long_is_refused_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, SqliteOptions::default());
    let working = store.shared.begin(LONG).unwrap();
    let refused = store.shared.begin(Duration::from_millis(1)).map(drop);
    assert!(matches!(refused, Err(StorageError::Busy { .. })), "{refused:?}");
    assert_eq!(store.shared.waiting(), 0);
    working.commit(&batch(1)).unwrap();
    store.shared.begin(LONG).unwrap().commit(&batch(2)).unwrap();
}

/// A backup takes the database's place in the last moment before the lock is had: who waited for it must not write into
/// the file that was put aside.
#[cfg(unix)]
#[test]
fn which_file_it_is_is_looked_at_with_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (place, aside) = (folder.path().join("desk"), folder.path().join("aside"));
    drop(store(&folder, SqliteOptions::default()));
    let store = SqliteStore::open(&place, SqliteOptions::default()).unwrap();
    store.backup(&folder.path().join("backup")).unwrap();
    // SQLite asks when it is told to begin, which it had not been on this connection.
    let put_in_place = {
        let (backup, place, aside) = (folder.path().join("backup"), place.clone(), aside.clone());
        move |context: AuthContext<'_>| {
            if matches!(context.action, AuthAction::Transaction { .. }) && !aside.exists() {
                std::fs::rename(&place, &aside).unwrap();
                std::fs::rename(&backup, &place).unwrap();
            }
            Authorization::Allow
        }
    };
    let mut turn = lock(&store.shared.queue).free.take().unwrap();
    turn.connection.authorizer(Some(put_in_place)).unwrap();
    lock(&store.shared.queue).free = Some(turn);

    let begun = store.shared.begin(LONG).map(drop);
    assert!(aside.exists());
    assert!(matches!(begun, Err(StorageError::Read { .. })), "{begun:?}");
    // And holds no lock on what was put aside.
    let aside = Connection::open(&aside).unwrap();
    aside.execute_batch("BEGIN IMMEDIATE").unwrap();
}
