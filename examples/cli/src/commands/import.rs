//! `desk import` and `desk import-users`: devices and users from CSV.

mod users;

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::NewDevice;
use fido_unlock::desk::ports::IssuerInfo;
use fido_unlock_files::{Imported, ImportedRow, foreign_or, read_devices};

use crate::args::At;
use crate::brought::read_bytes;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;

pub use users::users;

/// How many rows are written in one transaction.
const CHUNK: usize = 500;
/// So many lines that are refused are named.
const MOST_NAMED: usize = 100;

/// What was said of rows, for a person: the first error's number, and each in a line of its own.
#[derive(Default)]
struct Refused {
    first: Option<ErrorCode>,
    lines: Vec<String>,
    more: usize,
}

impl Refused {
    fn push(&mut self, code: ErrorCode, line: String) {
        self.first.get_or_insert(code);
        if self.lines.len() < MOST_NAMED {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }

    fn len(&self) -> usize {
        self.lines.len() + self.more
    }

    fn text(&self) -> String {
        let mut text = self.lines.join("\n  ");
        if self.more > 0 {
            text.push_str(&format!("\n  and {} more", self.more));
        }
        text
    }
}

/// The rows of a file. While one cannot be read nothing is written, since what a spreadsheet has moved in one row it may
/// have moved in others; a dry run goes on with the rest.
fn readable<T>(
    path: &Path,
    read: Imported<T>,
    dry_run: bool,
) -> Result<(Vec<ImportedRow<T>>, Refused), Failure> {
    let mut unread = Refused::default();
    if !read.faults.is_empty() {
        if !dry_run {
            let mut failure = Failure::at(path, &read.faults);
            let said = failure.detail.unwrap_or_default();
            failure.detail = Some(format!("{said}\nNothing was imported."));
            return Err(failure);
        }
        for fault in &read.faults.errors {
            unread.push(fido_unlock::HasCode::code(fault), fault.to_string());
        }
        unread.more += read.faults.more;
    }
    Ok((read.rows, unread))
}

/// Registers the devices of a file, each by itself: one that is refused keeps no other out, and the file can be given again
/// when its reason is gone.
pub fn devices(at: &At, path: &Path, dry_run: bool, prompt: Prompt) -> Result<Report, Failure> {
    let read = read_devices(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let (rows, mut refused) = readable(path, read, dry_run)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let issuers = open.desk.issuers(&open.session)?;
    let all = rows.len() + refused.len();
    let (lines, devices): (Vec<usize>, Vec<NewDevice>) =
        rows.into_iter().map(|row| (row.line, row.value)).unzip();
    for (some, lines) in devices.chunks(CHUNK).zip(lines.chunks(CHUNK)) {
        let done = if dry_run {
            let judge = |device| open.desk.may_register(&open.session, device);
            some.iter().map(judge).collect()
        } else {
            open.desk.register_devices(&open.session, some)?
        };
        for ((device, line), done) in some.iter().zip(lines).zip(done) {
            if let Err(error) = done {
                let failure = of_device(&issuers, device, Failure::of_desk(&error));
                let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
                let text = format!("line {line}: {} of {}: {said}", device.id, device.owner);
                refused.push(failure.code, text);
            }
        }
    }
    if let Some(code) = refused.first {
        let (would, not) = if dry_run {
            ("would be", "would not be")
        } else {
            ("are", "are not")
        };
        let text = format!(
            "{}: {} of {all} {would} registered; these {not}:\n  {}",
            shown(path.display()),
            all - refused.len(),
            refused.text()
        );
        return Err(Failure::new(code, text));
    }
    let ids: Vec<String> = devices.iter().map(|device| device.id.to_code()).collect();
    Ok(Report::new()
        .line(if dry_run {
            format!(
                "Devices that would be registered: {}; nothing was changed.",
                ids.len()
            )
        } else {
            format!("Registered devices: {}.", ids.len())
        })
        .field("dry_run", dry_run)
        .field("device_ids", ids))
}

fn of_device(issuers: &[IssuerInfo], device: &NewDevice, failure: Failure) -> Failure {
    let code = foreign_or(issuers, device, failure.code);
    if code == failure.code {
        return failure;
    }
    Failure::new(code, format!("slot {}: {code}", device.slot))
}
