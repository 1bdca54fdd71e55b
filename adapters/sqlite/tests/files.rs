//! The file: whose it is, whether it is one, and its copies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::path::Path;

use fido_unlock_desk::ports::{CommitError, DeskStore, EntryKey, KeptRow, StorageError, Table};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;
use support::{SHORT, commit, committed};

fn database(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("desk.sqlite");
    let mut store = SqliteStore::create(&path, SHORT).unwrap();
    for number in 0..5 {
        commit(&mut store, number).unwrap();
    }
    path
}

/// Somebody's hand in the file.
fn by_hand(path: &Path, statements: &str) -> rusqlite::Result<()> {
    Connection::open(path)?.execute_batch(statements)
}

fn refused(path: &Path) -> StorageError {
    match SqliteStore::open(path, SHORT) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

#[cfg(unix)]
#[test]
fn files_and_new_folders_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt;

    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("a/b");
    let path = folder.join("desk.sqlite");
    let mut store = SqliteStore::create(&path, SHORT).unwrap();
    commit(&mut store, 0).unwrap();
    store.backup(&folder.join("copy")).unwrap();
    SqliteStore::copy(&folder.join("copy"), &folder.join("copy of it")).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(&above.path().join("a")), 0o700);
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The database, what SQLite keeps beside it, and the copies.
    assert_eq!(files.len(), 5, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn what_was_made_half_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(refused(&path), StorageError::Read { .. }));
    let mut store = SqliteStore::create(&path, SHORT).unwrap();
    commit(&mut store, 0).unwrap();
    // And what is whole already stays as it is.
    assert_eq!(committed(&mut SqliteStore::create(&path, SHORT).unwrap()), 1);
}

#[test]
fn what_is_no_database_of_a_desk_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    assert!(matches!(refused(&path), StorageError::Read { .. }));
    assert!(!path.exists());
    std::fs::write(&path, [b'x'; 5000]).unwrap();
    assert!(matches!(refused(&path), StorageError::Corrupt { .. }));
    std::fs::remove_file(&path).unwrap();
    by_hand(&path, "CREATE TABLE notes (text)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(refused(&path), StorageError::Corrupt { .. }));
    assert!(matches!(
        SqliteStore::create(&path, SHORT).map(drop),
        Err(StorageError::Corrupt { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    by_hand(&path, "PRAGMA user_version = 3").unwrap();
    assert!(matches!(refused(&path), StorageError::Version { .. }));
}

/// As version 1 made it: the same without what entries are found by.
#[test]
fn a_database_of_the_version_before_finds_its_entries_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    by_hand(
        &path,
        "DROP INDEX entries_of_operator; DROP INDEX entries_of_device; DROP INDEX entries_of_event;
         PRAGMA user_version = 1",
    )
    .unwrap();
    for _ in 0..2 {
        let mut store = SqliteStore::open(&path, SHORT).unwrap();
        let view = store.view().unwrap();
        assert_eq!(
            view.entries_with(&EntryKey::Event(1), 4, 9).unwrap(),
            [3, 2, 1, 0]
        );
        drop(view);
        assert_eq!(committed(&mut store), 5);
    }
    by_hand(&path, "DROP INDEX entries_of_device").unwrap();
    assert!(matches!(refused(&path), StorageError::Corrupt { .. }));
    by_hand(&path, "PRAGMA user_version = 1").unwrap();
    assert!(matches!(refused(&path), StorageError::Corrupt { .. }));
}

#[test]
fn an_older_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let log = folder.path().join("audit.jsonl");
    std::fs::write(&log, "{}\n").unwrap();
    assert!(matches!(refused(&path), StorageError::Outdated { .. }));
    assert!(matches!(
        SqliteStore::create(&path, SHORT).map(drop),
        Err(StorageError::Outdated { .. })
    ));
    assert!(!path.exists());
    // A file of that name beside a database is nobody's log.
    std::fs::remove_file(&log).unwrap();
    drop(SqliteStore::create(&path, SHORT).unwrap());
    std::fs::write(&log, "{}\n").unwrap();
    drop(SqliteStore::open(&path, SHORT).unwrap());
}

#[test]
fn what_somebody_added_to_the_tables_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (number, statement) in (0..).zip([
        "CREATE TRIGGER x AFTER INSERT ON entries BEGIN UPDATE head SET bytes = x'00'; END",
        "CREATE TRIGGER trigrams_x AFTER INSERT ON entries BEGIN UPDATE head SET bytes = x'00'; END",
        "CREATE VIEW x AS SELECT * FROM rows",
        "DROP TRIGGER entries_stay",
        "ALTER TABLE rows ADD COLUMN more TEXT",
    ]) {
        let folder = folder.path().join(number.to_string());
        let path = database(&folder);
        by_hand(&path, statement).unwrap();
        assert!(
            matches!(refused(&path), StorageError::Corrupt { .. }),
            "{statement}"
        );
    }
}

#[test]
fn the_log_only_grows_by_hand_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let tile = "(0, 0, zeroblob(8192))";
    by_hand(&path, &format!("INSERT INTO tiles VALUES {tile}")).unwrap();
    for statement in [
        "DELETE FROM entries WHERE idx = 4",
        "UPDATE entries SET bytes = x'00' WHERE idx = 4",
        "UPDATE entries SET at = 0",
        "REPLACE INTO entries (idx, at, event, bytes) VALUES (4, 0, 0, x'00')",
        "INSERT INTO entries (idx, at, event, bytes) VALUES (6, 0, 0, x'00')",
        "DELETE FROM tiles",
        "UPDATE tiles SET bytes = zeroblob(8192)",
        &format!("REPLACE INTO tiles VALUES {tile}"),
    ] {
        let refused = by_hand(&path, statement).unwrap_err();
        assert_eq!(
            refused.sqlite_error_code(),
            Some(rusqlite::ErrorCode::ConstraintViolation),
            "{statement}"
        );
    }
    assert_eq!(committed(&mut SqliteStore::open(&path, SHORT).unwrap()), 5);
}

