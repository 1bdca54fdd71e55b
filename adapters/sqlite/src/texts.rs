//! Texts by which rows are found. The index over their parts follows by triggers, and costs most of what a write
//! costs, so each text is compared before it is written.

use std::collections::BTreeSet;

use rusqlite::Connection;

/// Gives a row these texts, and no others.
pub(crate) fn replace(
    connection: &Connection,
    (kind, key): (u8, &[u8]),
    texts: &[String],
) -> rusqlite::Result<()> {
    let mut before: Vec<(i64, String)> = connection
        .prepare_cached("SELECT id, text FROM search WHERE kind = ?1 AND key = ?2")?
        .query_map((kind, key), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut now: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    before.retain(|(_, text)| !now.remove(text.as_str()));
    for (id, _) in before {
        connection
            .prepare_cached("DELETE FROM search WHERE id = ?1")?
            .execute((id,))?;
    }
    for text in now {
        connection
            .prepare_cached("INSERT INTO search (text, kind, key) VALUES (?1, ?2, ?3)")?
            .execute((text, kind, key))?;
    }
    Ok(())
}
