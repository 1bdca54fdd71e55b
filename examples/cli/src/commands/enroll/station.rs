//! The enrol station at a console: public keys come from the desk, and each device is registered there. No key that could
//! unlock a device is here.

use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::desk::DeviceKeys;
use fido_unlock::host::ports::{Call, NeverCancel, UnlockDevice};
use fido_unlock::host::{ClientPinError, ClientPinRefusal, TokenScope, force_pin_change, get_pin_token};
use fido_unlock::{Pin, Suite};
use fido_unlock_remote::NewDevice;
use fido_unlock_remote::model::Issuer;
use fido_unlock_system::SystemEntropy;

use super::bulk;
use super::device::{Plan, choose, enroll_with_pin};
use super::rows::Row;
use crate::args::Enroll;
use crate::commands::desk::user_id;
use crate::desk::public_key::PublicKey;
use crate::device::{Devices, Opened, call, protocol};
use crate::failure::Failure;
use crate::output::{Report, begin};
use crate::prompt::Prompt;
use crate::service::Service;

/// Enrols one device, or each that is put in.
pub fn at_service(
    devices: &Devices,
    args: &Enroll,
    service: Service,
    prompt: Prompt,
    json: bool,
) -> Result<Report, Failure> {
    if args.new_user.is_some() {
        return Err(Failure::usage(
            "--new-user is for a desk's folder: at an address an Administrator adds the user in the console, under Devices",
        ));
    }
    if args.suite == Some(Suite::AesAdminKey.number()) {
        return Err(Failure::usage(
            "an admin key is not sent over the network: enrol suite 3 devices where the desk's folder is",
        ));
    }
    super::label(args)?;
    if args.watch {
        return bulk::at_service(devices, args, service, prompt, json);
    }
    let owner = user_id(args.user.as_deref().unwrap_or_default())?;
    // Before the device is touched: an enrolment cannot be taken back.
    let keys = keys(service.desk.enrolment(Some(owner.as_str()))?, args.suite);
    let used = choose(&keys, args.slot)?;
    let mut device = devices.open_fido()?;
    begin(json, "", "nothing was enrolled")?;
    let pin = station_pin(args, prompt)?;
    let plan = Plan::Issuers(keys);
    let answer = enroll_with_pin(&mut device, args, &plan, pin.as_ref(), &NeverCancel)?;
    let counter = call(Call::QUICK, |call| device.info(call))?.unlock_counter;
    let row = Row {
        owner: &owner,
        label: args.label(),
        used: &used,
        answer: &answer,
    };
    if let Err(error) = service.desk.register(&new_device(&row, counter)) {
        let failure = Failure::from(error);
        let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
        let text = format!(
            "{said}\nthe device is enrolled but not registered; the console takes this, under Devices, Import:\n{}",
            row.with_header()
        );
        return Err(Failure::new(failure.code, text));
    }
    let handed_over = hand_over(&mut device, pin.as_ref())?;
    let id = answer.device_id.to_code();
    Ok(Report::new()
        .line(format!(
            "Enrolled, sealed until reset, and registered for {owner}."
        ))
        .if_lost(format!("device {id} is enrolled and registered for {owner}"))
        .labelled("Device ID", &id)
        .labelled(
            "key",
            format!(
                "slot {}, suite {} {}",
                used.slot,
                used.suite.number(),
                used.suite.name()
            ),
        )
        .line(NOT_PROBED)
        .line(handed_over.line())
        .field("device_id", id)
        .field("user", owner.as_str())
        .field("suite", used.suite.number())
        .field("slot", used.slot)
        .field("probed", false)
        .field("registered", true)
        .field("pin_change_forced", handed_over.forced()))
}

/// What is said where there is no key to try the unlock with.
pub const NOT_PROBED: &str = "Not probed: this station has no signing key. Try one unlock at the desk.";