#[test]
fn a_row_whose_derived_bytes_are_none_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    by_hand(&path, "UPDATE rows SET derived = x'ff'").unwrap();
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    let refused = commit(&mut store, 5);
    assert!(
        matches!(
            refused,
            Err(CommitError::NotWritten(StorageError::Corrupt { .. }))
        ),
        "{refused:?}"
    );
    assert_eq!(committed(&mut store), 5);
}

fn kept(path: &Path, table: Table) -> Result<Vec<KeptRow>, StorageError> {
    let mut store = SqliteStore::open(path, SHORT).unwrap();
    store.view().unwrap().rows(table, None, u32::MAX)
}

/// Whoever changes the file does not keep its rules.
#[test]
fn a_value_longer_than_any_that_is_written_is_not_read() {
    for change in [
        "UPDATE rows SET value = zeroblob(5 << 20) WHERE kind = 4",
        "UPDATE rows SET derived = zeroblob(5 << 20) WHERE kind = 4",
        "INSERT INTO search VALUES (9999, printf('%*c', 5 << 20, 'x'), 4, x'00')",
        "INSERT INTO listed VALUES (2, x'', zeroblob(5 << 20), x'00', 4)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        assert_eq!(kept(&path, Table::Users).unwrap().len(), 4);
        by_hand(&path, &format!("PRAGMA ignore_check_constraints = ON; {change}")).unwrap();
        let read = kept(&path, Table::Users).map(drop);
        assert!(
            matches!(read, Err(StorageError::Corrupt { .. })),
            "{change}: {read:?}"
        );
    }
}

