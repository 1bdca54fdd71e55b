//! Rows by a part of a text: those whose text it is, those whose text it begins, then at most 200 others by the index of
//! trigrams (FTS5), in which more are not looked for: they are nobody's answer, and would take a second to rank.
//!
//! What is searched for is never read as a pattern: the first two are comparisons, and in the third it is one quoted
//! string of FTS5's syntax.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use fido_unlock_desk::ports::Table;
use rusqlite::{Connection, Params, Row};

use crate::transaction::table;

/// How many rows are taken from the index.
const CANDIDATES: usize = 200;
/// Shorter texts have no trigram.
const TRIGRAM: usize = 3;

/// Rows in the order in which they were found, each once.
struct Found {
    rows: Vec<(Table, Vec<u8>)>,
    seen: BTreeSet<(Table, Vec<u8>)>,
    limit: usize,
}

impl Found {
    const fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    fn add(&mut self, row: (Table, Vec<u8>)) {
        if !self.is_full() && self.seen.insert(row.clone()) {
            self.rows.push(row);
        }
    }

    fn add_all(
        &mut self,
        connection: &Connection,
        statement: &str,
        parameters: impl Params,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        while !self.is_full() {
            let Some(row) = rows.next()? else { break };
            self.add(row_of(row)?);
        }
        Ok(())
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<(Table, Vec<u8>)> {
    Ok((table(row, 0)?, row.get(1)?))
}

/// At most `limit` rows; none for an empty text.
pub(crate) fn search(
    connection: &Connection,
    folded: &str,
    limit: usize,
) -> rusqlite::Result<Vec<(Table, Vec<u8>)>> {
    let mut found = Found {
        rows: Vec::new(),
        seen: BTreeSet::new(),
        limit,
    };
    if folded.is_empty() {
        return Ok(found.rows);
    }
    found.add_all(
        connection,
        "SELECT kind, key FROM search WHERE text = ?1 ORDER BY kind, key",
        (folded,),
    )?;
    match beyond(folded) {
        Some(end) => found.add_all(
            connection,
            "SELECT kind, key FROM search WHERE text > ?1 AND text < ?2 ORDER BY text, kind, key",
            (folded, end),
        )?,
        None => found.add_all(
            connection,
            "SELECT kind, key FROM search WHERE text > ?1 ORDER BY text, kind, key",
            (folded,),
        )?,
    }
    if !found.is_full() && folded.chars().count() >= TRIGRAM {
        within(connection, folded, &mut found)?;
    }
    Ok(found.rows)
}

/// The least text that is greater than all that begin with `text`; `None` where there is none.
fn beyond(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        // The range leaves out what is no character.
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// Texts that have `folded` somewhere, at the beginning of a word first.
fn within(connection: &Connection, folded: &str, found: &mut Found) -> rusqlite::Result<()> {
    let quoted = format!("\"{}\"", folded.replace('"', "\"\""));
    // Those that begin with it are among them.
    let candidates = CANDIDATES.saturating_add(found.rows.len());
    let mut statement = connection.prepare_cached(
        "SELECT search.kind, search.key, search.text
         FROM (SELECT rowid AS id FROM trigrams WHERE trigrams MATCH ?1 LIMIT ?2) AS hit
         CROSS JOIN search ON search.id = hit.id",
    )?;
    let rows = statement.query_map((quoted, i64::try_from(candidates).unwrap_or(i64::MAX)), |row| {
        Ok((row_of(row)?, row.get::<_, String>(2)?))
    })?;
    let mut others = Vec::new();
    for row in rows {
        let (row, text) = row?;
        // An index that somebody changed may say anything.
        if let Some(at) = text.find(folded) {
            others.push((Reverse(begins_word(&text, at)), text, row));
        }
    }
    others.sort();
    others.into_iter().for_each(|(_, _, row)| found.add(row));
    Ok(())
}

fn begins_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|before| !before.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn what_lies_beyond_all_that_begins_with_a_text() {
        assert_eq!(beyond("ab").as_deref(), Some("ac"));
        assert_eq!(beyond("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(beyond("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(beyond("\u{10ffff}"), None);
    }
}
