//! Rows of a table as they are kept, with what is kept beside each.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use fido_unlock_desk::ports::{Derived, KeptRow, List, Listed, Table};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::derived::{Kept, Place};

/// Places and texts that no row knows of, by the row that they say to be of: whoever changes the file need not keep its
/// rules. There are none in a store that nobody changed; a great many are not all remembered.
#[derive(Default)]
pub(crate) struct Extras(OnceCell<Found>);

#[derive(Default)]
struct Found {
    by_row: BTreeMap<(u8, Vec<u8>), Derived>,
    bytes: usize,
}

impl Found {
    /// One is enough to name the row.
    fn more(&mut self, key: (u8, Vec<u8>), derived: Derived) {
        let room = self.by_row.len() < MOST_EXTRAS && self.bytes < MOST_BYTES;
        if room && !self.by_row.contains_key(&key) {
            self.bytes += key.1.len() + bytes_of(&derived);
            self.by_row.insert(key, derived);
        }
    }
}

fn bytes_of(derived: &Derived) -> usize {
    let places = derived
        .listed
        .iter()
        .map(|place| place.group.len() + place.order.len());
    places.chain(derived.texts.iter().map(String::len)).sum()
}

/// Rows that have extras, at most.
const MOST_EXTRAS: usize = 1000;
/// So many bytes of extras are remembered, and of rows given at a time, or one more of them than that: 16 MiB.
const MOST_BYTES: usize = 16 << 20;

impl Extras {
    fn get(&self, connection: &Connection) -> rusqlite::Result<&BTreeMap<(u8, Vec<u8>), Derived>> {
        if let Some(known) = self.0.get() {
            return Ok(&known.by_row);
        }
        let mut found = Found::default();
        places(connection, &mut found)?;
        texts(connection, &mut found)?;
        Ok(&self.0.get_or_init(|| found).by_row)
    }
}

fn places(connection: &Connection, found: &mut Found) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT list, grp, ord, kind, key, derived FROM listed LEFT JOIN rows USING (key, kind)",
    )?;
    let mut all = statement.query(())?;
    while let Some(row) = all.next()? {
        // A list that there is not is read by nobody.
        let Some((number, list)) = list_of(row.get(0)?) else {
            continue;
        };
        let place: Place = (number, row.get(1)?, row.get(2)?);
        if !known(row, 5).places.contains(&place) {
            let (_, group, order) = place;
            let derived = Derived {
                listed: vec![Listed { list, group, order }],
                texts: Vec::new(),
            };
            found.more((table_of(row.get(3)?), row.get(4)?), derived);
        }
    }
    Ok(())
}

fn texts(connection: &Connection, found: &mut Found) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT id, text, kind, key, derived FROM search LEFT JOIN rows USING (key, kind)")?;
    let mut all = statement.query(())?;
    while let Some(row) = all.next()? {
        if !known(row, 4).texts.contains(&row.get(0)?) {
            let text = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
            let derived = Derived {
                listed: Vec::new(),
                texts: vec![text],
            };
            found.more((table_of(row.get(2)?), row.get(3)?), derived);
        }
    }
    Ok(())
}

/// What a row says that it has; of what cannot be read it knows nothing, so that the row is named.
fn known(row: &Row<'_>, column: usize) -> Kept {
    row.get(column).unwrap_or_default()
}

fn list_of(number: i64) -> Option<(u8, List)> {
    let number = u8::try_from(number).ok()?;
    Some((number, List::from_number(number)?))
}

/// A table's number; of one that there is not the first one's, under which it is named.
fn table_of(number: i64) -> u8 {
    let table = u8::try_from(number).ok().and_then(Table::from_number);
    table.unwrap_or(Table::Settings).number()
}

/// A page of rows; fewer than `limit` where they are so long that a changed file could fill the memory with them.
pub(crate) fn page(
    connection: &Connection,
    extras: &Extras,
    table: Table,
    after: Option<&[u8]>,
    limit: u32,
) -> rusqlite::Result<Vec<KeptRow>> {
    let kind = table.number();
    let (behind, first) = after.map_or((">=", &b""[..]), |after| (">", after));
    let mut rows: BTreeMap<Vec<u8>, KeptRow> = BTreeMap::new();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT key, derived, value FROM rows WHERE kind = ?1 AND key {behind} ?2 ORDER BY key LIMIT ?3"
    ))?;
    let mut found = statement.query((kind, first, limit))?;
    let mut bytes = 0;
    let mut last = None;
    while let Some(row) = found.next()? {
        let key: Vec<u8> = row.get(0)?;
        let kept = KeptRow {
            derived: beside(connection, (kind, &key), &known(row, 1))?,
            row: Some(row.get(2)?),
            key: key.clone(),
        };
        bytes += kept.row.as_ref().map_or(0, Vec::len) + bytes_of(&kept.derived);
        rows.insert(key.clone(), kept);
        if bytes >= MOST_BYTES {
            last = Some(key);
            break;
        }
    }
    let of_table = extras.get(connection)?.iter().filter(|((of, _), _)| *of == kind);
    let in_page = |key: &Vec<u8>| {
        after.is_none_or(|after| key.as_slice() > after) && last.as_ref().is_none_or(|last| key <= last)
    };
    for ((_, key), extra) in of_table.filter(|((_, key), _)| in_page(key)) {
        let kept = rows.entry(key.clone()).or_insert_with(|| KeptRow {
            key: key.clone(),
            row: None,
            derived: Derived::default(),
        });
        // Twice: what the row does not know of is wrong even where it is what belongs there, since it is not looked for
        // when the row is written again.
        for _ in 0..2 {
            kept.derived.listed.extend(extra.listed.iter().cloned());
            kept.derived.texts.extend(extra.texts.iter().cloned());
        }
    }
    Ok(rows.into_values().take(limit as usize).collect())
}

/// What is there of what the row knows of.
fn beside(connection: &Connection, (kind, key): (u8, &[u8]), known: &Kept) -> rusqlite::Result<Derived> {
    let mut derived = Derived::default();
    for (number, group, order) in &known.places {
        let there = connection
            .prepare_cached(
                "SELECT 1 FROM listed WHERE list = ?1 AND grp = ?2 AND ord = ?3 AND key = ?4 AND kind = ?5",
            )?
            .exists((number, group, order, key, kind))?;
        if let Some(list) = List::from_number(*number).filter(|_| there) {
            derived.listed.push(Listed {
                list,
                group: group.clone(),
                order: order.clone(),
            });
        }
    }
    for id in &known.texts {
        let text: Option<String> = connection
            .prepare_cached("SELECT text FROM search WHERE id = ?1 AND kind = ?2 AND key = ?3")?
            .query_row((id, kind, key), |row| row.get(0))
            .optional()?;
        derived.texts.extend(text);
    }
    derived.listed.sort();
    derived.texts.sort();
    Ok(derived)
}
