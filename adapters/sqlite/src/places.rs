//! Rows' places in lists. Few rows change theirs, so each is compared before it is written.

use std::collections::BTreeSet;

use fido_unlock_desk::ports::{List, Listed, ListedKey};
use rusqlite::{Connection, Row};

use crate::columns::table;
use crate::derived::Place;

/// A page of a list.
pub(crate) fn page(
    connection: &Connection,
    list: List,
    group: &[u8],
    after: Option<(&[u8], &[u8])>,
    limit: u32,
) -> rusqlite::Result<Vec<ListedKey>> {
    let place = |row: &Row<'_>| {
        Ok(ListedKey {
            order: row.get(0)?,
            table: table(row, 1)?,
            key: row.get(2)?,
        })
    };
    match after {
        None => connection
            .prepare_cached(
                "SELECT ord, kind, key FROM listed WHERE list = ?1 AND grp = ?2 ORDER BY ord, key LIMIT ?3",
            )?
            .query_map((list.number(), group, limit), place)?
            .collect(),
        Some((order, key)) => connection
            .prepare_cached(
                "SELECT ord, kind, key FROM listed
                 WHERE list = ?1 AND grp = ?2 AND (ord, key) > (?3, ?4) ORDER BY ord, key LIMIT ?5",
            )?
            .query_map((list.number(), group, order, key, limit), place)?
            .collect(),
    }
}

/// Puts a row where it belongs, and nowhere else; gives where that is. `before`: where it was.
pub(crate) fn replace(
    connection: &Connection,
    (kind, key): (u8, &[u8]),
    before: &BTreeSet<Place>,
    listed: &[Listed],
) -> rusqlite::Result<BTreeSet<Place>> {
    let now = listed
        .iter()
        .map(|place| (place.list.number(), place.group.clone(), place.order.clone()))
        .collect::<BTreeSet<_>>();
    for (list, group, order) in before.difference(&now) {
        connection
            .prepare_cached(
                "DELETE FROM listed WHERE list = ?1 AND grp = ?2 AND ord = ?3 AND key = ?4 AND kind = ?5",
            )?
            .execute((list, group, order, key, kind))?;
    }
    for (list, group, order) in now.difference(before) {
        connection
            .prepare_cached(
                "INSERT INTO listed (list, grp, ord, key, kind) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (list, grp, ord, key, kind) DO NOTHING",
            )?
            .execute((list, group, order, key, kind))?;
    }
    Ok(now)
}
