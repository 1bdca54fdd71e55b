//! What a transaction writes.

use fido_unlock_desk::ports::{Batch, FullTile, NewEntry, RowChange};
use rusqlite::{Connection, OptionalExtension};

use crate::columns::{integer, path};
use crate::derived::Kept;
use crate::texts::NewText;
use crate::{places, texts};

pub(crate) fn batch(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO head (id, bytes) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET bytes = ?1",
        )?
        .execute((&batch.head,))?;
    let mut texts = Vec::new();
    for change in &batch.rows {
        row(connection, change, &mut texts)?;
    }
    for (prefix, node) in &batch.nodes {
        self::node(connection, prefix, node.as_deref())?;
    }
    for (index, entry) in (batch.first_entry..).zip(&batch.entries) {
        self::entry(connection, index, entry)?;
    }
    for tile in &batch.tiles {
        self::tile(connection, tile)?;
    }
    texts::index(connection, &texts)
}

/// A row, and what is derived from it.
fn row<'a>(
    connection: &Connection,
    change: &'a RowChange,
    new: &mut Vec<NewText<'a>>,
) -> rusqlite::Result<()> {
    let of_row = (change.table.number(), change.key.as_slice());
    let before: Kept = connection
        .prepare_cached("SELECT derived FROM rows WHERE kind = ?1 AND key = ?2")?
        .query_row(of_row, |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let (listed, texts): (&[_], &[_]) = match &change.row {
        Some((_, derived)) => (&derived.listed, &derived.texts),
        None => (&[], &[]),
    };
    let now = Kept {
        places: places::replace(connection, of_row, &before.places, listed)?,
        texts: texts::replace(connection, of_row, &before.texts, texts, new)?,
    };
    match &change.row {
        Some((value, _)) => connection
            .prepare_cached(
                "INSERT INTO rows (kind, key, derived, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (key, kind) DO UPDATE SET derived = ?3, value = ?4",
            )?
            .execute((of_row.0, of_row.1, now, value)),
        None => connection
            .prepare_cached("DELETE FROM rows WHERE kind = ?1 AND key = ?2")?
            .execute(of_row),
    }?;
    Ok(())
}

fn node(connection: &Connection, prefix: &[u8], node: Option<&[u8]>) -> rusqlite::Result<()> {
    let prefix = path(prefix);
    match node {
        Some(node) => connection
            .prepare_cached(
                "INSERT INTO nodes (prefix, node) VALUES (?1, ?2) ON CONFLICT (prefix) DO UPDATE SET node = ?2",
            )?
            .execute((prefix, node)),
        None => connection
            .prepare_cached("DELETE FROM nodes WHERE prefix = ?1")?
            .execute((prefix,)),
    }?;
    Ok(())
}

fn entry(connection: &Connection, index: u64, entry: &NewEntry) -> rusqlite::Result<()> {
    let columns = &entry.columns;
    connection
        .prepare_cached(
            "INSERT INTO entries (idx, at, event, operator, device, request, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            integer(index),
            integer(columns.at.0),
            columns.event,
            columns.operator,
            columns.device,
            columns.request,
            &entry.bytes,
        ))?;
    Ok(())
}

fn tile(connection: &Connection, tile: &FullTile) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO tiles (level, idx, bytes) VALUES (?1, ?2, ?3)")?
        .execute((tile.level, integer(tile.index), &tile.bytes))?;
    Ok(())
}
