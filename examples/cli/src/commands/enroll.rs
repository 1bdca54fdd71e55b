//! `enroll`.

mod bulk;
mod device;
mod owners;
mod rows;
mod station;

pub use device::probe_device;
pub use station::at_service;

use device::{ADMIN_KEY_SLOT, Plan, choose, enroll_device, present_keys, probe_enrolled};
use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::{DeviceKeys, DeviceLabel, NewDevice, User, UserClass, UserId};
use fido_unlock::host::ports::{Call, NeverCancel, UnlockDevice};
use fido_unlock::ports::Entropy;
use fido_unlock::{AdminKey, ErrorCode, HasCode, Suite};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use super::desk::user_id;
use crate::args::{At, Enroll};
use crate::desk::public_key::{self, PublicKey};
use crate::desk::{Keys, OpenDesk};
use crate::device::{Devices, call};
use crate::failure::Failure;
use crate::output::{Report, begin};
use crate::prompt::Prompt;

/// Enrols with the desk's keys, or with public keys from files.
pub fn run(devices: &Devices, args: &Enroll, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    label(args)?;
    if args.watch {
        return bulk::run(devices, args, prompt, json);
    }
    let owner = user_id(args.user.as_deref().unwrap_or_default())?;
    match args.at() {
        Some(at) => at_desk(devices, args, &at, &owner, prompt),
        None => at_station(devices, args, &owner, prompt, json),
    }
}

/// What people call the device.
fn label(args: &Enroll) -> Result<Option<DeviceLabel>, Failure> {
    let label = args.label.as_deref().map(|label| {
        let read = DeviceLabel::new(label);
        read.ok_or_else(|| Failure::usage("a label has 1 to 128 bytes, none of them invisible"))
    });
    label.transpose()
}

/// The public keys of the files that were named.
fn station_keys(args: &Enroll) -> Result<Vec<PublicKey>, Failure> {
    args.issuer.iter().map(|path| public_key::load(path)).collect()
}

fn at_station(
    devices: &Devices,
    args: &Enroll,
    owner: &UserId,
    prompt: Prompt,
    json: bool,
) -> Result<Report, Failure> {
    let keys = station_keys(args)?;
    let used = choose(&keys, args.slot)?;
    let plan = Plan::Issuers(keys);
    let mut device = devices.open_fido()?;
    // An enrolment cannot be taken back, and its row is nowhere else.
    begin(json, rows::header().trim_end(), "nothing was enrolled")?;
    let answer = enroll_device(&mut device, args, &plan, prompt, &NeverCancel)?;
    let row = rows::Row {
        owner,
        label: args.label(),
        used: &used,
        answer: &answer,
    };
    let (line, row) = (row.text(), row.with_header());
    Ok(Report::new()
        .line(line.trim_end())
        .if_lost(format!("the device is enrolled; this is its row:\n{row}"))
        .field("device_id", answer.device_id.to_code())
        .field("suite", used.suite.number())
        .field("slot", used.slot)
        .field("probed", false)
        .field("registered", false)
        .field("csv", row))
}

