//! `licence`: what a vendor does.

use std::path::Path;

use fido_unlock::desk::LicenceFile;
use fido_unlock::desk::log::{KeyName, NoteSigner, SoftwareNoteSigner};
use fido_unlock::desk::ports::Clock;
use fido_unlock::ports::Entropy;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, ErrorCode, Suite};
use fido_unlock_files::SystemClock;
use fido_unlock_files::key_file::{self, Encoding, Protection};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use crate::args::Licence;
use crate::brought::read_bytes;
use crate::desk::passphrase;
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;
use crate::session_file::write_file;

const DAY: u64 = 24 * 60 * 60;

/// Runs one of them.
pub fn run(args: &Licence, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Licence::Generate { name, key } => generate(name, key, prompt),
        Licence::Sign {
            name,
            key,
            holder,
            devices,
            days,
            contact,
        } => {
            let licence = LicenceFile {
                holder: holder.clone(),
                devices: *devices,
                valid_until: SystemClock.now().plus_seconds(u64::from(*days) * DAY),
                contact: contact.clone(),
            };
            sign(name, key, &licence, prompt)
        }
    }
}

fn key_name(name: &str) -> Result<KeyName, Failure> {
    KeyName::new(name).map_err(|error| Failure::usage(error.to_string()))
}

fn generate(name: &str, path: &Path, prompt: Prompt) -> Result<Report, Failure> {
    let name = key_name(name)?;
    if path.exists() {
        return Err(Failure::exists(path, ""));
    }
    let passphrase = passphrase(&prompt.new_secret("New passphrase of the key", &[name.as_str()])?);
    let mut seed = Zeroizing::new([0; 32]);
    SystemEntropy.fill(seed.as_mut_slice())?;
    // A secret of 32 bytes in a key file: the form that admin keys have.
    let key = AdminKey::new(seed.as_slice()).ok_or(ErrorCode::EntropyFailed)?;
    let file = key_file::encode(
        &IssuerKey::admin_key(key),
        Encoding::Pem,
        Protection::Age(&passphrase),
        &mut SystemEntropy,
    )?;
    write_file(path, &file)?;
    let line = SoftwareNoteSigner::from_seed(name, &seed).verifier().to_line();
    Ok(Report::new().line(&line).field("public", line))
}

fn sign(name: &str, path: &Path, licence: &LicenceFile, prompt: Prompt) -> Result<Report, Failure> {
    let name = key_name(name)?;
    let passphrase = passphrase(&prompt.secret("Passphrase of the key")?);
    let key = key_file::decode(&read_bytes(path)?, Suite::AesAdminKey, Some(&passphrase))
        .map_err(|error| Failure::at(path, &error))?;
    let seed = key.expose_admin_key().map(AdminKey::expose_bytes);
    let seed: &[u8; 32] = seed
        .and_then(|seed| seed.try_into().ok())
        .ok_or_else(|| Failure::corrupt(path, "not a key of 32 bytes"))?;
    let file = licence.sign(&mut SoftwareNoteSigner::from_seed(name, seed))?;
    Ok(Report::new().line(file.trim_end()).field("licence", file))
}
