//! What is printed: for each step a line, or a JSON object.

use fido_unlock::{ErrorCode, HasCode};
use serde_json::{Value, json};

/// Why the demonstration ended early.
pub struct Failure {
    /// The row of the error table.
    pub code: ErrorCode,
    /// The error's own text.
    pub message: String,
}

impl Failure {
    /// A failure of the demonstration's own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The exit code of its family.
    pub fn exit_code(&self) -> u8 {
        self.code.family().exit_code()
    }
}

impl<E: HasCode + core::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

/// Prints steps.
pub struct Report {
    json: bool,
}

impl Report {
    /// As text, or as JSON lines.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// One step: a stable name, a sentence, and what JSON readers get beside both.
    pub fn step(&self, name: &str, sentence: &str, mut fields: Value) {
        if self.json {
            if let Some(map) = fields.as_object_mut() {
                map.insert("step".into(), name.into());
                map.insert("text".into(), sentence.into());
            }
            println!("{fields}");
        } else {
            println!("{sentence}");
        }
    }

    /// A heading; text only.
    pub fn heading(&self, text: &str) {
        if !self.json {
            println!("\n== {text}");
        }
    }

    /// Whatever ended the demonstration.
    pub fn failure(&self, failure: &Failure) {
        let code = failure.code;
        if self.json {
            let error = json!({
                "number": code.number(),
                "name": code.name(),
                "message": failure.message,
                "next_step": code.next_step(),
            });
            println!("{}", json!({ "error": error }));
        } else {
            eprintln!(
                "Failed: {} (error {} {})\n{}",
                failure.message,
                code.number(),
                code.name(),
                code.next_step()
            );
        }
    }
}