fn at_desk(
    devices: &Devices,
    args: &Enroll,
    at: &At,
    owner: &UserId,
    prompt: Prompt,
) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let wanted = args.suite.and_then(Suite::from_number);
    let (plan, used) = if wanted == Some(Suite::AesAdminKey) {
        if args.slot.is_some_and(|slot| slot != ADMIN_KEY_SLOT) {
            return Err(Failure::usage("an admin key goes into slot 0"));
        }
        let mut bytes = Zeroizing::new(vec![0; 32]);
        SystemEntropy.fill(&mut bytes)?;
        (
            Plan::AdminKey(AdminKey::new(&bytes).ok_or(ErrorCode::EntropyFailed)?),
            None,
        )
    } else {
        let keys = present_keys(&open.signer, wanted);
        let used = choose(&keys, args.slot)?;
        (Plan::Issuers(keys), Some(used))
    };
    // Before the device is touched: an enrolment cannot be taken back.
    ready(&mut open, args, owner)?;
    let mut device = devices.open_fido()?;
    let answer = enroll_device(&mut device, args, &plan, prompt, &NeverCancel)?;
    // Sealed by now: Ctrl-C no longer keeps it out of the registry. Nothing more waits for a touch.
    if let Some(used) = &used {
        probe_enrolled(&mut device, &open.signer, used, &answer, &NeverCancel)?;
    }
    let counter = call(Call::QUICK, |call| device.info(call))?.unlock_counter;
    let new = NewDevice {
        label: label(args)?,
        ..new_device(owner, used.as_ref(), plan, &answer, counter)
    };
    let (suite, slot, id) = (new.keys.suite(), new.slot, new.id.to_code());
    if let Err(error) = open.desk.register_device(&open.session, &new) {
        let failure = Failure::of_desk(&error);
        let row = used.as_ref().map(|used| rows::Row {
            owner,
            label: args.label(),
            used,
            answer: &answer,
        });
        return Err(not_registered(failure, row));
    }
    let probed = used.is_some();
    let report = Report::new()
        .line(format!(
            "Enrolled, sealed until reset, and registered for {owner}."
        ))
        .if_lost(format!("device {id} is enrolled and registered for {owner}"))
        .labelled("Device ID", &id)
        .labelled(
            "key",
            format!("slot {slot}, suite {} {}", suite.number(), suite.name()),
        )
        .line(if probed {
            "Probed: an unlock would work."
        } else {
            "Suite 3 has no probe: try an unlock before you hand the device out."
        });
    Ok(report
        .field("device_id", id)
        .field("user", owner.as_str())
        .field("suite", suite.number())
        .field("slot", slot)
        .field("probed", probed)
        .field("registered", true))
}

/// Privilege, licence with room for one device more, and owner.
fn ready(open: &mut OpenDesk, args: &Enroll, owner: &UserId) -> Result<(), Failure> {
    match open.desk.may_enroll(&open.session, owner) {
        Ok(()) => return Ok(()),
        Err(error) if error.code() == ErrorCode::UserUnknown => {}
        Err(error) => return Err(Failure::of_desk(&error)),
    }
    let Some(name) = &args.new_user else {
        let text = format!("{owner} is not registered; use --new-user or `desk add-user`");
        return Err(Failure::new(ErrorCode::UserUnknown, text));
    };
    let user = User {
        id: owner.clone(),
        name: name.clone(),
        class: UserClass::Ordinary,
        channels: Vec::new(),
    };
    Ok(open.desk.put_user(&open.session, &user)?)
}

fn new_device(
    owner: &UserId,
    used: Option<&PublicKey>,
    plan: Plan,
    answer: &EnrollResponse,
    counter: u32,
) -> NewDevice {
    let keys = match used {
        None => DeviceKeys::AesAdminKey,
        Some(used) if used.suite == Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: used.public },
        Some(used) => DeviceKeys::P256EcdhMac {
            issuer: used.public,
            device: answer.device_key,
        },
    };
    NewDevice {
        id: answer.device_id,
        owner: owner.clone(),
        slot: used.map_or(ADMIN_KEY_SLOT, |used| used.slot),
        keys,
        admin_key: match plan {
            Plan::AdminKey(key) => Some(key),
            Plan::Issuers(_) => None,
        },
        counter: used.map(|_| counter),
        rotation: 0,
        other_slots: Vec::new(),
        label: None,
    }
}

/// The device is sealed, but the registry does not have it: what can be done.
fn not_registered(failure: Failure, row: Option<rows::Row<'_>>) -> Failure {
    let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
    let rest = match row.map(|row| row.with_header()) {
        Some(row) => format!("the device is enrolled but not registered; `desk import` takes this:\n{row}"),
        None => "the device is enrolled but not registered, and its admin key is lost: reset it".into(),
    };
    Failure::new(failure.code, format!("{said}\n{rest}"))
}
