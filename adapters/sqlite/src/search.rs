//! Rows by a part of a text: those whose text it is, those whose text it begins, then at most 200 others by the index of
//! trigrams (FTS5), in which more are not looked for: they are nobody's answer, and would take a second to rank.
//!
//! What is searched for is never read as a pattern: the first two are comparisons, and in the third its trigrams are
//! quoted strings of FTS5's syntax.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use fido_unlock_desk::ports::Table;
use rusqlite::{Connection, Params, Row};

use crate::columns::table;

/// How many rows are taken from the index.
const CANDIDATES: usize = 200;
/// How far the index is read. A search holds the desk's lock, and there are texts whose parts are all frequent and which
/// are nevertheless in no text: the index would be read from end to end.
#[derive(Clone, Copy)]
struct Reach {
    /// It is read in slices, the first of so many texts.
    slice: i64,
    /// No slice but the first is begun after this time.
    longest: Duration,
}

const REACH: Reach = Reach {
    slice: 1 << 16,
    longest: Duration::from_millis(10),
};
/// Shorter texts have no trigram.
const TRIGRAM: usize = 3;
/// So many trigrams are looked up at most, of some hundred characters: what has them is compared with the whole of what is
/// searched for.
const TRIGRAMS: usize = 32;
/// How many texts that have all the trigrams, and yet not what is searched for, are read between two looks at the clock.
const MISSES: u32 = 64;

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
    reaching(REACH, connection, folded, limit)
}

fn reaching(
    reach: Reach,
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
        within(reach, connection, folded, &mut found)?;
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

/// Trigrams that cover a text, all of which a text must have that has it. The others, between them, would cost as much
/// again each, and leave out hardly anything more.
fn trigrams(folded: &str) -> String {
    let characters: Vec<char> = folded.chars().collect();
    let each = characters.chunks_exact(TRIGRAM).chain(
        characters
            .last_chunk::<TRIGRAM>()
            .map(<[char; TRIGRAM]>::as_slice),
    );
    let each: BTreeSet<String> = each
        .take(TRIGRAMS)
        .map(|trigram| trigram.iter().collect())
        .collect();
    let quoted = each
        .iter()
        .map(|trigram| format!("\"{}\"", trigram.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" AND ")
}

/// Texts that have `folded` somewhere, at the beginning of a word first.
fn within(reach: Reach, connection: &Connection, folded: &str, found: &mut Found) -> rusqlite::Result<()> {
    let trigrams = trigrams(folded);
    // Those that begin with it are among them.
    let candidates = CANDIDATES.saturating_add(found.rows.len());
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM search")?
        .query_row((), |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "SELECT search.kind, search.key, search.text
         FROM (SELECT rowid AS id FROM trigrams WHERE trigrams MATCH ?1 AND rowid > ?2 AND rowid <= ?3) AS hit
         CROSS JOIN search ON search.id = hit.id",
    )?;
    let mut others = Vec::new();
    let (began, mut from, mut width, mut misses) = (Instant::now(), 0, reach.slice, 0_u32);
    let in_time = || began.elapsed() < reach.longest;
    // The first slice is read on the slowest machine.
    while from < last && others.len() < candidates && (from == 0 || in_time()) {
        let slice = Instant::now();
        let to = last.min(from.saturating_add(width));
        let mut rows = statement.query((&trigrams, from, to))?;
        while others.len() < candidates {
            let Some(row) = rows.next()? else { break };
            let text: String = row.get(2)?;
            if let Some(at) = text.find(folded) {
                others.push((Reverse(begins_word(&text, at)), text, row_of(row)?));
                continue;
            }
            misses += 1;
            if misses.is_multiple_of(MISSES) && !in_time() {
                break;
            }
        }
        from = to;
        if slice.elapsed() < reach.longest / 10 {
            width = width.saturating_mul(2);
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
    use fido_unlock_desk::ports::{Batch, Derived, RowChange};

    use super::*;

    #[test]
    fn what_lies_beyond_all_that_begins_with_a_text() {
        assert_eq!(beyond("ab").as_deref(), Some("ac"));
        assert_eq!(beyond("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(beyond("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(beyond("\u{10ffff}"), None);
    }

    #[test]
    fn trigrams_cover_a_text() {
        assert_eq!(trigrams("abc"), "\"abc\"");
        assert_eq!(trigrams("abcd"), "\"abc\" AND \"bcd\"");
        assert_eq!(trigrams("abcdef"), "\"abc\" AND \"def\"");
        assert_eq!(trigrams("a\"b\u{eb}"), "\"\"\"b\u{eb}\" AND \"a\"\"b\"");
        assert_eq!(trigrams(&"0123456789".repeat(40)).matches(" AND ").count(), 9);
    }

    #[test]
    fn what_has_all_trigrams_and_not_the_text_is_not_found() {
        let connection = crate::schema::in_memory(crate::schema::VERSION).unwrap();
        let texts = ["defabc", "abcdef", "xabcdefx"].map(String::from);
        let row = RowChange {
            table: Table::Users,
            key: vec![1],
            row: None,
        };
        let rows = texts.iter().zip(0..).map(|(text, key)| RowChange {
            key: vec![key],
            row: Some((
                Vec::new(),
                Derived {
                    texts: vec![text.clone()],
                    ..Derived::default()
                },
            )),
            ..row.clone()
        });
        let batch = Batch {
            rows: rows.collect(),
            ..Batch::default()
        };
        crate::write::batch(&connection, &batch).unwrap();
        let found = search(&connection, "abcdef", 50).unwrap();
        assert_eq!(found, [(Table::Users, vec![1]), (Table::Users, vec![2])]);
    }

    #[test]
    fn slices_of_the_index_are_the_index() {
        let connection = crate::schema::in_memory(crate::schema::VERSION).unwrap();
        let row = |number: u8| RowChange {
            table: Table::Users,
            key: vec![number],
            row: Some((
                Vec::new(),
                Derived {
                    texts: vec![format!("{}text", if number == 5 { "" } else { "con" })],
                    ..Derived::default()
                },
            )),
        };
        let batch = Batch {
            rows: (0..20).map(row).collect(),
            ..Batch::default()
        };
        crate::write::batch(&connection, &batch).unwrap();
        let found = |slice, longest| reaching(Reach { slice, longest }, &connection, "text", 50).unwrap();
        let whole = found(1 << 16, Duration::MAX);
        assert_eq!(whole.len(), 20);
        for slice in [1, 2, 3, 19, 20] {
            assert_eq!(found(slice, Duration::MAX), whole, "{slice}");
        }
        // Without time, what needs none is found, and what is in the first slice.
        let hurried = [(Table::Users, vec![5]), (Table::Users, vec![0])];
        assert_eq!(found(1, Duration::ZERO), hurried);
    }
}
