//! `audit` at a service.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::{SignedNote, TreeHead};
use fido_unlock_remote::{LogFilter, RemoteDesk};
use serde_json::{Map, Value};

use crate::args::{Audit, Filter};
use crate::commands::audit::{covers, write_proof};
use crate::failure::Failure;
use crate::output::{Report, counted, shown};
use crate::service::Service;
use crate::session_file::{make_folder, write_file};

/// Entries of a page.
const PAGE: u32 = 250;
/// An entry's fields that a person looks at first; they stand before the others, without their names.
const FIRST: [&str; 3] = ["sequence", "at", "event"];

/// Runs one of them.
pub fn run(service: &Service, command: &Audit) -> Result<Report, Failure> {
    let desk = &service.desk;
    match command {
        Audit::Show { last, filter, .. } => show(desk, *last, filter),
        Audit::Export { to, texts, .. } => export(desk, to, *texts),
        Audit::Checkpoint { out, .. } => checkpoint(desk, out),
        Audit::Prove {
            entry,
            checkpoint: None,
            out,
            ..
        } => {
            is_new(out)?;
            write_proof(*entry, &desk.entry_bytes(*entry)?, &desk.proof(*entry)?, out)
        }
        Audit::Prove { .. } => Err(Failure::usage(
            "--checkpoint is for a desk's folder: at an address the proof is by the newest checkpoint",
        )),
        Audit::Verify { .. } | Audit::CheckProof { .. } => {
            Err(Failure::usage("this command knows a desk's folder alone"))
        }
    }
}

fn is_new(out: &Path) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::exists(out, ""));
    }
    Ok(())
}

impl From<&Filter> for LogFilter {
    fn from(filter: &Filter) -> Self {
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        Self {
            from: text(&filter.from),
            until: text(&filter.until),
            operator: text(&filter.by),
            device: text(&filter.device_id),
            event: text(&filter.event),
        }
    }
}

/// Entries that fit, each page newest first, until there are enough.
fn read(
    desk: &RemoteDesk,
    filter: &LogFilter,
    most: usize,
    mut each: impl FnMut(Map<String, Value>) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let (mut before, mut count) = (None, 0);
    while count < most {
        let left = u32::try_from(most - count).unwrap_or(PAGE).min(PAGE);
        let page = desk.entries(filter, before, left)?;
        count += page.entries.len();
        page.entries.into_iter().try_for_each(&mut each)?;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(count)
}

fn show(desk: &RemoteDesk, last: Option<u64>, filter: &Filter) -> Result<Report, Failure> {
    let most = last.map_or(usize::MAX, |last| usize::try_from(last).unwrap_or(usize::MAX));
    let mut entries = Vec::new();
    read(desk, &filter.into(), most, |entry| {
        entries.push(entry);
        Ok(())
    })?;
    // As a log is read.
    entries.reverse();
    let report = entries
        .iter()
        .fold(Report::new(), |report, entry| report.line(line(entry)));
    let entries = entries.into_iter().map(Value::Object).collect();
    Ok(report.field("entries", Value::Array(entries)))
}

/// An entry as a person reads it.
pub fn line(entry: &Map<String, Value>) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => shown(text),
        other => shown(other),
    };
    let first = |name: &str| entry.get(name).map(&text).unwrap_or_default();
    let at = entry.get("at").and_then(Value::as_u64);
    let at = at.map_or_else(|| first("at"), |at| fido_unlock::desk::UnixTime(at).to_string());
    let mut line = format!("{:>5}  {at}  {}", first("sequence"), first("event"));
    for (name, value) in entry {
        if !value.is_null() && !FIRST.contains(&name.as_str()) {
            line.push_str(&format!("; {} {}", shown(name).replace('_', " "), text(value)));
        }
    }
    line
}

/// Entries as JSON Lines, and the newest checkpoint beside them.
fn export(desk: &RemoteDesk, to: &Path, texts: bool) -> Result<Report, Failure> {
    let taken = std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(Failure::exists(to, " and is not empty"));
    }
    make_folder(to)?;
    let checkpoint = desk.make_checkpoint()?;
    write_file(&to.join("checkpoint"), checkpoint.as_bytes())?;
    let path = to.join("entries.jsonl");
    let mut lines = Vec::new();
    let count = read(desk, &LogFilter::default(), usize::MAX, |mut entry| {
        if !texts {
            entry.remove("text");
        }
        serde_json::to_writer(&mut lines, &entry).map_err(|_| ErrorCode::HostFailed)?;
        lines.push(b'\n');
        Ok(())
    })?;
    write_file(&path, &lines)?;
    Ok(Report::new()
        .line(format!(
            "Written to {}: {}, newest first, and a checkpoint.",
            shown(path.display()),
            counted(count, "entry", "entries")
        ))
        .line("Entries as JSON are for reading: the folder that is verified without the desk is written at the desk's own.")
        .field("entries", u64::try_from(count).unwrap_or(u64::MAX))
        .field("folder", to.display().to_string()))
}

fn checkpoint(desk: &RemoteDesk, out: &Path) -> Result<Report, Failure> {
    is_new(out)?;
    let text = desk.make_checkpoint()?;
    let wrong = |error: &dyn std::fmt::Display| Failure::new(ErrorCode::AuditCheckpoint, error.to_string());
    let note = SignedNote::parse(&text).map_err(|error| wrong(&error))?;
    // Whose signature it is is for whoever keeps it: `audit verify --checkpoint-key`.
    let head = TreeHead::parse(note.unverified_text()).map_err(|error| wrong(&error))?;
    write_file(out, text.as_bytes())?;
    Ok(covers(out, &head))
}
