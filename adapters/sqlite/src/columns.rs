//! How numbers and tables stand in columns.

use fido_unlock_desk::ports::Table;

/// A number as SQLite has numbers; none of a store's is greater.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A table by the number that is stored.
pub(crate) fn table(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Table> {
    let number: u8 = row.get(column)?;
    Table::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}

/// A byte for each half-byte of a prefix's bytes ([`Prefix::to_bytes`](fido_unlock_desk::map::Prefix::to_bytes)).
pub(crate) fn path(prefix: &[u8]) -> Vec<u8> {
    let Some((length, bytes)) = prefix.split_first() else {
        return Vec::new();
    };
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.take(usize::from(*length)).collect()
}
