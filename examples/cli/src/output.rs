//! What is printed: plain lines for a person, or one JSON object for a program. Texts of others (names,
//! reasons, paths) reach no terminal but through here, where nothing in them can act on it.

use std::fmt::{self, Display};
use std::io::{self, Write};

use fido_unlock::desk::{RowFault, WrongRow};
use fido_unlock::{ErrorCode, Shown};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Lines of this program, whose line ends are meant: a text of others was put in as [`Shown`].
struct Lines<'a>(&'a str);

impl Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['\n', '\t']) {
            let text = piece.trim_end_matches(['\n', '\t']);
            write!(
                f,
                "{}{}",
                Shown(text),
                piece.get(text.len()..).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

/// A text of others, to be put into a line.
pub fn shown(text: impl Display) -> String {
    Shown(&text.to_string()).to_string()
}

/// A number of things: "1 entry", "2 entries".
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    format!("{count} {}", if count == N::from(1_u8) { one } else { many })
}

/// A time in its largest whole unit: "24 hours", "90 seconds".
pub fn duration(seconds: u64) -> String {
    match seconds {
        whole if whole >= 172_800 && whole.is_multiple_of(86_400) => counted(whole / 86_400, "day", "days"),
        whole if whole >= 3600 && whole.is_multiple_of(3600) => counted(whole / 3600, "hour", "hours"),
        whole if whole >= 60 && whole.is_multiple_of(60) => counted(whole / 60, "minute", "minutes"),
        seconds => counted(seconds, "second", "seconds"),
    }
}

/// Tells a person something while a command goes on. A closed standard error is no failure.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", Lines(&text.to_string()));
}

/// JSON in which what cannot be seen is written as `\uXXXX`, since a terminal may be its reader, too.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut unit = [0; 2];
        for character in fragment.chars() {
            let mut utf8 = [0; 4];
            let text: &str = character.encode_utf8(&mut utf8);
            // Behind a letter, since a combining mark alone would count as hidden.
            if matches!(character, ' '..='~') || Shown(&format!("a{text}")).is_plain() {
                out.write_all(text.as_bytes())?;
            } else {
                for unit in character.encode_utf16(&mut unit) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Visible);
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// Whether standard output takes anything, before something is done that cannot be done again: a full disk or
/// a closed pipe says so only when it is written to. `first`: the line that comes first for a person; in
/// JSON it is a space, which means nothing there. `otherwise`: what is told otherwise.
///
/// # Errors
/// [`ErrorCode::OutputFailed`].
pub fn begin(json: bool, first: &str, otherwise: &str) -> Result<(), Failure> {
    if takes_nothing() {
        let error = io::Error::other("standard output is closed, or goes nowhere");
        return Err(lost(&error, otherwise));
    }
    let mut out = io::stdout().lock();
    let written = if json {
        out.write_all(b" ")
    } else {
        writeln!(out, "{}", Lines(first))
    };
    written
        .and_then(|()| out.flush())
        .map_err(|error| lost(&error, otherwise))
}

/// Where standard output is closed, Rust's runtime puts the null device; what is written to a descriptor that is
/// open for reading alone is forgotten without an error.
#[cfg(unix)]
fn takes_nothing() -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use nix::sys::stat::fstat;

    let out = io::stdout();
    let only_read = fcntl(&out, FcntlArg::F_GETFL)
        .is_ok_and(|flags| OFlag::from_bits_truncate(flags) & OFlag::O_ACCMODE == OFlag::O_RDONLY);
    let null = std::fs::metadata("/dev/null")
        .ok()
        .filter(|null| null.file_type().is_char_device());
    let is_null = fstat(&out).is_ok_and(|out| {
        null.is_some_and(|null| out.st_rdev == null.rdev() && out.st_mode & 0o170_000 == 0o020_000)
    });
    only_read || is_null
}

#[cfg(not(unix))]
const fn takes_nothing() -> bool {
    false
}

fn lost(error: &io::Error, what: &str) -> Failure {
    let text = format!("{}: {error}\n  {what}", ErrorCode::OutputFailed);
    Failure::new(ErrorCode::OutputFailed, text)
}

/// What a command has to say. A secret is only ever a Response Code, which is there to be read out.
#[derive(Default)]
pub struct Report {
    lines: Vec<String>,
    fields: Vec<(&'static str, Value)>,
    title: Option<String>,
    secret: Option<(&'static str, Zeroizing<String>)>,
    if_lost: Option<String>,
    once_shown: Option<Box<dyn FnOnce() -> Result<(), Failure>>>,
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
    pub fn labelled(self, label: &str, value: impl Display) -> Self {
        self.line(format!("{:<19} {value}", format!("{label}:")))
    }

    /// A field for the program.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// What stands above the secret, for the person.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        Self {
            title: Some(title.to_owned()),
            ..self
        }
    }

    /// A secret, printed before the lines and as the last field.
    #[must_use]
    pub fn secret(mut self, name: &'static str, value: Zeroizing<String>) -> Self {
        self.secret = Some((name, value));
        self
    }

