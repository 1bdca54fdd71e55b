//! A database without room, and commits that break off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use fido_unlock_desk::ports::{CommitError, DeskStore, StorageError};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use support::{SHORT, commit, committed};

#[test]
fn a_full_database_refuses_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let small = SqliteOptions {
        max_pages: Some(60),
        ..SHORT
    };
    let mut store = SqliteStore::create(&path, small).unwrap();
    let mut count = 0;
    let refused = loop {
        let mut batch = support::batch(count);
        // What would go stays.
        batch.rows.truncate(2);
        let answer = store.begin().unwrap().commit(&batch);
        if let Err(error) = answer {
            break error;
        }
        count += 1;
    };
    assert!(
        matches!(refused, CommitError::NotWritten(StorageError::Full { .. })),
        "{refused:?}"
    );
    assert!(count > 0);
    let there = |store: &mut SqliteStore| {
        let txn = store.begin().unwrap();
        assert_eq!(txn.head().unwrap(), Some(support::head(count - 1)));
        txn.entries(0, u32::MAX).unwrap().len() as u64
    };
    assert_eq!(there(&mut store), count);
    drop(store);
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    assert_eq!(there(&mut store), count);
    // With more room it goes on.
    commit(&mut store, count).unwrap();
}

/// No system lets a test break a sync; it lets a file be no longer than so much, which SQLite sees as a failed write.
#[cfg(unix)]
#[test]
fn a_commit_that_breaks_off_is_unknown_until_the_next_transaction_has_settled_it() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use support::{Other, database_of_another};

    const NAME: &str = "a_commit_that_breaks_off_is_unknown_until_the_next_transaction_has_settled_it";
    let limit = |bytes: Option<u64>| {
        let maximum = getrlimit(Resource::Fsize).maximum;
        let current = bytes;
        setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
    };
    if let Some(path) = database_of_another() {
        let mut store = SqliteStore::open(&path, SHORT).unwrap();
        commit(&mut store, 0).unwrap();
        let log = path.with_extension("sqlite-wal").metadata().unwrap().len();
        // Room for a page, not for the last one of the next commit.
        limit(Some(log + 5000));
        let answer = commit(&mut store, 1);
        assert!(matches!(answer, Err(CommitError::Unknown { .. })), "{answer:?}");
        // While it cannot be known, nothing is said about it.
        limit(Some(log));
        let asked = store.begin().map(drop);
        assert!(matches!(asked, Err(StorageError::Write { .. })), "{asked:?}");
        limit(None);
        assert_eq!(committed(&mut store), 1);
        commit(&mut store, 1).unwrap();
        println!("went on");
        // As if it were killed: nothing is closed.
        std::process::exit(0);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    drop(SqliteStore::create(&path, SHORT).unwrap());
    // Otherwise the process is ended when it writes too much.
    let mut other = Other::start(NAME, &path, "trap '' XFSZ");
    other.says("went on").expect("the other process failed");
    other.finish();
    assert_eq!(committed(&mut SqliteStore::open(&path, SHORT).unwrap()), 2);
}
