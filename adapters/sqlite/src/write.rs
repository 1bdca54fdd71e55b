//! What a transaction writes.

use fido_unlock_desk::ports::{Batch, FullTile, NewEntry, RowChange};
use rusqlite::{Connection, OptionalExtension};

use crate::transaction::integer;
use crate::{places, texts};

pub(crate) fn batch(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO head (id, bytes) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET bytes = ?1",
        )?
        .execute((&batch.head,))?;
    for change in &batch.rows {
        row(connection, change)?;
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
    Ok(())
}

/// A row, and what is derived from it where that is, or was, anything.
fn row(connection: &Connection, change: &RowChange) -> rusqlite::Result<()> {
    let of_row = (change.table.number(), change.key.as_slice());
    let Some((value, derived)) = &change.row else {
        connection
            .prepare_cached("DELETE FROM rows WHERE kind = ?1 AND key = ?2")?
            .execute(of_row)?;
        return Ok(());
    };
    let had: Option<bool> = connection
        .prepare_cached("SELECT derived FROM rows WHERE kind = ?1 AND key = ?2")?
        .query_row(of_row, |row| row.get(0))
        .optional()?;
    let has = !derived.listed.is_empty() || !derived.texts.is_empty();
    connection
        .prepare_cached(
            "INSERT INTO rows (kind, key, derived, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (kind, key) DO UPDATE SET derived = ?3, value = ?4",
        )?
        .execute((of_row.0, of_row.1, has, value))?;
    if has || had == Some(true) {
        places::replace(connection, of_row, &derived.listed)?;
        texts::replace(connection, of_row, &derived.texts)?;
    }
    Ok(())
}

fn node(connection: &Connection, prefix: &[u8], node: Option<&[u8]>) -> rusqlite::Result<()> {
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
    connection
        .prepare_cached(
            "INSERT INTO entries (idx, at, event, operator, device, request, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            integer(index),
            integer(entry.at.0),
            entry.event,
            entry.operator,
            entry.device,
            entry.request,
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
