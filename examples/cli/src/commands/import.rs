//! `desk import`: devices from CSV.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock_files::read_devices;

use crate::args::At;
use crate::brought::read_bytes;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// How many devices are registered in one transaction.
const CHUNK: usize = 500;

/// Registers the devices of a file, each by itself: one that is refused keeps no other out.
pub fn devices(at: &At, path: &Path, dry_run: bool, prompt: Prompt) -> Result<Report, Failure> {
    let devices = read_devices(&read_bytes(path)?).map_err(|error| Failure::at(path, &error))?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    // One that is refused keeps no other out: the file can be given again when its reason is gone.
    let mut refused: Vec<(ErrorCode, String)> = Vec::new();
    for some in devices.chunks(CHUNK) {
        let done = if dry_run {
            let judge = |device| open.desk.may_register(&open.session, device);
            some.iter().map(judge).collect()
        } else {
            open.desk.register_devices(&open.session, some)?
        };
        for (device, done) in some.iter().zip(done) {
            if let Err(error) = done {
                let failure = Failure::of_desk(&error);
                let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
                refused.push((failure.code, format!("{}: {said}", device.id)));
            }
        }
    }
    if let Some((code, _)) = refused.first() {
        let (all, left) = (devices.len(), refused.len());
        let lines: Vec<&str> = refused.iter().map(|(_, line)| line.as_str()).collect();
        let would = if dry_run { "would be" } else { "are" };
        let text = format!(
            "{} of {all} {would} registered; these {}:\n  {}",
            all - left,
            if dry_run { "would not be" } else { "are not" },
            lines.join("\n  ")
        );
        return Err(Failure::new(*code, text));
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
