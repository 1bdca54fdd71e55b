//! What is printed: plain lines for a person, or one JSON object for a program.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// What a command has to say. A secret is only ever a Response Code, which is there to be read out.
#[derive(Default)]
pub struct Report {
    lines: Vec<String>,
    fields: Vec<(&'static str, Value)>,
    secret: Option<(&'static str, Zeroizing<String>)>,
}

impl Report {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line for the person.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// A line "label: value", aligned.
    #[must_use]
    pub fn labelled(self, label: &str, value: impl std::fmt::Display) -> Self {
        self.line(format!("{:<20}{value}", format!("{label}:")))
    }

    /// A field for the program.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// A secret, printed before the lines and as the last field.
    #[must_use]
    pub fn secret(mut self, name: &'static str, value: Zeroizing<String>) -> Self {
        self.secret = Some((name, value));
        self
    }

    /// Everything was printed while the command ran.
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.fields.is_empty() && self.secret.is_none()
    }

    /// Prints it on standard output.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn print(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json && !self.is_empty() {
            serde_json::to_writer(&mut out, self)?;
            writeln!(out)?;
        } else if !json {
            if let Some((_, secret)) = &self.secret {
                writeln!(out, "{}", secret.as_str())?;
            }
            for line in &self.lines {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        if let Some((name, secret)) = &self.secret {
            map.serialize_entry(name, secret.as_str())?;
        }
        map.end()
    }
}

/// Prints what happened while a command goes on: lines for a person, or one line of JSON, with `event` and
/// the fields of `value`.
///
/// # Errors
/// When standard output is closed.
pub fn print_event(json: bool, event: &str, lines: &[String], value: Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let mut object = json!({ "event": event });
        if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), value) {
            object.extend(fields);
        }
        writeln!(out, "{object}")?;
    } else {
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

/// Prints a failure: JSON on standard output, lines on standard error.
///
/// # Errors
/// When it cannot be written.
pub fn print_failure(failure: &Failure, json: bool) -> io::Result<()> {
    let code = failure.code;
    if json {
        let mut error = json!({
            "number": code.number(),
            "name": code.name(),
            "family": code.family().name(),
            "message": code.message(),
            "next_step": code.next_step(),
        });
        let extra = [
            ("detail", failure.detail.as_deref().map(Value::from)),
            ("line", failure.line.map(Value::from)),
            (
                "groups",
                (!failure.groups.is_empty()).then(|| failure.groups.clone().into()),
            ),
        ];
        if let Some(map) = error.as_object_mut() {
            map.extend(
                extra
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        return writeln!(io::stdout().lock(), "{}", json!({ "error": error }));
    }
    let mut out = io::stderr().lock();
    write!(out, "error {} {}: ", code.number(), code.name())?;
    match &failure.detail {
        // The detail often begins with the message, as in "stored data cannot be read: FILE".
        Some(detail) if detail.starts_with(code.message()) => writeln!(out, "{detail}")?,
        Some(detail) => writeln!(out, "{}\n  {detail}", code.message())?,
        None => writeln!(out, "{}", code.message())?,
    }
    writeln!(out, "what to do: {}", code.next_step())
}
