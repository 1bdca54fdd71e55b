//! Rows of a table as they are kept, with what is kept beside each.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use fido_unlock_desk::ports::{Derived, KeptRow, List, Listed, Table};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::derived::{Kept, Place};

/// Places and texts that no row knows of, by the row that they say to be of: whoever changes the file need not keep its
/// rules. There are none in a store that nobody changed; a great many are not all remembered.
#[derive(Default)]
pub(crate) struct Extras(OnceCell<BTreeMap<(u8, Vec<u8>), Derived>>);

/// Rows that have extras, at most.
const MOST_EXTRAS: usize = 1000;

impl Extras {
    fn get(&self, connection: &Connection) -> rusqlite::Result<&BTreeMap<(u8, Vec<u8>), Derived>> {
        if let Some(known) = self.0.get() {
            return Ok(known);
        }
        let mut found = BTreeMap::new();
        places(connection, &mut found)?;
        texts(connection, &mut found)?;
        Ok(self.0.get_or_init(|| found))
    }
}

fn more(found: &mut BTreeMap<(u8, Vec<u8>), Derived>, key: (u8, Vec<u8>), add: impl FnOnce(&mut Derived)) {
    // One is enough to name the row.
    if found.len() < MOST_EXTRAS && !found.contains_key(&key) {
        add(found.entry(key).or_default());
    }
}

fn places(connection: &Connection, found: &mut BTreeMap<(u8, Vec<u8>), Derived>) -> rusqlite::Result<()> {
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
            more(found, (table_of(row.get(3)?), row.get(4)?), |derived| {
                derived.listed.push(Listed { list, group, order });
            });
        }
    }
    Ok(())
}

fn texts(connection: &Connection, found: &mut BTreeMap<(u8, Vec<u8>), Derived>) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT id, text, kind, key, derived FROM search LEFT JOIN rows USING (key, kind)")?;
    let mut all = statement.query(())?;
    while let Some(row) = all.next()? {
        if !known(row, 4).texts.contains(&row.get(0)?) {
            let text = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
            more(found, (table_of(row.get(2)?), row.get(3)?), |derived| {
                derived.texts.push(text)
            });
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

/// A page of rows.
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
    while let Some(row) = found.next()? {
        let key: Vec<u8> = row.get(0)?;
        let kept = KeptRow {
            derived: beside(connection, (kind, &key), &known(row, 1))?,
            row: Some(row.get(2)?),
            key: key.clone(),
        };
        rows.insert(key, kept);
    }
    let of_table = extras.get(connection)?.iter().filter(|((of, _), _)| *of == kind);
    for ((_, key), extra) in of_table.filter(|((_, key), _)| after.is_none_or(|after| key.as_slice() > after))
    {
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
