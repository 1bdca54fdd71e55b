//! `mock`: a software authenticator, and the relying party that judges it.
//!
//! The relying party's record lies beside the authenticator, in `FILE.passkeys.json`: credential ids
//! and public keys as they were stored when the passkeys were made.

use std::path::{Path, PathBuf};

use fido_unlock::host::ports::{Call, UnlockDevice};
use fido_unlock::pin_protocol::CoseKey;
use fido_unlock::{ErrorCode, Pin};
use fido_unlock_mock::platform::{Platform, PlatformError, RelyingParty, StoredCredential};
use fido_unlock_system::SystemEntropy;
use serde::{Deserialize, Serialize};

use crate::args::{Global, Mock};
use crate::brought::read_json;
use crate::device::{Devices, call, protocol};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;
use crate::session_file::write_file;

/// More rounds than any authenticator has tries.
const MOST_ROUNDS: u32 = 64;

#[derive(Default, Serialize, Deserialize)]
struct Record {
    passkeys: Vec<Passkey>,
}

#[derive(Serialize, Deserialize)]
struct Passkey {
    rp: String,
    name: String,
    credential_id: String,
    x: String,
    y: String,
}

/// `mock new`.
pub fn new(global: &Global, force: bool) -> Result<Report, Failure> {
    let path = global
        .mock
        .as_deref()
        .ok_or_else(|| Failure::usage("this command needs --mock FILE"))?;
    if path.exists() {
        if !force {
            return Err(Failure::exists(path, "; --force replaces it"));
        }
        std::fs::remove_file(path).map_err(|error| Failure::write(path, &error))?;
    }
    for beside in [record_path(path), path.with_added_extension("session")] {
        if beside.exists() {
            std::fs::remove_file(&beside).map_err(|error| Failure::write(&beside, &error))?;
        }
    }
    Devices::new(global, true)?;
    Ok(Report::new()
        .line(format!(
            "A new software authenticator is in {}. It protects nothing.",
            path.display()
        ))
        .field("mock", path.display().to_string()))
}

/// The other commands.
pub fn run(devices: &Devices, args: &Mock, prompt: Prompt) -> Result<Report, Failure> {
    match args {
        Mock::New { .. } => Err(ErrorCode::WrongState.into()),
        Mock::MakePasskey { rp, name } => make_passkey(devices, prompt, rp, name),
        Mock::Lock => lock(devices),
        Mock::SignIn { rp } => sign_in(devices, prompt, rp.as_deref()),
    }
}

/// Runs `work` on a platform over the FIDO interface.
fn platform<R>(
    devices: &Devices,
    work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
) -> Result<R, Failure> {
    let mut device = devices.open_fido()?;
    let info = call(Call::QUICK, |call| device.info(call))?;
    let protocol = protocol(&info)?;
    let mut transport = device.into_transport();
    Ok(call(Call::WITH_TOUCH, |call| {
        work(&mut Platform::new(
            &mut transport,
            &mut SystemEntropy,
            call,
            protocol,
        ))
    })?)
}

fn make_passkey(devices: &Devices, prompt: Prompt, rp: &str, name: &str) -> Result<Report, Failure> {
    let (path, _) = devices.mock()?;
    let mut record = load(path)?;
    let has_pin = call(Call::QUICK, |call| {
        devices.open_fido().map(|mut device| device.info(call))
    })??
    .pin_set;
    let label = if has_pin { "PIN" } else { "New PIN" };
    let pin = Pin::new(prompt.secret(label)?.as_str().to_owned());
    if !has_pin {
        platform(devices, |platform| platform.set_pin(&pin))?;
    }
    let relying_party = RelyingParty::new(rp);
    let ceremony = relying_party.begin("webauthn.create", &mut SystemEntropy)?;
    let auth_data = platform(devices, |platform| {
        platform.make_credential(&ceremony, name, &pin)
    })?;
    let stored = relying_party
        .register(&auth_data)
        .map_err(|error| Failure::new(ErrorCode::MalformedAnswer, error.to_string()))?;
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    let passkey = Passkey {
        rp: rp.to_owned(),
        name: name.to_owned(),
        credential_id: hex(&stored.id),
        x: hex(&stored.public_key.x),
        y: hex(&stored.public_key.y),
    };
    let id = passkey.credential_id.clone();
    record.passkeys.push(passkey);
    save(path, &record)?;
    Ok(Report::new()
        .line(format!(
            "Made a passkey for {name} at {rp}; {rp} has stored its public key."
        ))
        .field("rp", rp)
        .field("name", name)
        .field("credential_id", id)
        .field("pin_set_now", !has_pin))
}

