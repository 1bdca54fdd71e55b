//! Attacks that ran against the command line's desk when it was a folder of JSON files, by their names. What needs no
//! program is in `tests/tests/desk_attacks.rs` and `tests/tests/desk_seals.rs`; the folder's rights are in `brought.rs`.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use fido_unlock::desk::ports::{Batch, Derived, DeskStore, RowChange, Table};
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::bench::{ADMIN_PASSWORD, Bench, PASSPHRASE, text};

/// F2, F3, F4, F5, F10 edited files that are gone; what a row says is sealed.
#[test]
fn f10_no_file_of_the_desk_can_be_read_as_text_and_edited() {
    let bench = Bench::with_desk(2);
    let names = fs::read_dir(bench.path("desk")).unwrap();
    let json = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") && name != "issuers.json");
    assert_eq!(json.collect::<Vec<_>>(), Vec::<String>::new());
}

/// The lock (F8): a second process while the first is on the telephone, and a log that is one.
#[test]
fn lock_a_second_process_works_while_the_first_waits_for_a_challenge() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let words = "respond --desk desk --operator admin --user alice --method call-back --statement called \
                 --reason T-1 --json --stdin";
    let mut first = Command::new(env!("CARGO_BIN_EXE_fido-unlock"))
        .args(words.split_whitespace())
        .current_dir(bench.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = first.stdin.take().unwrap();
    input
        .write_all(format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n").as_bytes())
        .unwrap();
    bench.admin("desk status", "").ok();
    bench
        .admin("desk add-user --user mallory --name Mallory", "")
        .ok();
    input.write_all(format!("{challenge}\n").as_bytes()).unwrap();
    drop(input);
    let mut answer = String::new();
    first.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(first.wait().unwrap().success(), "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert!(!text(&answer["response_code"]).is_empty());
    bench.verify("").ok();
}

/// Somebody who writes to the database without the desk.
#[test]
fn audit_verify_names_the_row_that_somebody_changed() {
    let bench = Bench::with_desk(2);
    let verified = bench.verify("").ok();
    assert!(verified["rows"].as_u64().unwrap() > 5);
    let database = bench.path("desk/desk.sqlite");
    let mut store = SqliteStore::open(&database, SqliteOptions::default()).unwrap();
    let head = store.view().unwrap().head().unwrap().unwrap();
    let batch = Batch {
        head,
        rows: vec![
            RowChange {
                table: Table::Counts,
                key: Vec::new(),
                row: None,
            },
            RowChange {
                table: Table::UserNames,
                key: "b\u{f6}b\u{202e}".into(),
                row: Some((vec![1], Derived::default())),
            },
        ],
        first_entry: verified["entries"].as_u64().unwrap(),
        ..Batch::default()
    };
    store.begin().unwrap().commit(&batch).unwrap();
    drop(store);
    let error = bench.verify("").error(713);
    assert_eq!(
        error["rows"],
        serde_json::json!([
            { "table": "counts", "key": "", "fault": "missing" },
            { "table": "user_names", "key": "62c3b662e280ae", "fault": "added" },
        ])
    );
    assert_eq!(
        error["detail"],
        "counts is missing\n  user_names b\u{f6}b\\u{202e} was added"
    );
}

/// A link that somebody planted where the desk writes needs a folder that somebody else can write to.
#[cfg(unix)]
#[test]
fn perm_a_planted_link_is_not_written_through() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let bench = Bench::locked(2);
    fs::write(bench.path("victim"), "keep").unwrap();
    fs::set_permissions(bench.path("desk"), fs::Permissions::from_mode(0o777)).unwrap();
    symlink(bench.path("victim"), bench.path("desk/notices.jsonl")).unwrap();
    bench.respond(&bench.challenge()).error(712);
    assert_eq!(fs::read_to_string(bench.path("victim")).unwrap(), "keep");
}

/// Nothing is named after what somebody typed, whatever is in it.
#[test]
fn perm_a_users_id_is_no_path() {
    let bench = Bench::with_desk(2);
    let before = fs::read_dir(bench.path("")).unwrap().count();
    bench
        .admin("desk add-user --user ../../../etc/passwd --name x", "")
        .ok();
    assert_eq!(fs::read_dir(bench.path("")).unwrap().count(), before);
}
