//! An error as a row of the table, with a text of its own.

use core::fmt;

use fido_unlock::{ErrorCode, HasCode};
use serde_json::{Value, json};

/// Why something was refused or failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The row of the error table.
    pub code: ErrorCode,
    /// The error's own text.
    pub text: String,
}

impl Failure {
    /// A failure with a text of its own.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// The same as a row of the table: number, name, text and what the person can do.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "number": self.code.number(),
            "name": self.code.name(),
            "text": self.text,
            "next_step": self.code.next_step(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (error {})", self.text, self.code.number())
    }
}

impl<E: HasCode + fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            code: error.code(),
            text: error.to_string(),
        }
    }
}
