//! `desk init`: a new help desk.

use std::path::Path;

use fido_unlock::desk::Desk as HelpDesk;
use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

use crate::brought::read_text;
use crate::desk::{DeskFolder, SharedSigner, operator_id, parts, passphrase, read_rules, read_verifiers};
use crate::failure::Failure;
use crate::output::{Report, shown};
use crate::prompt::Prompt;
use crate::session_file::write_file;

/// Makes keys, database and first Administrator: their name, and whether the console gives them a code in place of a
/// password. What an attempt that was interrupted has made is taken, so that the
/// command can be given again.
pub fn run(
    path: &Path,
    (admin, first_code): (&str, bool),
    vendor: Option<&Path>,
    rules: Option<&Path>,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let id = operator_id(admin)?;
    let folder = DeskFolder::new(path)?;
    folder.is_free()?;
    let rules = rules.map(read_rules).transpose()?.unwrap_or_default();
    if let Some(vendor) = vendor {
        // Before anything is made: it holds keys.
        read_verifiers(vendor)?;
    }
    let vendor = vendor.map(read_text).transpose()?;
    let ask = || prompt.new_secret(&format!("New password of {id}"), &[id.as_str()]);
    let password = (!first_code).then(ask).transpose()?;
    let passphrase = passphrase(&prompt.new_secret("New passphrase of the keys", &[id.as_str()])?);
    // It makes the folder, its owner's alone.
    let store = SqliteStore::create(&folder.database(), SqliteOptions::default())?;
    let keys = folder.keys().create(&passphrase)?;
    if let Some(vendor) = vendor {
        write_file(&folder.vendor_file(), vendor.as_bytes())?;
    }
    let signer = SharedSigner::without_keys(&folder.keys(), &keys);
    let parts = parts(&folder, &keys, &signer, store)?;
    let mut desk = match &password {
        Some(password) => HelpDesk::create(parts, rules, &id, password)?,
        None => HelpDesk::create_without_password(parts, rules, &id)?,
    };
    folder.keys().write_checkpoint_key(&keys, desk.origin()?)?;
    let mut report = Report::new()
        .line(format!("The help desk is in {}; {id} is its Administrator.", shown(path.display())))
        .line(if first_code {
            "Start `help-desk`: it prints a one-time code, by which the Administrator sets a password in the browser."
        } else {
            "The Administrator signs in by the password."
        })
        .line("Next: `desk licence`, `issuer generate`, `issuer backup`, operators, users and devices; then `desk open`.")
        .line("Keep checkpoint.pub, and checkpoints (`audit checkpoint`), where its administrators cannot write.")
        .field("desk", path.display().to_string())
        .field("admin", id.as_str());
    let vendor = folder.vendor_file();
    if !vendor.exists() {
        report = report.line(format!(
            "No vendor's key is known, so no licence counts: write the line that the vendor gave you to {}.",
            shown(vendor.display())
        ));
    }
    Ok(report.field("vendor", vendor.exists()))
}
