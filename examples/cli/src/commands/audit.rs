//! `audit`.

use std::path::{Path, PathBuf};

use fido_unlock::ErrorCode;
use fido_unlock::desk::export::verify_export;
use fido_unlock::desk::log::{NoteSigner, NoteVerifier, Origin, ProofFile, SignedNote, TreeHead};
use fido_unlock::desk::ports::StorageError;
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{ExportTexts, FieldValue, ShownEntry, UnixTime, VerificationMethod, Vouched};
use fido_unlock_files::write_private;
use serde_json::Value;

use crate::args::{At, Audit};
use crate::brought::{form, read_bytes, read_signed};
use crate::desk::{DeskFolder, Keys, OpenDesk, Opened, ask_passphrase, read_verifiers};
use crate::failure::Failure;
use crate::output::{Report, counted, shown};
use crate::prompt::Prompt;
use crate::session_file::{make_folder, write_file};

/// How many entries are read at a time.
const PAGE: u32 = 1000;

/// Runs one of them.
pub fn run(args: &Audit, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Audit::Verify {
            desk: Some(desk),
            checkpoint,
            checkpoint_key,
            ..
        } => verify(desk, checkpoint, checkpoint_key.as_deref(), prompt),
        Audit::Verify {
            export: Some(export),
            checkpoint_key: Some(key),
            checkpoint,
            ..
        } => verify_folder(export, checkpoint, key),
        Audit::Verify { .. } => Err(Failure::usage("name a desk, or an export and its key")),
        Audit::Export { at, to, texts } => export(at, to, *texts, prompt),
        Audit::Show { filter, .. } if filter.is_any() => Err(Failure::usage(
            "a filter is for an address as --desk; at a folder, --last N",
        )),
        Audit::Show { at, last, .. } => show(at, *last, prompt),
        Audit::Checkpoint { at, out } => checkpoint(at, out, prompt),
        Audit::Prove {
            desk,
            entry,
            checkpoint: Some(checkpoint),
            out,
            ..
        } => prove(desk, *entry, checkpoint, out, prompt),
        Audit::Prove { .. } => Err(Failure::usage(
            "at a desk's folder, name a checkpoint: --checkpoint FILE",
        )),
        Audit::CheckProof {
            proof,
            entry,
            checkpoint_key,
        } => check_proof(proof, entry, checkpoint_key),
    }
}

