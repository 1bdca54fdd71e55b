//! `audit`.

use std::path::{Path, PathBuf};

use fido_unlock::ErrorCode;
use fido_unlock::desk::UnixTime;
use fido_unlock::desk::audit::{self, CheckpointKey, SignedCheckpoint};
use fido_unlock_files::{AuditView, FileAuditLog, view};
use serde::Deserialize;
use serde_json::json;

use crate::args::{At, Audit};
use crate::brought::{form, read_versioned};
use crate::desk::{KeyFolder, Keys, OpenDesk, exists, read_checkpoint_key};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;
use crate::session_file::write_file;

/// The version of a checkpoint's file.
const CHECKPOINT_VERSION: u32 = 1;

/// Runs one of them.
pub fn run(args: &Audit, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Audit::Verify {
            desk,
            checkpoint,
            checkpoint_key,
        } => verify(desk, checkpoint, checkpoint_key.as_deref()),
        Audit::Show { desk, last } => show(desk, *last),
        Audit::Checkpoint { at, out } => checkpoint(at, out, prompt),
    }
}

/// A moment as RFC 3339 has it, in UTC.
pub fn moment(at: UnixTime) -> String {
    at.to_string()
}

fn verify(desk: &Path, paths: &[PathBuf], key: Option<&Path>) -> Result<Report, Failure> {
    let log = FileAuditLog::open_read_only(&exists(desk)?)?;
    let checkpoints: Vec<SignedCheckpoint> = paths
        .iter()
        .map(|path| read_checkpoint(path))
        .collect::<Result<_, _>>()?;
    let key: Option<CheckpointKey> = match (key, checkpoints.is_empty()) {
        (_, true) => None,
        (Some(path), false) => Some(read_checkpoint_key(path)?),
        (None, false) => Some(KeyFolder::of_desk(desk).checkpoint_key()?),
    };
    let report = audit::verify(&log, &checkpoints, key.as_ref())?;
    let head = base16ct::lower::encode_string(&report.head);
    let hint = if report.covered == 0 {
        "No checkpoint was given, so a cut-off tail would not be noticed."
    } else {
        "Entries after the last checkpoint could have been cut off unnoticed."
    };
    Ok(Report::new()
        .line(format!("The log is whole: {} entries.", report.count))
        .labelled("log id", base16ct::lower::encode_string(&report.log_id.0))
        .labelled("head", &head)
        .labelled("last entry", moment(report.latest))
        .labelled("checkpoint covers", report.covered)
        .line(hint)
        .field("good", true)
        .field("entries", report.count)
        .field("log_id", base16ct::lower::encode_string(&report.log_id.0))
        .field("head", head)
        .field("latest", moment(report.latest))
        .field("covered", report.covered))
}

fn show(desk: &Path, last: Option<usize>) -> Result<Report, Failure> {
    let log = FileAuditLog::open_read_only(&exists(desk)?)?;
    let entries = audit::read_all(&log)?;
    let skip = last.map_or(0, |last| entries.len().saturating_sub(last));
    let views: Vec<AuditView> = entries.iter().skip(skip).map(|(entry, _)| view(entry)).collect();
    let report = views
        .iter()
        .fold(Report::new(), |report, view| report.line(line(view)));
    let json = serde_json::to_value(&views).map_err(|_| ErrorCode::HostFailed)?;
    Ok(report.field("entries", json))
}

fn line(view: &AuditView) -> String {
    let mut line = format!(
        "{:>5}  {}  {}",
        view.sequence,
        moment(UnixTime(view.at)),
        view.event
    );
    let request = view.request.map(|request| request.to_string());
    let error = view.error.map(|number| {
        let name = ErrorCode::from_number(number).map_or("of a later version", ErrorCode::name);
        format!("{number} {name}")
    });
    for (label, value) in [
        ("operator", view.operator.as_deref()),
        ("second operator", view.second_operator.as_deref()),
        ("user", view.user.as_deref()),
        ("device", view.device_id.as_deref()),
        ("request", request.as_deref()),
        ("error", error.as_deref()),
        (
            "detail",
            view.detail.as_deref().filter(|detail| !detail.is_empty()),
        ),
    ] {
        if let Some(value) = value {
            // A detail was typed by a person.
            line.push_str(&format!("; {label} {}", shown(value)));
        }
    }
    line
}

fn checkpoint(at: &At, out: &Path, prompt: Prompt) -> Result<Report, Failure> {
    if out.exists() {
        return Err(Failure::exists(out, ""));
    }
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let mut signer = open.folder.checkpoint_signer(open.passphrase()?)?;
    let signed = open.desk.checkpoint(&open.session, &mut signer)?;
    let file = json!({
        "version": CHECKPOINT_VERSION,
        "count": signed.checkpoint.count,
        "at": moment(signed.checkpoint.at),
        "checkpoint": base16ct::lower::encode_string(&signed.to_bytes()),
    });
    write_file(out, format!("{file}\n").as_bytes())?;
    Ok(Report::new()
        .line(format!(
            "{} covers {} entries. Keep it where the log's administrator cannot write.",
            shown(out.display()),
            signed.checkpoint.count
        ))
        .field("covered", signed.checkpoint.count)
        .field("file", out.display().to_string()))
}

/// Only the signed bytes count; what stands beside them is for people.
#[derive(Deserialize)]
struct CheckpointFile {
    #[expect(dead_code, reason = "it must be there; it was compared before")]
    version: u32,
    checkpoint: String,
}

fn read_checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    let file: CheckpointFile = read_versioned(path, CHECKPOINT_VERSION)?;
    let bytes = base16ct::mixed::decode_vec(&file.checkpoint)
        .map_err(|_| form(path, "checkpoint: not hexadecimal digits"))?;
    SignedCheckpoint::from_bytes(&bytes).map_err(|_| form(path, "checkpoint: not made by this program"))
}