/// Of tables that there are not, too: they are named under the first one.
#[test]
fn what_no_row_knows_of_is_beside_a_row_once_named_and_a_thousand_times_at_most() {
    let all = |number: u32, insert: &str| {
        format!(
            "WITH RECURSIVE number (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM number WHERE x < {number}) \
             INSERT {insert}"
        )
    };
    for (change, table, rows) in [
        (
            "INSERT INTO listed VALUES (2, x'', x'00', x'01', 99)".into(),
            Table::Settings,
            1,
        ),
        (
            "INSERT INTO listed VALUES (2, x'', x'00', x'01', -1)".into(),
            Table::Settings,
            1,
        ),
        (
            "INSERT INTO listed VALUES (2, x'', x'00', x'01', 1 << 62)".into(),
            Table::Settings,
            1,
        ),
        (
            "INSERT INTO search VALUES (9999, 'x', 99, x'01')".into(),
            Table::Settings,
            1,
        ),
        (
            "INSERT INTO search VALUES (9999, CAST(x'ff' AS TEXT), 6, x'01')".into(),
            Table::Operators,
            1,
        ),
        // In a list that nobody reads.
        (
            "INSERT INTO listed VALUES (99, x'', x'00', x'01', 6)".into(),
            Table::Operators,
            0,
        ),
        (
            "INSERT INTO listed VALUES (1 << 62, x'', x'00', x'01', 6)".into(),
            Table::Operators,
            0,
        ),
        (
            all(
                5000,
                "INTO listed SELECT 2, x'', CAST(x AS BLOB), x'01', 6 FROM number",
            ),
            Table::Operators,
            1,
        ),
        (
            all(
                5000,
                "INTO listed SELECT 2, x'', x'00', CAST(x AS BLOB), 6 FROM number",
            ),
            Table::Operators,
            1000,
        ),
        (
            all(
                5000,
                "INTO search SELECT 9999 + x, 'x', 6, CAST(x AS BLOB) FROM number",
            ),
            Table::Operators,
            1000,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path());
        by_hand(&path, &format!("PRAGMA ignore_check_constraints = ON; {change}")).unwrap();
        let read = kept(&path, table).unwrap();
        assert_eq!(read.len(), rows, "{change}");
        for KeptRow { row, derived, .. } in read {
            assert_eq!(row, None, "{change}");
            // Twice, as it is wrong even where it is what belongs there.
            assert_eq!(derived.listed.len() + derived.texts.len(), 2, "{change}");
        }
    }
}

#[test]
fn long_rows_come_a_few_at_a_time_and_what_none_knows_of_is_forgotten_beyond_so_many_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let numbers = "PRAGMA ignore_check_constraints = ON;
        WITH RECURSIVE number (x) AS (SELECT 10 UNION ALL SELECT x + 1 FROM number WHERE x < 49) INSERT INTO";
    for insert in [
        "rows SELECT 6, CAST(x AS BLOB), NULL, zeroblob(1 << 20) FROM number",
        "listed SELECT 2, x'', zeroblob(1 << 20), CAST(x AS BLOB), 7 FROM number",
        "listed SELECT 2, x'', x'', CAST(x AS BLOB), 6 FROM number",
    ] {
        by_hand(&path, &format!("{numbers} {insert}")).unwrap();
    }
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    let view = store.view().unwrap();
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = view.rows(Table::Operators, after.as_deref(), 100).unwrap();
        assert!(page.len() <= 16, "{}", page.len());
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        keys.extend(page.into_iter().map(|kept| (kept.key, kept.row.is_some())));
    }
    let all = (10..50).map(|number: u8| (number.to_string().into_bytes(), true));
    assert_eq!(keys, all.collect::<Vec<_>>());
    assert_eq!(view.rows(Table::OperatorNames, None, 100).unwrap().len(), 16);
}

#[test]
fn a_damaged_page_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    // All but the first page, which has the tables' names.
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let mut store = SqliteStore::open(&path, SHORT);
    let read = store.as_mut().map(|store| store.begin().unwrap().entries(0, 9));
    assert!(
        matches!(
            read,
            Ok(Err(StorageError::Corrupt { .. })) | Err(StorageError::Corrupt { .. })
        ),
        "{read:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_put_in_the_databases_place_is_not_written_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    let copy = folder.path().join("copy");
    store.backup(&copy).unwrap();
    std::fs::rename(&copy, &path).unwrap();
    assert!(matches!(store.begin().map(drop), Err(StorageError::Read { .. })));
}

#[test]
fn a_copy_is_whole_private_and_writes_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    let copy = folder.path().join("copy");
    store.backup(&copy).unwrap();
    commit(&mut store, 5).unwrap();
    let again = store.backup(&copy);
    assert!(matches!(again, Err(StorageError::Write { .. })), "{again:?}");
    let nowhere = store.backup(&folder.path().join("none/copy"));
    assert!(matches!(nowhere, Err(StorageError::Write { .. })), "{nowhere:?}");
    // Put back as it would be: a copy of the copy. Both go on from there.
    let back = folder.path().join("back/desk.sqlite");
    std::fs::create_dir(back.parent().unwrap()).unwrap();
    SqliteStore::open(&copy, SHORT).unwrap().backup(&back).unwrap();
    for path in [&copy, &back] {
        let mut copy = SqliteStore::open(path, SHORT).unwrap();
        assert_eq!(committed(&mut copy), 5);
        commit(&mut copy, 5).unwrap();
        assert_eq!(committed(&mut copy), 6);
    }
    assert_eq!(committed(&mut store), 6);
}