/// A moment as RFC 3339 has it, in UTC.
pub fn moment(at: UnixTime) -> String {
    at.to_string()
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn read_note(path: &Path) -> Result<SignedNote, Failure> {
    SignedNote::parse(&read_signed(path)?).map_err(|error| form(path, &error.to_string()))
}

/// A checkpoint that one of `keys` has signed.
fn read_checkpoint(path: &Path, keys: &[NoteVerifier]) -> Result<TreeHead, Failure> {
    let note = read_note(path)?;
    let other = |error: &dyn std::fmt::Display| {
        let text = format!("{}: {error}", shown(path.display()));
        Failure::new(ErrorCode::AuditCheckpoint, text)
    };
    let text = note.verify(keys).map_err(|error| other(&error))?;
    TreeHead::parse(text).map_err(|error| other(&error))
}

fn verify(desk: &Path, paths: &[PathBuf], key: Option<&Path>, prompt: Prompt) -> Result<Report, Failure> {
    let folder = DeskFolder::existing(desk)?;
    let keys = match (key, paths.is_empty()) {
        (_, true) => Vec::new(),
        (Some(path), false) => read_verifiers(path)?,
        (None, false) => read_verifiers(&folder.keys().checkpoint_public())?,
    };
    let checkpoints: Vec<TreeHead> = paths
        .iter()
        .map(|path| read_checkpoint(path, &keys))
        .collect::<Result<_, _>>()?;
    let mut opened = Opened::open(folder, ask_passphrase(prompt)?, Keys::NotWanted)?;
    let report = opened.desk.verify_audit(&checkpoints);
    let report = report.map_err(|error| Failure::of_desk(&error))?;
    let hint = if checkpoints.is_empty() {
        "No checkpoint was given, so a log that was written anew by who has the keys would not be noticed."
    } else {
        "Entries after the last checkpoint could have been written anew by who has the keys."
    };
    let (id, root) = (hex(&report.state.log_id.0), hex(&report.state.root.0));
    Ok(Report::new()
        .line(format!(
            "The log is whole: {}.",
            counted(report.state.size, "entry", "entries")
        ))
        .line(format!(
            "Each of {} rows is as the desk wrote it, and none is missing.",
            report.rows
        ))
        .labelled("log id", &id)
        .labelled("root", &root)
        .labelled("checkpoint covers", covered(report.covered, &checkpoints))
        .line(hint)
        .field("good", true)
        .field("entries", report.state.size)
        .field("rows", report.rows)
        .field("log_id", id)
        .field("root", root)
        .field("covered", report.covered))
}

/// How far the checkpoints reach that were given.
fn covered(entries: u64, given: &[TreeHead]) -> String {
    if given.is_empty() {
        "nothing: none was given".into()
    } else {
        counted(entries, "entry", "entries")
    }
}

/// The files of an export as they are read and written.
fn unreadable(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Read {
        detail: format!("{}: {error}", shown(path.display())),
    }
}

fn verify_folder(folder: &Path, paths: &[PathBuf], key: &Path) -> Result<Report, Failure> {
    let keys = read_verifiers(key)?;
    let earlier: Vec<TreeHead> = paths
        .iter()
        .map(|path| read_checkpoint(path, &keys))
        .collect::<Result<_, _>>()?;
    let mut read = |name: &str| {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    };
    let report = verify_export(&mut read, &keys, &earlier)?;
    let root = hex(&report.head.root.0);
    Ok(Report::new()
        .line(format!(
            "The log is whole: {}.",
            counted(report.head.size, "entry", "entries")
        ))
        .labelled("log", shown(&report.head.origin))
        .labelled("root", &root)
        .labelled("earlier checkpoints cover", covered(report.covered, &earlier))
        .labelled("texts", report.texts)
        .labelled("left out or erased", report.without_text)
        .field("good", true)
        .field("entries", report.head.size)
        .field("origin", report.head.origin.as_str())
        .field("root", root)
        .field("covered", report.covered)
        .field("texts", report.texts)
        .field("without_text", report.without_text))
}

fn export(at: &At, to: &Path, texts: bool, prompt: Prompt) -> Result<Report, Failure> {
    let taken = std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(Failure::exists(to, " and is not empty"));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    make_folder(to)?;
    let mut signer = open.keys.checkpoint_signer(open.desk.origin()?);
    let checkpoint = open.desk.checkpoint(&open.session, &mut signer)?;
    let texts = if texts {
        ExportTexts::Written
    } else {
        ExportTexts::LeftOut
    };
    let mut write = |name: &str, bytes: &[u8]| {
        let path = to.join(name);
        write_private(&path, bytes).map_err(|error| StorageError::Write {
            detail: format!("{}: {error}", shown(path.display())),
        })
    };
    let report = open
        .desk
        .export_log(&open.session, &checkpoint, texts, &mut write)?;
    Ok(Report::new()
        .line(format!(
            "Written to {}: {} and {}.",
            shown(to.display()),
            counted(report.head.size, "entry", "entries"),
            counted(report.texts, "text", "texts")
        ))
        .field("entries", report.head.size)
        .field("texts", report.texts)
        .field("folder", to.display().to_string()))
}

fn show(at: &At, last: Option<u64>, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let size = open.desk.log_state()?.size;
    let mut from = last.map_or(0, |last| size.saturating_sub(last));
    let (mut report, mut entries) = (Report::new(), Vec::new());
    while from < size {
        let page = open.desk.audit_entries(&open.session, from, PAGE)?;
        for entry in page {
            from = entry.entry.sequence + 1;
            // What is recorded because of this command is not what was asked for.
            if from > size {
                break;
            }
            report = report.line(line(&entry));
            entries.push(view(&entry));
        }
    }
    Ok(report.field("entries", Value::Array(entries)))
}

/// What is there of an entry, for programs.
pub fn view(shown: &ShownEntry) -> Value {
    let entry = &shown.entry;
    let value = |value| match value {
        Some(FieldValue::Number(number)) => Value::from(number),
        Some(FieldValue::Text(text)) => Value::from(text),
        None => Value::Null,
    };
    let fields = shown
        .fields()
        .map(|(name, field)| (name.to_owned(), value(field)));
    let second = entry.second_operator.map(|_| second(entry.event));
    let mut all = serde_json::Map::from_iter(fields);
    all.insert("second_operator_is".into(), second.into());
    Value::Object(all)
}

/// What a second operator is to an entry.
const fn second(event: DeskEvent) -> &'static str {
    match event {
        DeskEvent::Approved => "request of",
        DeskEvent::Authorised => "approved by",
        DeskEvent::TakenOver => "taken over from",
        DeskEvent::OperatorChanged
        | DeskEvent::OperatorRemoved
        | DeskEvent::PasswordChanged
        | DeskEvent::SignInCodeGiven
        | DeskEvent::ChangeApproved => "about operator",
        _ => "second operator",
    }
}

/// The name of a way of verifying callers, by its number in an entry.
fn method(number: u8) -> String {
    let known = VerificationMethod::from_number(number);
    known.map_or_else(|| format!("method {number}"), |method| method.name().to_owned())
}

/// Whose word it was, by its number in an entry.
fn vouched(number: u8) -> String {
    Vouched::from_number(number).map_or_else(|| number.to_string(), |vouched| vouched.name().to_owned())
}

