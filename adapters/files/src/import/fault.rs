//! What is wrong with such a file, and where.

use core::fmt;

use fido_unlock_protocol::code::CodeError;
use fido_unlock_protocol::text::TextError;
use fido_unlock_protocol::{ErrorCode, HasCode};

/// So many are named.
const MOST: usize = 100;

/// What a cell should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellFault {
    /// A user's id.
    #[error("not a user's id")]
    User,
    /// A suite that such a file may have.
    #[error("neither 1 nor 2")]
    Suite,
    /// A slot.
    #[error("not a number from 0 to 15")]
    Slot,
    /// A compressed point in hex.
    #[error("66 hexadecimal digits are wanted")]
    Hex,
    /// A point of the curve.
    #[error("not a point of P-256")]
    Point,
    /// Nothing: suite 1 has no device key.
    #[error("nothing is wanted in suite 1")]
    NotWanted,
    /// A name.
    #[error("a name is wanted")]
    Name,
    /// A class, or nothing.
    #[error("neither ordinary nor privileged nor empty")]
    Class,
    /// A mail address.
    #[error("not a mail address")]
    Mail,
    /// A text that can be shown as it is.
    #[error("too long, or with characters that cannot be seen")]
    Text,
}

/// What is wrong with a file or one of its rows, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The first line is not the header.
    #[error("line {line}: the first line must be {wanted}, not {found}")]
    Header {
        /// The line, from 1; 1 if there is none.
        line: usize,
        /// The columns, separated by commas.
        wanted: String,
        /// What was found there, shortened and safe to show.
        found: String,
    },
    /// A row has too few or too many cells.
    #[error(
        "line {line}: {found} cells instead of {wanted}; a cell that contains the separator must be in double quotes"
    )]
    Cells {
        /// The line, from 1.
        line: usize,
        /// How many there are.
        found: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// A cell that cannot be read.
    #[error("line {line}, column {column} ({field}): {what}")]
    Field {
        /// The line, from 1.
        line: usize,
        /// The cell in its row, from 1.
        column: usize,
        /// The column's name.
        field: &'static str,
        /// What was expected there.
        what: CellFault,
    },
    /// The Device ID has a typing error.
    #[error("line {line}, column 1 (device_id): {error}")]
    DeviceId {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: CodeError,
    },
    /// A row is about what an earlier one is about.
    #[error("line {line}, column 1 ({field}): line {before} is about the same one")]
    Twice {
        /// The line, from 1.
        line: usize,
        /// The column's name.
        field: &'static str,
        /// The earlier line.
        before: usize,
    },
}

impl HasCode for ImportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Text(error) => error.code(),
            Self::Header { .. } | Self::Cells { .. } | Self::Field { .. } | Self::Twice { .. } => {
                ErrorCode::TextForm
            }
            Self::DeviceId { error, .. } => error.code(),
        }
    }
}

/// All that is wrong with a file, each in a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportErrors {
    /// At most a hundred, in the file's order.
    pub errors: Vec<ImportError>,
    /// How many more there are.
    pub more: usize,
}

impl ImportErrors {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn push(&mut self, error: ImportError) {
        if self.errors.len() < MOST {
            self.errors.push(error);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

impl From<ImportError> for ImportErrors {
    fn from(error: ImportError) -> Self {
        Self {
            errors: vec![error],
            more: 0,
        }
    }
}

impl core::error::Error for ImportErrors {}

/// That of the first one.
impl HasCode for ImportErrors {
    fn code(&self) -> ErrorCode {
        self.errors.first().map_or(ErrorCode::TextForm, HasCode::code)
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.errors.iter().enumerate() {
            let before = if place == 0 { "" } else { "\n  " };
            write!(f, "{before}{error}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
