//! Each row that a decision reads.

use std::collections::{BTreeMap, BTreeSet};

use fido_unlock::ErrorCode;
use fido_unlock::desk::map::{MapKey, Prefix};
use fido_unlock::desk::ports::Table;
use fido_unlock::desk::{DeskError, RowFault, WrongRow, WrongRows};
use fido_unlock_mock::desk::ReadRow;
use rusqlite::{Connection, OptionalExtension};

use crate::house::{House, code_of};
use crate::scene::{ACTS, Act, Scene, by_hand};

/// What somebody does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hand {
    Changed,
    TakenOut,
    Added,
    /// As it was in the earlier state.
    SetBack,
    /// The same, and the whole map with it.
    SetBackWithTheMap,
}

/// Whether decisions ask for rows of a table that are not there, so that one that somebody added is seen.
fn is_asked_for_in_vain(table: Table) -> bool {
    match table {
        Table::UserNames
        | Table::Operators
        | Table::OperatorNames
        | Table::Sessions
        | Table::Passkeys
        | Table::BackOff
        | Table::Devices
        | Table::Requests
        | Table::Answered
        | Table::Limits
        | Table::Alarms
        | Table::StandingAlarms
        | Table::Issuers
        | Table::Slots => true,
        // One row each, or two, from the beginning.
        Table::Settings | Table::Licence | Table::Counts | Table::Queues => false,
        // Their numbers are in rows that are asked for: another one is nobody's.
        Table::Users | Table::DeviceStates | Table::Outbox | Table::Announcements => false,
        // The log has its hash.
        Table::Texts => false,
    }
}

fn value(connection: &Connection, schema: &str, (table, key, _): &ReadRow) -> Option<Vec<u8>> {
    let text = format!("SELECT value FROM {schema}.rows WHERE kind = ?1 AND key = ?2");
    let row = connection.query_row(&text, (table.number(), key), |row| row.get(0));
    row.optional().unwrap()
}

fn put(connection: &Connection, (table, key, _): &ReadRow, value: Option<Vec<u8>>) {
    let of = (table.number(), key);
    connection
        .execute("DELETE FROM main.rows WHERE kind = ?1 AND key = ?2", of)
        .unwrap();
    if let Some(value) = value {
        let row = (of.0, of.1, value);
        connection
            .execute(
                "INSERT INTO main.rows (kind, key, derived, value) VALUES (?1, ?2, NULL, ?3)",
                row,
            )
            .unwrap();
    }
}

/// Gives whether it could be done: a row of the earlier state may be the same.
fn change(connection: &Connection, read: &ReadRow, hand: Hand) -> bool {
    let row = value(connection, "main", read);
    let before = value(connection, "early", read);
    match hand {
        Hand::Changed => {
            let Some(mut row) = row else { return false };
            *row.last_mut().unwrap() ^= 1;
            put(connection, read, Some(row));
        }
        Hand::TakenOut if row.is_some() => put(connection, read, None),
        Hand::Added if row.is_none() => {
            // Another row of this table, as the desk wrote it.
            let text = "SELECT value FROM main.rows WHERE kind = ?1 LIMIT 1";
            let other = connection.query_row(text, [read.0.number()], |row| row.get(0));
            put(connection, read, Some(other.unwrap()));
        }
        Hand::TakenOut | Hand::Added => return false,
        Hand::SetBack | Hand::SetBackWithTheMap if row == before => return false,
        Hand::SetBack => put(connection, read, before),
        Hand::SetBackWithTheMap => {
            put(connection, read, before);
            let text = "DELETE FROM main.nodes; INSERT INTO main.nodes SELECT * FROM early.nodes";
            connection.execute_batch(text).unwrap();
        }
    }
    true
}

/// What `audit verify` has to name.
fn named_by(hand: Hand, (table, key, _): &ReadRow) -> WrongRow {
    let fault = match hand {
        Hand::Changed | Hand::SetBack => RowFault::Changed,
        Hand::TakenOut => RowFault::Missing,
        Hand::Added => RowFault::Added,
        Hand::SetBackWithTheMap => {
            let prefix = Prefix::default();
            return WrongRow::Node { prefix };
        }
    };
    WrongRow::Row {
        table: *table,
        key: key.clone(),
        fault,
    }
}

/// The same where the row is set back: in the earlier state, or in the later one, it may not have been there.
fn set_back(connection: &Connection, read: &ReadRow) -> WrongRow {
    let hand = match (value(connection, "early", read), value(connection, "main", read)) {
        (None, _) => Hand::TakenOut,
        (_, None) => Hand::Added,
        _ => Hand::Changed,
    };
    named_by(hand, read)
}

/// Which rows acts read, each with the first act that does.
fn reads(scene: &Scene) -> BTreeMap<ReadRow, (&'static str, Act)> {
    let mut all = BTreeMap::new();
    for (name, act) in ACTS {
        let (first, outcome) = scene.reads(*act);
        assert_ne!(outcome, Some(ErrorCode::StoreTampered), "{name}");
        // What has a random key is another one the next time.
        let (second, _) = scene.reads(*act);
        for read in first.intersection(&second) {
            all.entry(read.clone()).or_insert((*name, *act));
        }
    }
    all
}