    /// What is told where this report cannot be written: the command has done its work by then.
    #[must_use]
    pub fn if_lost(mut self, text: impl Into<String>) -> Self {
        self.if_lost = Some(text.into());
        self
    }

    /// What is done once the report was written, and not where it could not be.
    #[must_use]
    pub fn once_shown(mut self, act: impl FnOnce() -> Result<(), Failure> + 'static) -> Self {
        self.once_shown = Some(Box::new(act));
        self
    }

    /// Everything was printed while the command ran.
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.fields.is_empty() && self.secret.is_none()
    }

    /// Prints it on standard output.
    ///
    /// # Errors
    /// [`ErrorCode::OutputFailed`], with what was done all the same; that of [`Report::once_shown`].
    pub fn print(self, json: bool) -> Result<(), Failure> {
        self.write(json).map_err(|error| {
            let what = self.if_lost.as_deref();
            lost(
                &error,
                what.unwrap_or("the command did its work; only its result could not be shown"),
            )
        })?;
        self.once_shown.map_or(Ok(()), |act| act())
    }

    fn write(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json && !self.is_empty() {
            write_json(&mut out, self)?;
        } else if !json {
            if let Some(title) = &self.title {
                writeln!(out, "{}", Lines(title))?;
            }
            if let Some((_, secret)) = &self.secret {
                writeln!(out, "{}", secret.as_str())?;
            }
            for line in &self.lines {
                writeln!(out, "{}", Lines(line))?;
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
/// [`ErrorCode::OutputFailed`].
pub fn print_event(json: bool, event: &str, lines: &[String], value: Value) -> Result<(), Failure> {
    let write = || {
        let mut out = io::stdout().lock();
        if json {
            let mut object = json!({ "event": event });
            if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), value) {
                object.extend(fields);
            }
            write_json(&mut out, &object)?;
        } else {
            for line in lines {
                writeln!(out, "{}", Lines(line))?;
            }
        }
        out.flush()
    };
    write().map_err(|error| lost(&error, "what was done so far stays done"))
}

/// Prints a failure: JSON on standard output, lines on standard error; on the other one where that cannot be
/// written.
///
/// # Errors
/// When neither can be written.
pub fn print_failure(failure: &Failure, json: bool) -> io::Result<()> {
    if json {
        let error = in_json(failure);
        // That standard output takes nothing is told where it is seen.
        if failure.code == ErrorCode::OutputFailed && takes_nothing() {
            return write_json(&mut io::stderr().lock(), &error);
        }
        return write_json(&mut io::stdout().lock(), &error)
            .or_else(|_| write_json(&mut io::stderr().lock(), &error));
    }
    let text = Lines(&in_lines(failure)).to_string();
    writeln!(io::stderr().lock(), "{text}").or_else(|_| writeln!(io::stdout().lock(), "{text}"))
}

fn in_json(failure: &Failure) -> Value {
    let code = failure.code;
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
        (
            "rows",
            (!failure.rows.is_empty()).then(|| failure.rows.iter().map(row_in_json).collect()),
        ),
    ];
    if let Some(map) = error.as_object_mut() {
        map.extend(
            extra
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
    }
    json!({ "error": error })
}

/// A row that is wrong; a key in hexadecimal digits.
fn row_in_json(wrong: &WrongRow) -> Value {
    let hex = base16ct::lower::encode_string;
    match wrong {
        WrongRow::Row { table, key, fault } => json!({
            "table": table.name(),
            "key": hex(key),
            "fault": match fault {
                RowFault::Changed => "changed",
                RowFault::Added => "added",
                RowFault::Missing => "missing",
                _ => "misplaced",
            },
        }),
        WrongRow::Unnamed { place } => json!({ "map_key": hex(place.as_bytes()), "fault": "missing" }),
        WrongRow::Node { prefix } => json!({ "map_node": hex(&prefix.to_bytes()), "fault": "changed" }),
        other => json!(other.to_string()),
    }
}

fn in_lines(failure: &Failure) -> String {
    let code = failure.code;
    let said = match &failure.detail {
        // The detail often begins with the message, as in "stored data cannot be read: FILE".
        Some(detail) if detail.starts_with(code.message()) => detail.clone(),
        Some(detail) => format!("{}\n  {detail}", code.message()),
        None => code.message().to_owned(),
    };
    format!(
        "error {} {}: {said}\nwhat to do: {}",
        code.number(),
        code.name(),
        code.next_step()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_shows_what_cannot_be_seen_and_means_the_same() {
        let value = json!({"name": "Bob\u{202e}\u{9b}2K\u{e0041} \"Zoë\" 🙂 e\u{301}\n"});
        let mut out = Vec::new();
        write_json(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "{\"name\":\"Bob\\u202e\\u009b2K\\udb40\\udc41 \\\"Zoë\\\" 🙂 e\u{301}\\n\"}\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn lines_keep_their_ends_and_nothing_else_that_acts() {
        assert_eq!(Lines("a\n b\u{1b}[2K\r\n").to_string(), "a\n b\\u{1b}[2K\\r\n");
    }
}
