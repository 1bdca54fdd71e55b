//! What a verification of the rows found.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::{DeviceId, Shown};

use crate::map::{MapKey, Prefix};
use crate::ports::Table;
use crate::{PersonNumber, RequestId};

/// So many are in the text of an error.
const IN_TEXT: usize = 20;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RowFault {
    /// It is another one than the desk wrote last: changed, or set back.
    Changed,
    /// The desk has written no such row, or has taken it out.
    Added,
    /// The desk has written it, and it is not there.
    Missing,
    /// It is in other lists, or is found by other texts, than it says itself.
    Misplaced,
}

/// A place in the database where it is not as the desk wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WrongRow {
    /// A row.
    Row {
        /// Its table.
        table: Table,
        /// Its primary key, as docs/protocol/audit.md has it. Of a table of names it is the name.
        key: Vec<u8>,
        /// What is wrong.
        fault: RowFault,
    },
    /// A row is missing, and nothing else in the database says which.
    Unnamed {
        /// Its place in the map.
        place: MapKey,
    },
    /// A node of the map is missing or another one: of the rows below it nothing is known.
    Node {
        /// Which.
        prefix: Prefix,
    },
}

/// Rows that are not as the desk wrote them. The text has their primary keys, and no other part of a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct WrongRows {
    /// At most a thousand, by table and key.
    pub wrong: Vec<WrongRow>,
    /// How many more there are.
    pub more: u64,
}

impl HasCode for WrongRows {
    fn code(&self) -> ErrorCode {
        ErrorCode::StoreTampered
    }
}

impl fmt::Display for WrongRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", ErrorCode::StoreTampered)?;
        let (mut before, shown) = (": ", self.wrong.iter().take(IN_TEXT));
        for wrong in shown {
            write!(f, "{before}{wrong}")?;
            before = "; ";
        }
        let left = self.wrong.len().saturating_sub(IN_TEXT) as u64;
        match self.more.saturating_add(left) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// For people: table, key and what is wrong.
impl fmt::Display for WrongRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { table, key, fault } => {
                f.write_str(table.name())?;
                if !key.is_empty() {
                    f.write_str(" ")?;
                    key_to(f, *table, key)?;
                }
                f.write_str(match fault {
                    RowFault::Changed => " was changed",
                    RowFault::Added => " was added",
                    RowFault::Missing => " is missing",
                    RowFault::Misplaced => " is in other lists, or found by other texts, than it says",
                })
            }
            Self::Unnamed { place } => {
                f.write_str("a row that nothing names is missing at ")?;
                hex_to(f, place.as_bytes())
            }
            Self::Node { prefix } => {
                f.write_str("node ")?;
                hex_to(f, &prefix.to_bytes())?;
                f.write_str(" of the map was changed, and the rows below it are not known")
            }
        }
    }
}

fn hex_to(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// A primary key as people know it, where it is one that the desk could have written.
fn key_to(f: &mut fmt::Formatter<'_>, table: Table, key: &[u8]) -> fmt::Result {
    match (table, <[u8; 10]>::try_from(key), <[u8; 8]>::try_from(key)) {
        (Table::Devices | Table::DeviceStates, Ok(id), _) => f.write_str(&DeviceId::from_bytes(id).to_code()),
        (Table::Requests, Ok(id), _) => write!(f, "{}", RequestId::from_bytes(id)),
        (Table::Users | Table::Operators | Table::BackOff, Ok(number), _) => {
            write!(f, "{}", PersonNumber(number))
        }
        (Table::Alarms | Table::Announcements | Table::Outbox | Table::Texts, _, Ok(number)) => {
            write!(f, "{}", u64::from_be_bytes(number))
        }
        (Table::UserNames | Table::OperatorNames | Table::Queues, ..) => {
            write!(f, "{}", Shown(&String::from_utf8_lossy(key)))
        }
        _ => hex_to(f, key),
    }
}
