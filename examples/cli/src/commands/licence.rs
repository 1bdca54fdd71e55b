//! `licence`: what a vendor does; and `desk licence`, for whom it is done.

use std::path::{Path, PathBuf};

use fido_unlock::desk::log::{KeyName, NoteSigner, SoftwareNoteSigner};
use fido_unlock::desk::ports::Clock;
use fido_unlock::desk::{DeskError, LicenceFile};
use fido_unlock::ports::Entropy;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, ErrorCode, HasCode, Suite};
use fido_unlock_files::SystemClock;
use fido_unlock_files::key_file::{self, Encoding, Protection};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use crate::args::{At, Licence};
use crate::brought::{read_bytes, read_signed};
use crate::desk::{DeskFolder, Keys, OpenDesk, passphrase, read_verifiers};
use crate::failure::Failure;
use crate::output::{Report, counted, shown};
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
    let public = public_of(path);
    if public.exists() {
        return Err(Failure::exists(&public, ""));
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
    write_file(&public_of(path), format!("{line}\n").as_bytes())?;
    Ok(Report::new().line(&line).field("public", line))
}

/// Where the public half of a key stands, with its name.
fn public_of(key: &Path) -> PathBuf {
    key.with_added_extension("pub")
}

/// A licence under another name counts nowhere.
fn has_name(path: &Path, name: &KeyName) -> Result<(), Failure> {
    let public = public_of(path);
    if !public.exists() {
        let text = format!(
            "{} is not there: write to it the line that `licence generate` printed",
            shown(public.display())
        );
        return Err(Failure::new(ErrorCode::StoreRead, text));
    }
    let keys = read_verifiers(&public)?;
    if keys.iter().any(|key| key.name() == name) {
        return Ok(());
    }
    let names: Vec<&str> = keys.iter().map(|key| key.name().as_str()).collect();
    Err(Failure::usage(format!(
        "--name {}: the key in {} is that of {}",
        shown(name.as_str()),
        shown(path.display()),
        shown(names.join(", "))
    )))
}

fn sign(name: &str, path: &Path, licence: &LicenceFile, prompt: Prompt) -> Result<Report, Failure> {
    let name = key_name(name)?;
    has_name(path, &name)?;
    let passphrase = passphrase(&prompt.secret("Passphrase of the key")?);
    let key = key_file::decode(&read_bytes(path)?, Suite::AesAdminKey, Some(&passphrase))
        .map_err(|error| Failure::at(path, &error))?;
    let seed = key.expose_admin_key().map(AdminKey::expose_bytes);
    let seed: &[u8; 32] = seed
        .and_then(|seed| seed.try_into().ok())
        .ok_or_else(|| Failure::corrupt(path, "not a key of 32 bytes"))?;
    let mut signer = SoftwareNoteSigner::from_seed(name, seed);
    let public = public_of(path);
    if !read_verifiers(&public)?.contains(&signer.verifier()) {
        let text = format!(
            "{}: not the public half of {}",
            shown(public.display()),
            shown(path.display())
        );
        return Err(Failure::new(ErrorCode::KeyElsewhere, text));
    }
    let file = licence.sign(&mut signer)?;
    Ok(Report::new().line(file.trim_end()).field("licence", file))
}

/// Puts a licence in. One that would stop the desk is put in only by somebody's word: `yes`, or an answer.
pub fn put(at: &At, file: &Path, yes: bool, prompt: Prompt) -> Result<Report, Failure> {
    let text = read_signed(file)?;
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let offered = LicenceFile::verify(&text, &open.folder.vendor()?);
    let harm = match &offered {
        Ok(licence) => harm(licence, open.desk.standing(&open.session)?.devices),
        // It is refused, and recorded, below.
        Err(_) => None,
    };
    if let Some(harm) = harm
        && !yes
        && !prompt.confirm(&format!("{harm} Put it in all the same?"))?
    {
        let text = format!(
            "{}: {harm} Nothing was changed; `--yes` puts it in",
            shown(file.display())
        );
        return Err(Failure::usage(text));
    }
    let put = open.desk.put_licence(&open.session, &text);
    let licence = put.map_err(|error| refused(&open.folder, file, &error))?;
    Ok(Report::new()
        .line(format!(
            "The licence of {} is valid until {} for {}.",
            shown(&licence.holder),
            licence.valid_until,
            counted(licence.devices, "device", "devices")
        ))
        .field("holder", licence.holder)
        .field("valid_until", licence.valid_until.to_string())
        .field("devices", licence.devices))
}

/// Why the desk would give no code by this licence.
fn harm(licence: &LicenceFile, in_use: u32) -> Option<String> {
    if licence.valid_until < SystemClock.now() {
        return Some(format!(
            "This licence has expired: it was valid until {}.",
            licence.valid_until
        ));
    }
    (licence.devices < in_use).then(|| {
        format!(
            "This licence covers {}, and {in_use} are in use.",
            counted(licence.devices, "device", "devices")
        )
    })
}

/// Without the vendor's key no file can be one that the vendor signed.
fn refused(folder: &DeskFolder, file: &Path, error: &DeskError) -> Failure {
    let vendor = folder.vendor_file();
    if error.code() == ErrorCode::LicenceRefused && !vendor.exists() {
        let text = format!(
            "{} is not there, so no vendor's signature counts: write to it the line that the vendor gave you, or take it \
             from a backup of the keys (`issuer restore`)",
            shown(vendor.display())
        );
        return Failure::new(ErrorCode::LicenceRefused, text);
    }
    Failure::at(file, error)
}
