//! The entries that a filter finds, as a file: JSON Lines, or CSV for a spreadsheet. It is read and sent some hundred
//! entries at a time, however many there are, and calls go on between.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use fido_unlock::desk::{FieldValue, LogReading, ShownEntry, UnixTime};
use fido_unlock::{ErrorCode, Shown};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::audit::Asked;
use crate::app::App;
use crate::page::Who;
use crate::refusal::Refusal;

/// Entries of one read.
const CHUNK: u32 = 250;
/// How often a read is tried again where too many wait for the desk, and the pause before.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// The form of the file.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// One JSON object a line (jsonlines.org), each field by its name; what is absent is null.
    Jsonl,
    /// RFC 4180, in UTF-8 with a byte order mark, without which a spreadsheet takes it for another encoding.
    Csv,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    format: Format,
}

/// An export under way.
struct Export {
    app: App,
    reading: LogReading,
    format: Format,
    /// What was read and not sent yet.
    ready: Option<Vec<u8>>,
}

pub(super) async fn save(
    State(app): State<App>,
    who: Who,
    Query(Wanted { format }): Query<Wanted>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    // What can be refused is refused before the first byte.
    let begun = app.desks().run(move |desk| {
        let Ok(filter) = asked.filter(desk, &session)? else {
            return Err(ErrorCode::InvalidArgument.into());
        };
        let mut reading = desk.read_log(&session, filter, None)?;
        let entries = desk.read_on(&mut reading, CHUNK)?;
        Ok((reading, entries))
    });
    let (reading, entries) = begun.await?;
    let mut first = match format {
        Format::Jsonl => Vec::new(),
        Format::Csv => heading()?,
    };
    first.extend(lines(&entries, format)?);
    let export = Export {
        app,
        reading,
        format,
        ready: Some(first),
    };
    let (kind, name) = match format {
        Format::Jsonl => ("application/jsonl", "audit.jsonl"),
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv"),
    };
    Ok(file(
        kind,
        name,
        Body::from_stream(stream::unfold(Some(export), next)),
    ))
}

/// A file to save.
pub(super) fn file(kind: &'static str, name: &str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        body,
    )
        .into_response()
}

/// The next part of the body; an error breaks the file off, so that it is not taken for whole.
async fn next(export: Option<Export>) -> Option<(Result<Bytes, std::io::Error>, Option<Export>)> {
    let mut export = export?;
    if let Some(ready) = export.ready.take() {
        return Some((Ok(ready.into()), Some(export)));
    }
    export.reading.next()?;
    match read_on(&mut export).await {
        Ok(bytes) => Some((Ok(bytes.into()), Some(export))),
        Err(refusal) => Some((Err(std::io::Error::other(refusal.text().to_owned())), None)),
    }
}

async fn read_on(export: &mut Export) -> Result<Vec<u8>, Refusal> {
    let mut tries = 0;
    loop {
        let mut reading = export.reading.clone();
        let read = export.app.desks().run(move |desk| {
            let entries = desk.read_on(&mut reading, CHUNK)?;
            Ok((reading, entries))
        });
        match read.await {
            Ok((reading, entries)) => {
                export.reading = reading;
                return lines(&entries, export.format);
            }
            Err(refusal) if refusal == Refusal::busy() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(refusal) => return Err(refusal),
        }
    }
}

fn failed<E>(_: E) -> Refusal {
    ErrorCode::HostFailed.into()
}

fn lines(entries: &[ShownEntry], format: Format) -> Result<Vec<u8>, Refusal> {
    match format {
        Format::Jsonl => {
            let mut out = Vec::new();
            for entry in entries {
                serde_json::to_writer(&mut out, &object(entry)).map_err(failed)?;
                out.push(b'\n');
            }
            Ok(out)
        }
        Format::Csv => records(
            entries
                .iter()
                .map(|entry| entry.fields().map(|(name, value)| cell(name, value))),
        ),
    }
}

fn object(entry: &ShownEntry) -> Value {
    let value = |value| match value {
        Some(FieldValue::Number(number)) => Value::from(number),
        Some(FieldValue::Text(text)) => Value::from(text),
        None => Value::Null,
    };
    let fields = entry
        .fields()
        .map(|(name, field)| (name.to_owned(), value(field)));
    Value::Object(Map::from_iter(fields))
}

fn heading() -> Result<Vec<u8>, Refusal> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    out.extend(records([ShownEntry::names().map(String::from)].into_iter())?);
    Ok(out)
}

fn records<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> Result<Vec<u8>, Refusal> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

/// What stands in a cell: a time as RFC 3339 has it, a text as it may be shown, and nothing that a spreadsheet would
/// take for a formula.
fn cell(name: &str, value: Option<FieldValue>) -> String {
    match value {
        None => String::new(),
        Some(FieldValue::Number(at)) if name == "at" => UnixTime(at).to_string(),
        Some(FieldValue::Number(number)) => number.to_string(),
        Some(FieldValue::Text(text)) => harmless(&Shown(&text).to_string()),
    }
}

/// Whoever opens the file must not run what a caller has typed: a text that begins as a formula does gets an
/// apostrophe, which a spreadsheet takes for "this is text" (OWASP, "CSV Injection"; the full-width forms too).
fn harmless(text: &str) -> String {
    let begins = text.chars().next();
    match begins {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_as_a_formula_does() {
        for harmful in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x",
        ] {
            assert_eq!(harmless(harmful), format!("'{harmful}"));
        }
        for plain in ["", "a=1", "INC-1", "'=1", " =1"] {
            assert_eq!(harmless(plain), plain);
        }
    }
}
