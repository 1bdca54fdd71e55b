//! Rows of a table as they are kept, with what is kept beside them.

use std::collections::BTreeMap;

use fido_unlock_desk::ports::{Derived, KeptRow, List, Listed, Table};
use rusqlite::Connection;

/// A page of rows.
pub(crate) fn page(
    connection: &Connection,
    table: Table,
    after: Option<&[u8]>,
    limit: u32,
) -> rusqlite::Result<Vec<KeptRow>> {
    let kind = table.number();
    let (behind, after) = after.map_or((">=", &b""[..]), |after| (">", after));
    // Of a key without a row too: whoever changes the file need not keep its rules.
    let keys: Vec<Vec<u8>> = connection
        .prepare_cached(&format!(
            "SELECT key FROM rows WHERE kind = ?1 AND key {behind} ?2
             UNION SELECT key FROM listed WHERE kind = ?1 AND key {behind} ?2
             UNION SELECT key FROM search WHERE kind = ?1 AND key {behind} ?2
             ORDER BY key LIMIT ?3",
        ))?
        .query_map((kind, after, limit), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
        return Ok(Vec::new());
    };
    let range = (kind, first, last);
    let mut derived = derived(connection, range)?;
    let mut rows: BTreeMap<Vec<u8>, (bool, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT key, derived, value FROM rows WHERE kind = ?1 AND key BETWEEN ?2 AND ?3 ORDER BY key",
        )?
        .query_map(range, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    let kept = keys.iter().map(|key| {
        let mut beside = derived.remove(key).unwrap_or_default();
        let row = rows.remove(key).map(|(known, value)| {
            if !known {
                // What the row does not say to be there is not looked for when it is written again.
                beside = Derived::default();
            }
            value
        });
        KeptRow {
            key: key.clone(),
            row,
            derived: beside,
        }
    });
    Ok(kept.collect())
}

/// Places and texts by the key of their row.
fn derived(
    connection: &Connection,
    range: (u8, &Vec<u8>, &Vec<u8>),
) -> rusqlite::Result<BTreeMap<Vec<u8>, Derived>> {
    let mut derived: BTreeMap<Vec<u8>, Derived> = BTreeMap::new();
    let mut places = connection.prepare_cached(
        "SELECT key, list, grp, ord FROM listed WHERE kind = ?1 AND key BETWEEN ?2 AND ?3
         ORDER BY key, list, grp, ord",
    )?;
    let mut places = places.query(range)?;
    while let Some(place) = places.next()? {
        // A list that there is not is read by nobody.
        let Some(list) = List::from_number(place.get(1)?) else {
            continue;
        };
        derived.entry(place.get(0)?).or_default().listed.push(Listed {
            list,
            group: place.get(2)?,
            order: place.get(3)?,
        });
    }
    let mut texts = connection.prepare_cached(
        "SELECT key, text FROM search WHERE kind = ?1 AND key BETWEEN ?2 AND ?3 ORDER BY key, text",
    )?;
    let mut texts = texts.query(range)?;
    while let Some(text) = texts.next()? {
        derived.entry(text.get(0)?).or_default().texts.push(text.get(1)?);
    }
    Ok(derived)
}
