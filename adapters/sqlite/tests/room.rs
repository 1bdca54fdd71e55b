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

/// What SQLite keeps beside a database, and cannot make as long as it has to be.
#[cfg(unix)]
#[test]
fn no_room_for_what_lies_beside_the_database_is_no_room() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use support::{Other, database_of_another};

    const NAME: &str = "no_room_for_what_lies_beside_the_database_is_no_room";
    if let Some(path) = database_of_another() {
        let maximum = getrlimit(Resource::Fsize).maximum;
        let limit = |current| setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
        // The index of the log has 32 KiB.
        limit(Some(8192));
        let refused = SqliteStore::open(&path, SHORT).map(drop);
        assert!(matches!(refused, Err(StorageError::Full { .. })), "{refused:?}");
        limit(None);
        commit(&mut SqliteStore::open(&path, SHORT).unwrap(), 0).unwrap();
        println!("went on");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    drop(SqliteStore::create(&path, SHORT).unwrap());
    let mut other = Other::start(NAME, &path, "trap '' XFSZ");
    other.says("went on").expect("the other process failed");
    other.finish();
}

/// A file system of its own (`unshare` of util-linux makes a place for it), which a file fills to the last byte.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_one_whatever_is_done() {
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;
    use std::process::Command;

    use support::database_of_another;

    const NAME: &str = "a_full_disk_is_told_as_one_whatever_is_done";
    if let Some(path) = database_of_another() {
        let filler = path.with_extension("filler");
        let fill = || {
            let mut file = std::fs::File::create(&filler).unwrap();
            while file.write_all(&[0; 512]).is_ok() {}
            while file.write_all(&[0]).is_ok() {}
        };
        let elsewhere = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::create(&path, SHORT).unwrap();
        commit(&mut store, 0).unwrap();
        let copy = elsewhere.path().join("copy.sqlite");
        store.backup(&copy).unwrap();
        fill();
        let refused = commit(&mut store, 1);
        assert!(
            matches!(refused, Err(CommitError::NotWritten(StorageError::Full { .. }))),
            "{refused:?}"
        );
        let full = |what: &str, done: Result<(), StorageError>| {
            assert!(matches!(done, Err(StorageError::Full { .. })), "{what}: {done:?}");
        };
        full("backup", store.backup(&path.with_extension("backup")));
        full("copy", SqliteStore::copy(&copy, &path.with_extension("copy")));
        assert_eq!(committed(&mut store), 1);
        std::fs::remove_file(&filler).unwrap();
        // Closed, it has no log and no index of one: the next that opens it makes them.
        drop(store);
        fill();
        full("open", SqliteStore::open(&path, SHORT).map(drop));
        full(
            "create",
            SqliteStore::create(&path.with_extension("new"), SHORT).map(drop),
        );
        std::fs::remove_file(&filler).unwrap();
        let mut store = SqliteStore::open(&path, SHORT).unwrap();
        commit(&mut store, 1).unwrap();
        assert_eq!(committed(&mut store), 2);
        println!("went on");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.arg("--mount");
    // Where this user is not root, a user namespace makes it so.
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        command.arg("--map-root-user");
    }
    let output = command
        .args([
            "sh",
            "-c",
            "mount -t tmpfs -o size=1m tmpfs \"$1\" && shift && exec \"$@\"",
            "sh",
        ])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(support::DATABASE, folder.path().join("desk.sqlite"))
        .output()
        .expect("unshare, from Debian's package util-linux");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("went on"), "{output:?}");
}