/// An entry as a person reads it.
pub fn line(entry: &ShownEntry) -> String {
    let whole = &entry.entry;
    let mut line = format!(
        "{:>5}  {}  {}",
        whole.sequence,
        moment(whole.at),
        whole.event.name()
    );
    let erased = |number: Option<fido_unlock::desk::PersonNumber>| number.map(|number| number.to_string());
    let error = whole.error.map(|number| {
        let name = ErrorCode::from_number(number).map_or("of a later version", ErrorCode::name);
        format!("{number} {name}")
    });
    for (label, value) in [
        ("operator", entry.operator.clone().or(erased(whole.operator))),
        (
            second(whole.event),
            entry.second_operator.clone().or(erased(whole.second_operator)),
        ),
        ("user", entry.user.clone().or(erased(whole.user))),
        ("device", whole.device().map(|device| device.to_code())),
        ("request", whole.request.map(|request| request.to_string())),
        ("method", whole.method.map(method)),
        ("vouched by", whole.vouched.map(vouched)),
        ("suite", whole.suite.map(|suite| suite.to_string())),
        ("slot", whole.slot.map(|slot| slot.to_string())),
        ("counter", whole.counter.map(|counter| counter.to_string())),
        ("rotation", whole.rotation.map(|rotation| rotation.to_string())),
        ("error", error),
        ("alarm", whole.alarm.map(|alarm| alarm.to_string())),
        ("count", whole.count.map(|count| count.to_string())),
        (
            "text",
            entry.text.clone().or(whole.text.map(|_| "(erased)".into())),
        ),
    ] {
        if let Some(value) = value {
            // A text was typed by a person.
            line.push_str(&format!("; {label} {}", shown(value)));
        }
    }
    line
}

fn checkpoint(at: &At, out: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if out.exists() {
        return Err(Failure::exists(out, ""));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let origin: Origin = open.desk.origin()?;
    let mut signer = open.keys.checkpoint_signer(origin);
    let note = open.desk.checkpoint(&open.session, &mut signer)?;
    write_file(out, note.to_text().as_bytes())?;
    Ok(covers(out, &read_checkpoint(out, &[signer.verifier()])?))
}

/// What is said of a checkpoint that was written.
pub fn covers(out: &Path, head: &TreeHead) -> Report {
    Report::new()
        .line(format!(
            "{} covers {}. Keep it where the log's administrator cannot write.",
            shown(out.display()),
            counted(head.size, "entry", "entries")
        ))
        .field("covered", head.size)
        .field("root", hex(&head.root.0))
        .field("file", out.display().to_string())
}

fn prove(desk: &Path, entry: u64, checkpoint: &Path, out: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if out.exists() {
        return Err(Failure::exists(out, ""));
    }
    let note = read_note(checkpoint)?;
    let mut opened = Opened::open(
        DeskFolder::existing(desk)?,
        ask_passphrase(prompt)?,
        Keys::NotWanted,
    )?;
    let proof = opened.desk.prove(entry, &note)?;
    let bytes = opened.desk.entry_bytes(entry)?;
    write_proof(entry, &bytes, &proof.to_text(), out)
}

/// Writes a proof, and the entry's own bytes beside it.
pub fn write_proof(entry: u64, bytes: &[u8], proof: &str, out: &Path) -> Result<Report, Failure> {
    let mut beside = out.as_os_str().to_owned();
    beside.push(".entry");
    let beside = PathBuf::from(beside);
    write_file(&beside, bytes)?;
    write_file(out, proof.as_bytes())?;
    Ok(Report::new()
        .line(format!(
            "{} proves that {} is entry {entry} of the log.",
            shown(out.display()),
            shown(beside.display())
        ))
        .field("proof", out.display().to_string())
        .field("entry", beside.display().to_string()))
}

fn check_proof(proof: &Path, entry: &Path, key: &Path) -> Result<Report, Failure> {
    let keys = read_verifiers(key)?;
    let wrong = |error: &dyn std::fmt::Display| {
        let text = format!("{}: {error}", shown(proof.display()));
        Failure::new(ErrorCode::AuditCheckpoint, text)
    };
    let file = ProofFile::parse(&read_signed(proof)?).map_err(|error| wrong(&error))?;
    let bytes = read_bytes(entry)?;
    // The name of the key is that of the log.
    let heads = keys
        .iter()
        .map(|key| file.verify(&bytes, key.name(), std::slice::from_ref(key)));
    let mut said = None;
    for head in heads {
        match head {
            Ok(head) => {
                let found = DeskEntry::from_bytes(&bytes).map_err(|error| Failure::at(entry, &error))?;
                return Ok(Report::new()
                    .line(format!(
                        "It is entry {} of {} with {}: {} at {}.",
                        file.index,
                        shown(&head.origin),
                        counted(head.size, "entry", "entries"),
                        found.event.name(),
                        moment(found.at)
                    ))
                    .field("good", true)
                    .field("index", file.index)
                    .field("origin", head.origin.as_str())
                    .field("size", head.size)
                    .field("event", found.event.name()));
            }
            Err(error) => said = Some(error),
        }
    }
    Err(said.map_or_else(|| wrong(&"there is no key in the file"), |error| wrong(&error)))
}