/// The desk's keys, of the suite where one is wanted.
pub fn keys(issuers: Vec<Issuer>, suite: Option<u8>) -> Vec<PublicKey> {
    let wanted = issuers
        .into_iter()
        .filter(|issuer| suite.is_none_or(|suite| issuer.suite.number() == suite));
    wanted
        .map(|issuer| PublicKey {
            suite: issuer.suite,
            slot: issuer.slot,
            public: issuer.public,
        })
        .collect()
}

/// The PIN that the station has given the device, where it has one.
pub fn station_pin(args: &Enroll, prompt: Prompt) -> Result<Option<Pin>, Failure> {
    match args.with_pin {
        false => Ok(None),
        true => Ok(Some(Pin::new(
            prompt.secret("PIN of the device")?.as_str().to_owned(),
        ))),
    }
}

/// A device as it is registered.
pub fn new_device(row: &Row<'_>, counter: u32) -> NewDevice {
    let hex = base16ct::lower::encode_string;
    let (used, answer) = (row.used, row.answer);
    NewDevice {
        device_id: answer.device_id.to_code(),
        user: row.owner.as_str().to_owned(),
        label: row.label.to_owned(),
        suite: used.suite.number(),
        slot: used.slot,
        issuer: hex(used.public.as_compressed()),
        device_key: match used.suite {
            Suite::P256EcdhMac => hex(answer.device_key.as_compressed()),
            _ => String::new(),
        },
        counter: Some(counter),
    }
}

/// The same of a row that was written before.
pub fn of_row(row: &fido_unlock::desk::NewDevice) -> NewDevice {
    let hex = base16ct::lower::encode_string;
    let (issuer, device_key) = match &row.keys {
        DeviceKeys::P256Ecdsa { issuer } => (hex(issuer.as_compressed()), String::new()),
        DeviceKeys::P256EcdhMac { issuer, device } => {
            (hex(issuer.as_compressed()), hex(device.as_compressed()))
        }
        DeviceKeys::AesAdminKey => (String::new(), String::new()),
    };
    NewDevice {
        device_id: row.id.to_code(),
        user: row.owner.as_str().to_owned(),
        suite: row.keys.suite().number(),
        slot: row.slot,
        issuer,
        device_key,
        label: row.label.as_ref().map(ToString::to_string).unwrap_or_default(),
        counter: None,
    }
}

/// Whether the device will ask its owner for another PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandedOver {
    /// There is no PIN: the owner sets the first one.
    NoPin,
    /// It does.
    Forced,
    /// It cannot.
    Cannot,
}

impl HandedOver {
    /// What the station is told.
    pub const fn line(self) -> &'static str {
        match self {
            Self::NoPin => "It has no PIN: its owner sets the first one.",
            Self::Forced => {
                "Its PIN is good for one thing: its owner must choose another before it does anything else."
            }
            Self::Cannot => {
                "This device cannot be made to ask for another PIN: have its owner change it before you hand it over."
            }
        }
    }

    /// For programs: `null` where there is no PIN.
    pub const fn forced(self) -> Option<bool> {
        match self {
            Self::NoPin => None,
            Self::Forced => Some(true),
            Self::Cannot => Some(false),
        }
    }
}

/// Makes a device that has a PIN of the station's ask its owner for another.
pub fn hand_over(device: &mut Opened, pin: Option<&Pin>) -> Result<HandedOver, Failure> {
    let Some(pin) = pin else {
        return Ok(HandedOver::NoPin);
    };
    let protocol = protocol(&call(Call::QUICK, |call| device.info(call))?)?;
    let scope = TokenScope {
        permissions: permission::AUTHENTICATOR_CONFIG,
        rp_id: None,
    };
    // One of its own: that of the enrolment may have ended with the touch.
    let token = call(Call::QUICK, |call| {
        get_pin_token(device.transport(), protocol, pin, scope, &mut SystemEntropy, call)
    })?;
    match call(Call::QUICK, |call| {
        force_pin_change(device.transport(), protocol, &token, call)
    }) {
        Ok(()) => Ok(HandedOver::Forced),
        Err(ClientPinError::Refused(ClientPinRefusal::NotSupported)) => Ok(HandedOver::Cannot),
        Err(error) => Err(error.into()),
    }
}
