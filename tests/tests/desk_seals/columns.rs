//! Each table of the database, and each of its columns.

use std::collections::BTreeSet;

use fido_unlock::ErrorCode;
use rusqlite::Connection;

use crate::house::{device, user_id};
use crate::scene::{Act, Scene};

/// Who notices.
enum Notices {
    /// The act is refused with this number.
    Refusal(ErrorCode),
    /// Nobody: the act ends as it would have, and why that does no harm, or which.
    Nobody(#[allow(dead_code, reason = "it is there to be read")] &'static str),
}

use Notices::{Nobody, Refusal};

/// What is changed (`table.column`, or `table` with what is done to a row), how, what is done then, and who notices.
type Case = (&'static str, &'static str, Act, Notices);

const TAMPERED: Notices = Refusal(ErrorCode::StoreTampered);
const BROKEN: Notices = Refusal(ErrorCode::AuditBroken);
/// The tables' own rules keep out what the desk would write.
const UNWRITTEN: Notices = Refusal(ErrorCode::StoreWrite);

/// Any act that reads rows and writes an entry.
const ANY: Act = |house, scene| house.desk.find_device(&scene.anna, &device(1)).map(drop);
const VERIFY: Act = |house, _| house.desk.verify_audit(&[]).map(drop);
const READ_LOG: Act = |house, scene| house.desk.audit_entries(&scene.admin, 0, 600).map(drop);
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

const MISSED: Notices =
    Nobody("who is not found by a part of the name is found by the whole id or the Device ID");
const UNLISTED: Notices = Nobody("a list is a hint: who is not in it is found by id");

const CASES: &[Case] = &[
    ("head.id", "UPDATE main.head SET id = 2", ANY, Nobody("it is the only row")),
    ("head.bytes", "UPDATE main.head SET bytes = CAST(bytes || x'00' AS BLOB)", ANY, TAMPERED),
    ("head set back", "UPDATE main.head SET bytes = (SELECT bytes FROM early.head)", ANY, TAMPERED),
    ("head taken out", "DELETE FROM main.head", ANY, Refusal(ErrorCode::StoreRead)),
    ("head added", "INSERT INTO main.head SELECT 0, bytes FROM early.head", ANY, TAMPERED),
    ("rows.kind", "UPDATE main.rows SET kind = 13 WHERE kind = 10", ANY, TAMPERED),
    ("rows.key", "UPDATE main.rows SET key = x'00' WHERE kind = 1", ANY, TAMPERED),
    (
        "rows.derived",
        "UPDATE main.rows SET derived = NULL",
        ANY,
        Nobody("it only spares a look: a user erased afterwards stays in the index, and is not shown"),
    ),
    ("rows.value", "UPDATE main.rows SET value = CAST(value || x'00' AS BLOB) WHERE kind = 1", ANY, TAMPERED),
    (
        "rows set back",
        "DELETE FROM main.rows; INSERT INTO main.rows SELECT * FROM early.rows",
        ANY,
        TAMPERED,
    ),
    ("rows taken out", "DELETE FROM main.rows WHERE kind = 10", ANY, TAMPERED),
    (
        "rows added",
        "INSERT INTO main.rows SELECT 10, x'09090909090909090909', NULL, value FROM main.rows WHERE kind = 10 LIMIT 1",
        |house, scene| house.desk.find_device(&scene.anna, &device(9)).map(drop),
        TAMPERED,
    ),
    ("listed.list", "UPDATE main.listed SET list = 4 WHERE list = 2", USERS, UNLISTED),
    (
        "listed.grp",
        "UPDATE main.listed SET grp = (SELECT grp FROM main.listed WHERE list = 1 ORDER BY grp DESC LIMIT 1) WHERE list = 1",
        USERS,
        TAMPERED,
    ),
    ("listed.ord", "UPDATE main.listed SET ord = x'00' WHERE list = 2", USERS, TAMPERED),
    ("listed.key", "UPDATE main.listed SET key = x'00' WHERE list = 2 AND ord = CAST('zoe' AS BLOB)", USERS, TAMPERED),
    ("listed.kind", "UPDATE main.listed SET kind = 6 WHERE list = 2", USERS, TAMPERED),
    (
        "listed set back",
        "DELETE FROM main.listed; INSERT INTO main.listed SELECT * FROM early.listed",
        USERS,
        TAMPERED,
    ),
    ("listed taken out", "DELETE FROM main.listed", USERS, UNLISTED),
    (
        "listed added",
        "INSERT INTO main.listed SELECT list, grp, x'00', key, kind FROM main.listed WHERE list = 2 LIMIT 1",
        USERS,
        TAMPERED,
    ),
    ("search.id", "UPDATE main.search SET id = id + 1000", SEARCH, MISSED),
    ("search.text", "UPDATE main.search SET text = 'zoe' || id", HINT, MISSED),
    ("search.kind", "UPDATE main.search SET kind = 6 WHERE text LIKE 'zoe%'", SEARCH, TAMPERED),
    ("search.key", "UPDATE main.search SET key = x'00' WHERE text LIKE 'zoe%'", SEARCH, TAMPERED),
    (
        "search set back",
        "DELETE FROM main.search; INSERT INTO main.search SELECT * FROM early.search",
        SEARCH,
        MISSED,
    ),
    ("search taken out", "DELETE FROM main.search", SEARCH, MISSED),
    (
        "search added",
        "INSERT INTO main.search SELECT 9999, 'zoe', kind, key FROM main.search WHERE text = 'boss'",
        HINT,
        Nobody("one more is found, as who they are"),
    ),
    (
        "trigrams.text",
        "INSERT INTO main.trigrams (trigrams) VALUES ('delete-all')",
        SEARCH,
        MISSED,
    ),
    ("nodes.prefix", "UPDATE main.nodes SET prefix = CAST(prefix || x'ff' AS BLOB)", ANY, TAMPERED),
    ("nodes.node", "UPDATE main.nodes SET node = CAST(node || x'00' AS BLOB)", ANY, TAMPERED),
    (
        "nodes set back",
        "DELETE FROM main.nodes; INSERT INTO main.nodes SELECT * FROM early.nodes",
        ANY,
        TAMPERED,
    ),
    ("nodes taken out", "DELETE FROM main.nodes", ANY, TAMPERED),
    (
        "nodes added",
        "INSERT INTO main.nodes VALUES (x'40ffff', x'00000000')",
        ANY,
        Nobody("the map has no way there"),
    ),
    ("entries.idx", "UPDATE main.entries SET idx = idx + 1000 WHERE idx = 7", VERIFY, BROKEN),
    ("entries.at", "UPDATE main.entries SET at = 0", VERIFY, FILTER),
    ("entries.event", "UPDATE main.entries SET event = 0", VERIFY, FILTER),
    ("entries.operator", "UPDATE main.entries SET operator = NULL", VERIFY, FILTER),
    ("entries.device", "UPDATE main.entries SET device = NULL", VERIFY, FILTER),
    ("entries.request", "UPDATE main.entries SET request = NULL", VERIFY, FILTER),
    ("entries.bytes", "UPDATE main.entries SET bytes = CAST(bytes || x'00' AS BLOB) WHERE idx = 7", READ_LOG, BROKEN),
    (
        "entries set back",
        "DELETE FROM main.entries WHERE idx >= (SELECT count(*) FROM early.entries)",
        VERIFY,
        BROKEN,
    ),
    ("entries taken out", "DELETE FROM main.entries WHERE idx = 7", VERIFY, BROKEN),
    (
        "entries added",
        "INSERT INTO main.entries SELECT (SELECT count(*) FROM main.entries), at, event, NULL, NULL, NULL, bytes
         FROM main.entries WHERE idx = 7",
        ANY,
        UNWRITTEN,
    ),
    ("tiles.level", "UPDATE main.tiles SET level = 3", VERIFY, BROKEN),
    ("tiles.idx", "UPDATE main.tiles SET idx = 7", VERIFY, BROKEN),
    (
        "tiles.bytes",
        "UPDATE main.tiles SET bytes = zeroblob(8192)",
        VERIFY,
        BROKEN,
    ),
    (
        "tiles set back",
        "DELETE FROM main.tiles; INSERT INTO main.tiles SELECT * FROM early.tiles",
        VERIFY,
        Nobody("a tile is written once: the earlier ones are these"),
    ),
    ("tiles taken out", "DELETE FROM main.tiles", VERIFY, BROKEN),
    (
        "tiles added",
        "INSERT INTO main.tiles SELECT 0, 1, bytes FROM main.tiles",
        MANY,
        UNWRITTEN,
    ),
];

const FILTER: Notices =
    Nobody("nothing reads it but whoever looks into the database: an entry's bytes say what it is");

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
    for (place, change, act, notices) in CASES {
        let outcome = scene.after(
            |connection| {
                connection
                    .execute_batch(change)
                    .unwrap_or_else(|error| panic!("{place}: {error}"));
            },
            *act,
        );
        let wanted = match notices {
            Refusal(code) => Some(*code),
            Nobody(_) => None,
        };
        if outcome != wanted {
            others.push(format!("{place}: {outcome:?} in place of {wanted:?}"));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_damaged_index_of_texts_finds_nothing_or_is_refused_and_the_rest_goes_on() {
    let scene = Scene::new();
    for table in OF_THE_INDEX {
        let change = format!("DELETE FROM main.{table}");
        let outcome = scene.after(|connection| connection.execute_batch(&change).unwrap(), SEARCH);
        assert!(
            matches!(
                outcome,
                None | Some(ErrorCode::StoreCorrupt | ErrorCode::StoreRead)
            ),
            "{table}: {outcome:?}"
        );
        let outcome = scene.after(|connection| connection.execute_batch(&change).unwrap(), ANY);
        assert_eq!(outcome, None, "{table}");
    }
}