#[test]
fn each_row_that_a_decision_reads_is_refused_when_somebody_changed_it_and_audit_verify_names_it() {
    let scene = Scene::new();
    let mut done: BTreeSet<(Table, Hand)> = BTreeSet::new();
    let mut taken = Vec::new();
    for (read, (name, act)) in reads(&scene) {
        if !read.0.is_mapped() {
            continue;
        }
        for hand in [
            Hand::Changed,
            Hand::TakenOut,
            Hand::Added,
            Hand::SetBack,
            Hand::SetBackWithTheMap,
        ] {
            let mut could = false;
            let outcome = scene.after(|connection| could = change(connection, &read, hand), act);
            if !could {
                continue;
            }
            done.insert((read.0, hand));
            if outcome != Some(ErrorCode::StoreTampered) {
                taken.push(format!("{name}: {:?} {hand:?}: {outcome:?}", read.0));
            }
            let mut named = named_by(hand, &read);
            let found = scene.verified(|connection| {
                if hand == Hand::SetBack {
                    named = set_back(connection, &read);
                }
                assert!(change(connection, &read, hand));
            });
            match found {
                Err(DeskError::Rows(found)) if found.wrong == [named.clone()] && found.more == 0 => {}
                found => taken.push(format!("{named} is not what audit verify names: {found:?}")),
            }
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    for table in Table::ALL.iter().filter(|table| table.is_mapped()) {
        let mut hands = vec![
            Hand::Changed,
            Hand::TakenOut,
            Hand::SetBack,
            Hand::SetBackWithTheMap,
        ];
        if is_asked_for_in_vain(*table) {
            hands.push(Hand::Added);
        }
        for hand in hands {
            assert!(
                done.contains(&(*table, hand)),
                "no act has met {table:?} {hand:?}"
            );
        }
    }
}

/// The log says who there is, and users' rows what they are called.
#[test]
fn what_nothing_names_any_more_is_told_by_its_place() {
    let scene = Scene::new();
    let mut number = Vec::new();
    let found = scene.verified(|connection| {
        let text = "SELECT substr(value, -10) FROM main.rows WHERE kind = 5 AND key = CAST('zoe' AS BLOB)";
        number = connection.query_row(text, (), |row| row.get(0)).unwrap();
        connection
            .execute("DELETE FROM main.rows WHERE kind = 4 AND key = ?1", [&number])
            .unwrap();
        connection
            .execute_batch("DELETE FROM main.rows WHERE kind = 5 AND key = CAST('zoe' AS BLOB)")
            .unwrap();
    });
    let place = MapKey::new("user_names", b"zoe");
    let wrong = vec![
        WrongRow::Row {
            table: Table::Users,
            key: number,
            fault: RowFault::Missing,
        },
        WrongRow::Unnamed { place },
    ];
    assert_eq!(found, Err(DeskError::Rows(WrongRows { wrong, more: 0 })));
}

/// One whose owner's row was changed meanwhile is not one whose owner was erased.
#[test]
fn an_owners_notice_is_not_taken_for_sent_while_their_row_is_another() {
    let scene = Scene::new();
    let path = scene.put(&scene.late());
    let mut house = House::over(scene.world(), &path).unwrap();
    let by_hand = |change: &str| {
        by_hand(&path, &scene.early(), |connection| {
            connection.execute_batch(change).unwrap();
        });
    };
    let sent = house.world.outbox.notices().len();
    by_hand(
        "CREATE TABLE kept AS SELECT * FROM main.rows WHERE kind = 4; DELETE FROM main.rows WHERE kind = 4",
    );
    assert_eq!(code_of(house.desk.send_notice()), ErrorCode::StoreTampered);
    by_hand("INSERT INTO main.rows SELECT * FROM kept; DROP TABLE kept");
    assert!(house.desk.send_notice().unwrap());
    assert_eq!(house.world.outbox.notices().len(), sent + 1);
}

/// An entry's text is not in the map: the entry has its hash. One that was changed is not shown; one that was taken out
/// looks as if it had been erased, and the log is whole.
#[test]
fn an_entrys_text_that_somebody_changed_is_not_shown() {
    let scene = Scene::new();
    let shown = |change: &str, named: bool| {
        let path = scene.put(&scene.late());
        by_hand(&path, &scene.early(), |connection| {
            connection.execute_batch(change).unwrap();
        });
        let mut house = House::over(scene.world(), &path).unwrap();
        match house.desk.verify_audit(&[]) {
            Ok(_) => assert!(!named),
            Err(DeskError::Rows(found)) => assert!(named && is_of_texts(&found), "{found}"),
            Err(other) => panic!("{other}"),
        }
        let entries = house.desk.audit_entries(&scene.admin, 0, 40).unwrap();
        let texts = entries.into_iter().filter(|shown| shown.text.is_some());
        texts.count()
    };
    let all = shown("", false);
    assert!(all > 5);
    // One text in the place of all: it is shown where it belongs, if that is looked at.
    let one =
        "UPDATE main.rows SET value = (SELECT max(value) FROM main.rows WHERE kind = 21) WHERE kind = 21";
    assert!(shown(one, true) <= 1);
    let erased = "DELETE FROM main.rows WHERE kind = 21; DELETE FROM main.listed WHERE kind = 21";
    assert_eq!(shown(erased, false), 0);
    // One that somebody took out of the list of its user would outlive the user.
    shown("DELETE FROM main.listed WHERE kind = 21", true);
    // One of an entry that has none.
    shown(
        "INSERT INTO main.rows SELECT kind, x'0000000000000000', derived, value FROM main.rows WHERE kind = 21 LIMIT 1",
        true,
    );
}

fn is_of_texts(found: &WrongRows) -> bool {
    let mut wrong = found.wrong.iter();
    wrong.all(|wrong| {
        matches!(
            wrong,
            WrongRow::Row {
                table: Table::Texts,
                ..
            }
        )
    })
}