/// A disk or a folder that can only be read. Root may write to each folder, so here something else is in the way of what
/// SQLite would put beside the file.
#[test]
fn a_file_is_copied_from_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("media");
    std::fs::create_dir(&media).unwrap();
    let backup = media.join("backup");
    let path = database(folder.path());
    SqliteStore::open(&path, SHORT).unwrap().backup(&backup).unwrap();
    std::fs::create_dir(media.join("backup-wal")).unwrap();
    assert!(SqliteStore::open(&backup, SHORT).is_err());
    let mut read_only = backup.metadata().unwrap().permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(&backup, read_only).unwrap();
    let before = std::fs::read(&backup).unwrap();

    let copy = folder.path().join("copy");
    SqliteStore::copy(&backup, &copy).unwrap();
    let mut store = SqliteStore::open(&copy, SHORT).unwrap();
    assert_eq!(committed(&mut store), 5);
    commit(&mut store, 5).unwrap();
    assert_eq!(std::fs::read(&backup).unwrap(), before);
    assert_eq!(std::fs::read_dir(&media).unwrap().count(), 2);
    // Nor over another file, nor of what is none.
    let again = SqliteStore::copy(&backup, &copy);
    assert!(matches!(again, Err(StorageError::Write { .. })), "{again:?}");
    for none in [media.join("none"), media.clone()] {
        let read = SqliteStore::copy(&none, &folder.path().join("other"));
        assert!(matches!(read, Err(StorageError::Read { .. })), "{read:?}");
    }
    assert!(!folder.path().join("other").exists());
}

#[test]
fn the_copy_of_a_file_has_what_is_in_its_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    commit(&mut store, 5).unwrap();
    // As a process that was killed leaves it.
    let crashed = folder.path().join("crashed");
    for more in ["", "-wal"] {
        let named = |path: &Path| format!("{}{more}", path.display());
        std::fs::copy(named(&path), named(&crashed)).unwrap();
    }
    let copy = folder.path().join("copy");
    SqliteStore::copy(&crashed, &copy).unwrap();
    assert_eq!(committed(&mut SqliteStore::open(&copy, SHORT).unwrap()), 6);
}

#[test]
fn desks_go_on_while_a_copy_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let options = SqliteOptions::default();
    let writing = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut store = SqliteStore::open(&path, options).unwrap();
            for number in 5..200 {
                commit(&mut store, number).unwrap();
            }
        }
    });
    let store = SqliteStore::open(&path, options).unwrap();
    let mut copies = Vec::new();
    while !writing.is_finished() || copies.is_empty() {
        let copy = folder.path().join(format!("copy {}", copies.len()));
        store.backup(&copy).unwrap();
        copies.push(copy);
    }
    writing.join().unwrap();
    let mut last = 0;
    for copy in copies {
        let there = committed(&mut SqliteStore::open(&copy, SHORT).unwrap());
        assert!(there >= last);
        last = there;
    }
}

#[test]
fn what_was_removed_is_in_no_byte_of_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = SqliteStore::open(&path, SHORT).unwrap();
    // A part of this one stands in the index as it is.
    let mut rare = support::batch(5);
    if let Some((_, derived)) = &mut rare.rows[1].row {
        derived.texts = vec!["person \u{a64f}\u{a64d}\u{a64b}".into()];
    }
    store.begin().unwrap().commit(&rare).unwrap();
    let copy = folder.path().join("before");
    store.backup(&copy).unwrap();
    let part = "\u{a64f}\u{a64d}\u{a64b}".as_bytes();
    let count = |copy: &Path| {
        let bytes = std::fs::read(copy).unwrap();
        bytes.windows(part.len()).filter(|window| *window == part).count()
    };
    // In the text, in its index, and in that of its parts.
    assert_eq!(count(&copy), 3);
    // Few enough that the index is not merged meanwhile.
    for number in 6..9 {
        commit(&mut store, number).unwrap();
    }
    let copy = folder.path().join("copy");
    store.backup(&copy).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("person 00000008"));
    assert_eq!(count(&copy), 0);
    for number in 0..5 {
        assert!(!has(&format!("person {number:08}")), "{number}");
    }
}
