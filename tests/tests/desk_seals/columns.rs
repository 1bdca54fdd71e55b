//! Each table of the database, and each of its columns.

use std::collections::BTreeSet;

use fido_unlock::desk::ports::Table;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{DeskError, LogFilter, RowFault, WrongRow};
use fido_unlock::{ErrorCode, HasCode};
use rusqlite::Connection;

use crate::house::{House, device, user_id};
use crate::scene::{Act, Scene};

/// Who notices.
enum Notices {
    /// The act is refused with this number.
    Refusal(ErrorCode),
    /// Nobody: the act ends as it would have, and why that does no harm, or which.
    Nobody(#[allow(dead_code, reason = "it is there to be read")] &'static str),
    /// Nobody, or the act is refused as one that cannot read.
    Perhaps,
}

/// What `audit verify` says.
enum Verify {
    /// Only the log, or the head, is wrong: this number.
    Number(ErrorCode),
    /// These tables have rows that are wrong in this way alone.
    Rows(RowFault, &'static [Table]),
    /// A node of the map.
    Node,
    /// Nothing, as it is no part of what the desk wrote or reads.
    Whole,
}

use Notices::{Nobody, Perhaps, Refusal};
use Verify::{Node, Number, Rows, Whole};

/// What is changed (`table.column`, or `table` with what is done to a row), how, what is done then, who notices, and what
/// `audit verify` says.
type Case = (&'static str, &'static str, Act, Notices, Verify);

const TAMPERED: Notices = Refusal(ErrorCode::StoreTampered);
const BROKEN: Notices = Refusal(ErrorCode::AuditBroken);
const LOG: Verify = Number(ErrorCode::AuditBroken);
/// All that stands in lists.
const LISTED: &[Table] = &[
    Table::Users,
    Table::Operators,
    Table::Devices,
    Table::Requests,
    Table::Texts,
];
/// All that is found by a text.
const FOUND: &[Table] = &[Table::Users, Table::Devices];

/// Any act that reads rows and writes an entry.
const ANY: Act = |house, scene| house.desk.find_device(&scene.anna, &device(1)).map(drop);
const READ_LOG: Act = |house, scene| house.desk.audit_entries(&scene.admin, 0, 600).map(drop);
/// What is found by what stands beside it is not shown as what it is not.
const FIND_SIGNED_IN: Act = |house, scene| {
    let event = Some(DeskEvent::SignedIn);
    find(
        house,
        scene,
        LogFilter {
            event,
            ..LogFilter::default()
        },
    )
};
const FIND_ADMIN: Act = |house, scene| {
    let operator = house.desk.person_number(&scene.admin, "admin")?;
    find(
        house,
        scene,
        LogFilter {
            operator,
            ..LogFilter::default()
        },
    )
};
const FIND_DEVICE: Act = |house, scene| {
    let device = Some(device(1));
    find(
        house,
        scene,
        LogFilter {
            device,
            ..LogFilter::default()
        },
    )
};

fn find(house: &mut House, scene: &Scene, filter: LogFilter) -> Result<(), DeskError> {
    let mut reading = house.desk.read_log(&scene.admin, filter, None)?;
    house.desk.read_on(&mut reading, 600).map(drop)
}

/// More than the second tile wants.
const MANY: Act = |house, scene| {
    for _ in 0..60 {
        ANY(house, scene)?;
    }
    Ok(())
};
const USERS: Act = |house, scene| house.desk.users(&scene.anna, None, 50).map(drop);
/// It is not told whether zoe is found, only that no other is shown for her.
const SEARCH: Act = |house, scene| {
    let found = house.desk.suggest(&scene.anna, "zoe")?;
    assert!(found.iter().all(|found| found.user.id == user_id("zoe")));
    Ok(())
};
/// A hit is only where to look: what is shown is the row as it is.
const HINT: Act = |house, scene| {
    for found in house.desk.suggest(&scene.anna, "zoe")? {
        let by_key = house.desk.find_user(&scene.anna, &found.user.id)?;
        assert_eq!(by_key, found);
    }
    Ok(())
};

/// A damaged index stops nothing but the search.
const SEARCH_AND_GO_ON: Act = |house, scene| {
    ANY(house, scene).unwrap();
    SEARCH(house, scene)
};

const MISSED: Notices =
    Nobody("who is not found by a part of the name is found by the whole id or the Device ID");
const UNLISTED: Notices = Nobody("a list is a hint: who is not in it is found by id");

const CASES: &[Case] = &[
    ("head.id", "UPDATE main.head SET id = 2", ANY, Nobody("it is the only row"), Whole),
    (
        "head.bytes",
        "UPDATE main.head SET bytes = CAST(bytes || x'00' AS BLOB)",
        ANY,
        TAMPERED,
        Number(ErrorCode::StoreTampered),
    ),
    ("head set back", "UPDATE main.head SET bytes = (SELECT bytes FROM early.head)", ANY, TAMPERED, LOG),
    ("head taken out", "DELETE FROM main.head", ANY, Refusal(ErrorCode::StoreRead), Number(ErrorCode::StoreRead)),
    ("head added", "INSERT INTO main.head SELECT 0, bytes FROM early.head", ANY, TAMPERED, LOG),
    (
        "rows.kind",
        "UPDATE main.rows SET kind = 13 WHERE kind = 10",
        ANY,
        TAMPERED,
        Rows(RowFault::Missing, &[Table::Devices]),
    ),
    (
        "rows.key",
        "UPDATE main.rows SET key = x'00' WHERE kind = 1",
        ANY,
        TAMPERED,
        Rows(RowFault::Missing, &[Table::Settings]),
    ),
    (
        "rows.derived",
        "UPDATE main.rows SET derived = NULL",
        ANY,
        Nobody("it only spares a look: a user erased afterwards stays in the index, and is not shown"),
        Rows(RowFault::Misplaced, LISTED),
    ),
    (
        "rows.value",
        "UPDATE main.rows SET value = CAST(value || x'00' AS BLOB) WHERE kind = 1",
        ANY,
        TAMPERED,
        Rows(RowFault::Changed, &[Table::Settings]),
    ),
    (
        "rows set back",
        "DELETE FROM main.rows; INSERT INTO main.rows SELECT * FROM early.rows",
        ANY,
        TAMPERED,
        Rows(
            RowFault::Changed,
            &[
                Table::Settings,
                Table::Licence,
                Table::Counts,
                Table::Users,
                Table::Operators,
                Table::BackOff,
                Table::DeviceStates,
                Table::Limits,
                Table::Alarms,
                Table::Queues,
                Table::Issuers,
                Table::Slots,
                Table::Passkeys,
            ],
        ),
    ),
    (
        "rows taken out",
        "DELETE FROM main.rows WHERE kind = 10",
        ANY,
        TAMPERED,
        Rows(RowFault::Missing, &[Table::Devices]),
    ),
    (
        "rows added",
        "INSERT INTO main.rows SELECT 10, x'09090909090909090909', NULL, value FROM main.rows WHERE kind = 10 LIMIT 1",
        |house, scene| house.desk.find_device(&scene.anna, &device(9)).map(drop),
        TAMPERED,
        Rows(RowFault::Added, &[Table::Devices]),
    ),
    (
        "listed.list",
        "UPDATE main.listed SET list = 4 WHERE list = 2",
        USERS,
        UNLISTED,
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    (
        "listed.grp",
        "UPDATE main.listed SET grp = (SELECT grp FROM main.listed WHERE list = 1 ORDER BY grp DESC LIMIT 1) WHERE list = 1",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Devices]),
    ),
    (
        "listed.ord",
        "UPDATE main.listed SET ord = x'00' WHERE list = 2",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    (
        "listed.key",
        "UPDATE main.listed SET key = x'00' WHERE list = 2 AND ord = CAST('zoe' AS BLOB)",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    (
        "listed.kind",
        "UPDATE main.listed SET kind = 6 WHERE list = 2",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users, Table::Operators]),
    ),
    (
        "listed set back",
        "DELETE FROM main.listed; INSERT INTO main.listed SELECT * FROM early.listed",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, LISTED),
    ),
    ("listed taken out", "DELETE FROM main.listed", USERS, UNLISTED, Rows(RowFault::Misplaced, LISTED)),
    (
        "listed added",
        "INSERT INTO main.listed SELECT list, grp, x'00', key, kind FROM main.listed WHERE list = 2 LIMIT 1",
        USERS,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    ("search.id", "UPDATE main.search SET id = id + 1000", SEARCH, MISSED, Rows(RowFault::Misplaced, FOUND)),
    ("search.text", "UPDATE main.search SET text = 'zoe' || id", HINT, MISSED, Rows(RowFault::Misplaced, FOUND)),
    (
        "search.kind",
        "UPDATE main.search SET kind = 6 WHERE text LIKE 'zoe%'",
        SEARCH,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users, Table::Operators]),
    ),
    (
        "search.key",
        "UPDATE main.search SET key = x'00' WHERE text LIKE 'zoe%'",
        SEARCH,
        TAMPERED,
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    (
        "search set back",
        "DELETE FROM main.search; INSERT INTO main.search SELECT * FROM early.search",
        SEARCH,
        MISSED,
        Rows(RowFault::Misplaced, FOUND),
    ),
    ("search taken out", "DELETE FROM main.search", SEARCH, MISSED, Rows(RowFault::Misplaced, FOUND)),
    (
        "search added",
        "INSERT INTO main.search SELECT 9999, 'zoe', kind, key FROM main.search WHERE text = 'boss'",
        HINT,
        Nobody("one more is found, as who they are"),
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    ("trigrams.text", "INSERT INTO main.trigrams (trigrams) VALUES ('delete-all')", SEARCH, MISSED, Whole),
    ("trigrams_config", "DELETE FROM main.trigrams_config", SEARCH_AND_GO_ON, Perhaps, Whole),
    ("trigrams_data", "DELETE FROM main.trigrams_data", SEARCH_AND_GO_ON, Perhaps, Whole),
    ("trigrams_idx", "DELETE FROM main.trigrams_idx", SEARCH_AND_GO_ON, Perhaps, Whole),
    ("nodes.prefix", "UPDATE main.nodes SET prefix = CAST(prefix || x'ff' AS BLOB)", ANY, TAMPERED, Node),
    ("nodes.node", "UPDATE main.nodes SET node = CAST(node || x'00' AS BLOB)", ANY, TAMPERED, Node),
    (
        "nodes set back",
        "DELETE FROM main.nodes; INSERT INTO main.nodes SELECT * FROM early.nodes",
        ANY,
        TAMPERED,
        Node,
    ),
    ("nodes taken out", "DELETE FROM main.nodes", ANY, TAMPERED, Node),
    (
        "nodes added",
        "INSERT INTO main.nodes VALUES (x'40ffff', x'00000000')",
        ANY,
        Nobody("the map has no way there"),
        Whole,
    ),
    ("entries.idx", "UPDATE main.entries SET idx = idx + 1000 WHERE idx = 7", READ_LOG, TAMPERED, LOG),
    ("entries.at", "UPDATE main.entries SET at = 0", READ_LOG, FILTER, LOG),
    ("entries.event", "UPDATE main.entries SET event = 10", FIND_SIGNED_IN, BROKEN, LOG),
    (
        "entries.operator",
        "UPDATE main.entries SET operator = (SELECT operator FROM main.entries WHERE operator NOT NULL ORDER BY idx LIMIT 1)",
        FIND_ADMIN,
        BROKEN,
        LOG,
    ),
    ("entries.device", "UPDATE main.entries SET device = x'01010101010101010101'", FIND_DEVICE, BROKEN, LOG),
    ("entries.request", "UPDATE main.entries SET request = NULL", READ_LOG, FILTER, LOG),
    (
        "entries.bytes",
        "UPDATE main.entries SET bytes = CAST(bytes || x'00' AS BLOB) WHERE idx = 7",
        READ_LOG,
        BROKEN,
        LOG,
    ),
    (
        "entries set back",
        "DELETE FROM main.entries WHERE idx >= (SELECT count(*) FROM early.entries)",
        ANY,
        TAMPERED,
        LOG,
    ),
    ("entries taken out", "DELETE FROM main.entries WHERE idx = 7", READ_LOG, BROKEN, LOG),
    (
        "entries added",
        "INSERT INTO main.entries SELECT (SELECT count(*) FROM main.entries), at, event, NULL, NULL, NULL, bytes
         FROM main.entries WHERE idx = 7",
        ANY,
        TAMPERED,
        LOG,
    ),
    ("tiles.level", "UPDATE main.tiles SET level = 3", READ_LOG, TAMPERED, LOG),
    ("tiles.idx", "UPDATE main.tiles SET idx = 7", READ_LOG, TAMPERED, LOG),
    ("tiles.bytes", "UPDATE main.tiles SET bytes = zeroblob(8192)", READ_LOG, BROKEN, LOG),
    (
        "tiles set back",
        "DELETE FROM main.tiles; INSERT INTO main.tiles SELECT * FROM early.tiles",
        READ_LOG,
        Nobody("a tile is written once: the earlier ones are these"),
        Whole,
    ),
    ("tiles taken out", "DELETE FROM main.tiles", READ_LOG, TAMPERED, LOG),
    ("tiles added", "INSERT INTO main.tiles SELECT 0, 1, bytes FROM main.tiles", MANY, TAMPERED, LOG),
];

const FILTER: Notices =
    Nobody("nothing reads it but whoever looks into the database: an entry's bytes say what it is");

#[test]
fn an_entry_whose_columns_say_something_else_is_named() {
    let scene = Scene::new();
    for column in [
        "at = at + 1",
        "event = 0",
        "operator = zeroblob(10)",
        "device = zeroblob(10)",
        "request = zeroblob(10)",
    ] {
        let change = format!("UPDATE main.entries SET {column} WHERE idx = 7");
        let verified = scene.verified(|connection| connection.execute_batch(&change).unwrap());
        let error = verified.unwrap_err();
        assert_eq!(error.code(), ErrorCode::AuditBroken);
        assert!(
            error.to_string().contains("entry 7: a column beside it"),
            "{column}: {error}"
        );
    }
}

/// What an Administrator looks for in the log is found by indexes, which a file can have as it likes.
#[test]
fn an_entry_that_is_not_found_by_what_stands_beside_it_is_named() {
    let scene = Scene::new();
    let swap = |connection: &Connection, one: &str, other: &str| {
        let page = |name| {
            let text = format!("SELECT rootpage FROM main.sqlite_schema WHERE name = '{name}'");
            connection
                .query_row(&text, (), |row| row.get::<_, i64>(0))
                .unwrap()
        };
        let both = page(one) + page(other);
        let swap = format!(
            "PRAGMA writable_schema = ON;
             UPDATE main.sqlite_schema SET rootpage = {both} - rootpage WHERE name IN ('{one}', '{other}');
             DELETE FROM main.sqlite_schema WHERE name = 'without'"
        );
        connection.execute_batch(&swap).unwrap();
    };
    let names = |what: &Result<(), DeskError>| what.as_ref().unwrap_err().to_string();
    for (one, other) in [("operator", "device"), ("device", "event"), ("event", "operator")] {
        let (one, other) = (format!("entries_of_{one}"), format!("entries_of_{other}"));
        let verified = scene
            .verified(|connection| swap(connection, &one, &other))
            .map(drop);
        assert!(
            names(&verified).contains("a column beside it"),
            "{one}: {verified:?}"
        );
    }
    // One that lacks a single entry, the last of all or another.
    for hidden in ["9", "(SELECT max(idx) FROM main.entries WHERE operator NOT NULL)"] {
        let verified = scene.verified(|connection| {
            let text = format!("SELECT {hidden}");
            let hidden: i64 = connection.query_row(&text, (), |row| row.get(0)).unwrap();
            let without = format!(
                "CREATE INDEX main.without ON entries (operator) WHERE operator IS NOT NULL AND idx <> {hidden}"
            );
            connection.execute_batch(&without).unwrap();
            swap(connection, "entries_of_operator", "without");
        });
        let verified = verified.map(drop);
        assert!(names(&verified).contains("a column beside it"), "{verified:?}");
    }
}

/// The tables that SQLite keeps the index of texts in: whatever is done to them, a hit is missed or the search refused.
const OF_THE_INDEX: &[&str] = &["trigrams_config", "trigrams_data", "trigrams_idx"];

fn column(connection: &Connection, text: &str) -> Vec<String> {
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// All that can be changed: each column of each table, and each table's rows.
fn places(connection: &Connection) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for table in column(
        connection,
        "SELECT name FROM main.sqlite_schema WHERE type = 'table'",
    ) {
        if OF_THE_INDEX.contains(&table.as_str()) {
            places.insert(table);
            continue;
        }
        let text = format!("SELECT name FROM pragma_table_info('{table}')");
        places.extend(
            column(connection, &text)
                .iter()
                .map(|name| format!("{table}.{name}")),
        );
        if table != "trigrams" {
            places.extend(["set back", "taken out", "added"].map(|what| format!("{table} {what}")));
        }
    }
    places
}

#[test]
fn every_column_and_every_table_has_who_notices_a_change() {
    let scene = Scene::new();
    let mut there = BTreeSet::new();
    scene.after(|connection| there = places(connection), ANY);
    let known: BTreeSet<String> = CASES.iter().map(|(place, ..)| (*place).into()).collect();
    assert_eq!(known, there);
    assert_eq!(known.len(), CASES.len());
    let mut others = Vec::new();
    for (place, change, act, notices, verify) in CASES {
        let change = |connection: &Connection| {
            connection
                .execute_batch(change)
                .unwrap_or_else(|error| panic!("{place}: {error}"));
        };
        let outcome = scene.after(change, *act);
        let noticed = match notices {
            Refusal(code) => outcome == Some(*code),
            Nobody(_) => outcome.is_none(),
            Perhaps => matches!(
                outcome,
                None | Some(ErrorCode::StoreCorrupt | ErrorCode::StoreRead)
            ),
        };
        if !noticed {
            others.push(format!("{place}: {outcome:?}"));
        }
        let verified = scene.verified(change).map(drop);
        if !says(verify, &verified) {
            others.push(format!("{place}: audit verify says {:?}", in_short(&verified)));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

/// What no desk writes and no table's rules allow. A place of a table that there is not is named under the first one.
const HOSTILE: &[(&str, Verify)] = &[
    (
        "INSERT INTO main.listed VALUES (2, x'', x'00', x'01', 99)",
        Rows(RowFault::Misplaced, &[Table::Settings]),
    ),
    (
        "INSERT INTO main.listed VALUES (2, x'', x'00', x'01', -1)",
        Rows(RowFault::Misplaced, &[Table::Settings]),
    ),
    (
        "INSERT INTO main.listed VALUES (1 << 40, x'', x'00', x'01', 4)",
        Whole,
    ),
    (
        "INSERT INTO main.search VALUES (9999, 'x', 99, x'01')",
        Rows(RowFault::Misplaced, &[Table::Settings]),
    ),
    (
        "INSERT INTO main.search VALUES (9999, CAST(x'ff' AS TEXT), 10, x'01')",
        Rows(RowFault::Misplaced, &[Table::Devices]),
    ),
    (
        "UPDATE main.rows SET derived = zeroblob(1 << 20) WHERE kind = 4",
        Rows(RowFault::Misplaced, &[Table::Users]),
    ),
    (
        "UPDATE main.rows SET value = zeroblob(5 << 20) WHERE kind = 1",
        Number(ErrorCode::StoreCorrupt),
    ),
    (
        "INSERT INTO main.rows VALUES (4, x'01', NULL, zeroblob(5 << 20))",
        Number(ErrorCode::StoreCorrupt),
    ),
    ("UPDATE main.entries SET at = -1 WHERE idx = 7", LOG),
    ("UPDATE main.entries SET event = 1 << 40 WHERE idx = 7", LOG),
    ("UPDATE main.entries SET operator = x'00' WHERE idx = 7", LOG),
    (
        "UPDATE main.entries SET device = zeroblob(1 << 20) WHERE idx = 7",
        LOG,
    ),
    (
        "UPDATE main.head SET bytes = zeroblob(5 << 20)",
        Number(ErrorCode::StoreCorrupt),
    ),
    (
        "UPDATE main.nodes SET node = zeroblob(5 << 20)",
        Number(ErrorCode::StoreCorrupt),
    ),
];

#[test]
fn what_a_hostile_file_has_is_named_or_refused() {
    let scene = Scene::new();
    for (change, verify) in HOSTILE {
        let verified = scene.verified(|connection| {
            let change = format!("PRAGMA ignore_check_constraints = ON; {change}");
            connection.execute_batch(&change).unwrap();
        });
        let verified = verified.map(drop);
        assert!(says(verify, &verified), "{change}: {:?}", in_short(&verified));
    }
}

/// Which tables are named, and why.
fn in_short(verified: &Result<(), DeskError>) -> Result<(), Result<BTreeSet<(Table, RowFault)>, ErrorCode>> {
    let Err(DeskError::Rows(found)) = verified else {
        return verified.clone().map_err(|error| Err(error.code()));
    };
    let rows = found.wrong.iter().filter_map(|wrong| match wrong {
        WrongRow::Row { table, fault, .. } => Some((*table, *fault)),
        _ => None,
    });
    Err(Ok(rows.collect()))
}

fn says(verify: &Verify, verified: &Result<(), DeskError>) -> bool {
    match (verify, verified) {
        (Whole, Ok(())) => true,
        (Number(code), Err(error)) => error.code() == *code && !matches!(error, DeskError::Rows(_)),
        (Node, Err(DeskError::Rows(found))) => found
            .wrong
            .iter()
            .all(|wrong| matches!(wrong, WrongRow::Node { .. })),
        (Rows(fault, tables), Err(DeskError::Rows(found))) => {
            let of_fault = found.wrong.iter().filter_map(|wrong| match wrong {
                WrongRow::Row {
                    table, fault: found, ..
                } if found == fault => Some(*table),
                _ => None,
            });
            tables.iter().copied().collect::<BTreeSet<_>>() == of_fault.collect()
        }
        _ => false,
    }
}