fn lock(devices: &Devices) -> Result<Report, Failure> {
    let (_, mock) = devices.mock()?;
    let mut tries = 0_u32;
    for _ in 0..MOST_ROUNDS {
        // Longer than any PIN that the tests and examples use; a PIN that happens to be it is taken.
        let wrong = Pin::new(format!("wrong-pin-{tries}"));
        match platform(devices, |platform| platform.try_pin(&wrong)) {
            Ok(()) => {
                return Err(Failure::new(
                    ErrorCode::WrongState,
                    "the wrong PIN is the right one",
                ));
            }
            Err(failure) => match failure.code {
                ErrorCode::PinInvalid => tries += 1,
                ErrorCode::PinAuthBlocked => mock.replug(),
                ErrorCode::PinBlocked => {
                    return Ok(Report::new()
                        .line("The PIN is blocked for good.")
                        .field("blocked", true)
                        .field("wrong_pins", tries));
                }
                _ => return Err(failure),
            },
        }
    }
    Err(ErrorCode::UnexpectedStatus.into())
}

fn sign_in(devices: &Devices, prompt: Prompt, rp: Option<&str>) -> Result<Report, Failure> {
    let (path, _) = devices.mock()?;
    let record = load(path)?;
    let wanted: Vec<&Passkey> = record
        .passkeys
        .iter()
        .filter(|passkey| rp.is_none_or(|rp| passkey.rp == rp))
        .collect();
    if wanted.is_empty() {
        return Err(Failure::new(
            ErrorCode::StoreRead,
            "no passkey is on record; make one with `mock make-passkey`",
        ));
    }
    let pin = Pin::new(prompt.secret("PIN")?.as_str().to_owned());
    let mut report = Report::new();
    for passkey in &wanted {
        let stored = passkey
            .stored()
            .ok_or_else(|| Failure::corrupt(&record_path(path), "a credential"))?;
        let relying_party = RelyingParty::new(&passkey.rp);
        let ceremony = relying_party.begin("webauthn.get", &mut SystemEntropy)?;
        let (auth_data, signature) = platform(devices, |platform| {
            platform.get_assertion(&ceremony, &stored.id, &pin)
        })?;
        relying_party
            .verify(&ceremony, &stored, &auth_data, &signature)
            .map_err(|error| Failure::new(ErrorCode::MalformedAnswer, error.to_string()))?;
        report = report.line(format!("Signed in as {} at {}.", passkey.name, passkey.rp));
    }
    let names: Vec<String> = wanted.iter().map(|passkey| passkey.rp.clone()).collect();
    Ok(report.field("signed_in", names))
}

impl Passkey {
    fn stored(&self) -> Option<StoredCredential> {
        let bytes = |hex: &str| base16ct::lower::decode_vec(hex).ok();
        Some(StoredCredential {
            id: bytes(&self.credential_id)?,
            public_key: CoseKey {
                x: bytes(&self.x)?.try_into().ok()?,
                y: bytes(&self.y)?.try_into().ok()?,
            },
        })
    }
}

fn record_path(mock: &Path) -> PathBuf {
    mock.with_added_extension("passkeys.json")
}

fn load(mock: &Path) -> Result<Record, Failure> {
    let path = record_path(mock);
    if path.exists() {
        read_json(&path)
    } else {
        Ok(Record::default())
    }
}

fn save(mock: &Path, record: &Record) -> Result<(), Failure> {
    let path = record_path(mock);
    let bytes = serde_json::to_vec_pretty(record).map_err(|_| ErrorCode::HostFailed)?;
    write_file(&path, &bytes)
}
