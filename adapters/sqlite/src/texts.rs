//! Texts by which rows are found. The index over their parts costs most of what a write costs, so each text is compared
//! before it is written, and what is new is put into the index together.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

/// A text that the index does not have yet.
pub(crate) struct NewText<'a> {
    id: i64,
    text: &'a str,
}

/// Gives a row these texts, and no others; what is new is still to be put into the index. `before` and the answer: their
/// numbers.
pub(crate) fn replace<'a>(
    connection: &Connection,
    (kind, key): (u8, &[u8]),
    before: &BTreeSet<i64>,
    texts: &'a [String],
    new: &mut Vec<NewText<'a>>,
) -> rusqlite::Result<BTreeSet<i64>> {
    let mut now: BTreeSet<&'a str> = texts.iter().map(String::as_str).collect();
    let mut numbers = BTreeSet::new();
    for id in before {
        let text: Option<String> = connection
            .prepare_cached("SELECT text FROM search WHERE id = ?1 AND kind = ?2 AND key = ?3")?
            .query_row((id, kind, key), |row| row.get(0))
            .optional()?;
        let Some(text) = text else { continue };
        if now.remove(text.as_str()) {
            numbers.insert(*id);
        } else {
            connection
                .prepare_cached("DELETE FROM search WHERE id = ?1")?
                .execute((id,))?;
        }
    }
    for text in now {
        let added = connection
            .prepare_cached(
                "INSERT INTO search (text, kind, key) VALUES (?1, ?2, ?3) ON CONFLICT (text, kind, key) DO NOTHING",
            )?
            .execute((text, kind, key))?;
        let id = if added > 0 {
            let id = connection.last_insert_rowid();
            new.push(NewText { id, text });
            id
        } else {
            connection
                .prepare_cached("SELECT id FROM search WHERE text = ?1 AND kind = ?2 AND key = ?3")?
                .query_row((text, kind, key), |row| row.get(0))?
        };
        numbers.insert(id);
    }
    Ok(numbers)
}

/// Puts texts into the index. Nothing else is written in between: each statement that can be undone by itself, as those
/// with a trigger can, makes the index write what it has to its tables.
pub(crate) fn index(connection: &Connection, new: &[NewText<'_>]) -> rusqlite::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("INSERT INTO trigrams (rowid, text) VALUES (?1, ?2)")?;
    for text in new {
        statement.execute((text.id, text.text))?;
    }
    Ok(())
}
