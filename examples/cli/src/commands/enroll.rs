//! `enroll`.

use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse, ProbeChallenge, UnlockInfo};
use fido_unlock::helpdesk::{DeviceKeys, NewDevice, Privilege, User, UserClass, UserId};
use fido_unlock::ports::{Call, Entropy, UnlockDevice};
use fido_unlock::suite::AuthoriseFields;
use fido_unlock::unlock::{EnrollPlan, PlannedKey, ProbePassed, TokenScope, enroll, get_pin_token, probe};
use fido_unlock::{AdminKey, DeviceChallenge, ErrorCode, Pin, Purpose, Suite};
use getrandom::SysRng;
use zeroize::Zeroizing;

use super::desk::user_id;
use crate::args::{At, Enroll};
use crate::desk::public_key::{self, PublicKey};
use crate::desk::{Keys, OpenDesk};
use crate::device::{Devices, Opened, call, protocol};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Suite 3's challenge names no slot; the registry has 0 for it.
const ADMIN_KEY_SLOT: u8 = 0;

/// Enrols with the desk's keys, or with public keys from files.
pub fn run(devices: &Devices, args: &Enroll, prompt: Prompt) -> Result<Report, Failure> {
    let owner = user_id(&args.user)?;
    match &args.desk {
        Some(desk) => {
            let at = At {
                desk: desk.clone(),
                operator: args.operator.clone(),
            };
            at_desk(devices, args, &at, &owner, prompt)
        }
        None => at_station(devices, args, &owner, prompt),
    }
}

/// What goes into the device.
enum Plan {
    Issuers(Vec<PublicKey>),
    AdminKey(AdminKey),
}

fn at_station(devices: &Devices, args: &Enroll, owner: &UserId, prompt: Prompt) -> Result<Report, Failure> {
    let keys: Vec<PublicKey> = args
        .issuer
        .iter()
        .map(|path| public_key::load(path))
        .collect::<Result<_, _>>()?;
    let used = choose(&keys, args.slot)?;
    let plan = Plan::Issuers(keys);
    let mut device = devices.open_fido()?;
    let answer = enroll_device(&mut device, args, &plan, prompt)?;
    let row = row(owner, &used, &answer)?;
    Ok(Report::new()
        .line(row.trim_end())
        .field("device_id", answer.device_id.to_code())
        .field("suite", used.suite.number())
        .field("slot", used.slot)
        .field("probed", false)
        .field("registered", false)
        .field("csv", row))
}

/// The row for `desk import`, with its header.
fn row(owner: &UserId, used: &PublicKey, answer: &EnrollResponse) -> Result<String, Failure> {
    let hex = |bytes: &[u8; 33]| base16ct::lower::encode_string(bytes);
    let device_key = match used.suite {
        Suite::P256EcdhMac => hex(answer.device_key.as_compressed()),
        _ => String::new(),
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer
        .write_record(["device_id", "user", "suite", "slot", "issuer", "device_key"])
        .and_then(|()| {
            writer.write_record([
                &answer.device_id.to_code(),
                owner.as_str(),
                &used.suite.number().to_string(),
                &used.slot.to_string(),
                &hex(used.public.as_compressed()),
                &device_key,
            ])
        });
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ErrorCode::HostFailed.into())
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
        SysRng.fill(&mut bytes)?;
        (
            Plan::AdminKey(AdminKey::new(bytes).ok_or(ErrorCode::EntropyFailed)?),
            None,
        )
    } else {
        let keys = present_keys(&open, wanted);
        let used = choose(&keys, args.slot)?;
        (Plan::Issuers(keys), Some(used))
    };
    // Before the device is touched: an enrolment cannot be taken back.
    ready(&mut open, args, owner)?;
    let mut device = devices.open_fido()?;
    let answer = enroll_device(&mut device, args, &plan, prompt)?;
    if let Some(used) = &used {
        let fields = |challenge| AuthoriseFields {
            purpose: Purpose::Probe,
            suite: used.suite,
            device_id: answer.device_id,
            issuer: used.public,
            device_key: (used.suite == Suite::P256EcdhMac).then_some(answer.device_key),
            challenge,
        };
        probe_device(&mut device, &open, used.slot, fields)?;
    }
    let counter = call(Call::QUICK, |call| device.info(call))?.unlock_counter;
    let new = new_device(owner, used.as_ref(), plan, &answer, counter);
    let (suite, slot, id) = (new.keys.suite(), new.slot, new.id.to_code());
    if let Err(error) = open.desk.register_device(&open.session, &new) {
        let failure = Failure::of_desk(&error);
        return Err(not_registered(failure, owner, used.as_ref(), &answer));
    }
    let probed = used.is_some();
    let report = Report::new()
        .line(format!(
            "Enrolled and registered for {owner}, and sealed until reset."
        ))
        .labelled("Device ID", &id)
        .labelled(
            "key",
            format!("slot {slot}, suite {} {}", suite.number(), suite.name()),
        )
        .line(if probed {
            "Probed: an unlock would work."
        } else {
            "Suite 3 has no probe: try one unlock before the device is handed out."
        });
    Ok(report
        .field("device_id", id)
        .field("user", owner.as_str())
        .field("suite", suite.number())
        .field("slot", slot)
        .field("probed", probed)
        .field("registered", true))
}

/// The desk's present keys, of the suite where one is wanted.
fn present_keys(open: &OpenDesk, wanted: Option<Suite>) -> Vec<PublicKey> {
    let signer = open.signer.lock();
    let infos = signer.ring().keys().into_iter().map(|kept| kept.info());
    infos
        .filter(|info| !info.retired && wanted.is_none_or(|suite| info.suite == suite))
        .map(|info| PublicKey {
            suite: info.suite,
            slot: info.slot,
            public: info.public,
        })
        .collect()
}

/// The key that an unlock will use.
fn choose(keys: &[PublicKey], slot: Option<u8>) -> Result<PublicKey, Failure> {
    let mut slots: Vec<u8> = keys.iter().map(|key| key.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    if slots.len() != keys.len() {
        return Err(Failure::usage("two keys for one slot"));
    }
    let wanted = slot
        .or_else(|| slots.iter().copied().find(|slot| *slot > 0))
        .or_else(|| slots.first().copied());
    keys.iter()
        .find(|key| Some(key.slot) == wanted)
        .copied()
        .ok_or_else(|| ErrorCode::KeyMissing.into())
}

/// Licence, privilege and owner.
fn ready(open: &mut OpenDesk, args: &Enroll, owner: &UserId) -> Result<(), Failure> {
    if !open.desk.may(&open.session, Privilege::ManageDevices)? {
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    let found = open.desk.search(&open.session, owner.as_str())?;
    if found.iter().any(|found| found.user.id == *owner) {
        return Ok(());
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
    Ok(open.desk.put_user(&open.session, user)?)
}

fn enroll_device(
    device: &mut Opened,
    args: &Enroll,
    plan: &Plan,
    prompt: Prompt,
) -> Result<EnrollResponse, Failure> {
    let info: UnlockInfo = call(Call::QUICK, |call| device.info(call))?;
    if info.sealed {
        return Err(ErrorCode::Sealed.into());
    }
    let protocol = protocol(&info)?;
    let token = if args.with_pin {
        let pin = Pin::new(prompt.secret("PIN of the device")?.as_str().to_owned());
        let scope = TokenScope {
            permissions: permission::AUTHENTICATOR_CONFIG,
            rp_id: None,
        };
        Some(call(Call::QUICK, |call| {
            get_pin_token(device.transport(), protocol, &pin, scope, &mut SysRng, call)
        })?)
    } else {
        None
    };
    let slots: Vec<(u8, PlannedKey<'_>)> = match plan {
        Plan::Issuers(keys) => keys.iter().map(|key| (key.slot, planned(key))).collect(),
        Plan::AdminKey(key) => vec![(ADMIN_KEY_SLOT, PlannedKey::AesAdminKey(key))],
    };
    let plan = EnrollPlan {
        slots: &slots,
        options: EnrollOptions {
            vendor_interface_off: args.vendor_interface_off,
            force_pin_change: args.force_pin_change,
        },
        protocol,
        token: token.as_ref().map(|token| token.as_slice()),
    };
    Ok(call(Call::WITH_TOUCH, |call| {
        enroll(device, &plan, &mut SysRng, call)
    })?)
}

fn planned(key: &PublicKey) -> PlannedKey<'static> {
    match key.suite {
        Suite::P256Ecdsa => PlannedKey::P256Ecdsa(key.public),
        // A public key file of suite 3 does not exist: `public_key::load` refuses it.
        Suite::P256EcdhMac | Suite::AesAdminKey => PlannedKey::P256EcdhMac(key.public),
    }
}

/// Would an unlock work? With the very key that will answer.
pub(super) fn probe_device(
    device: &mut Opened,
    open: &OpenDesk,
    slot: u8,
    fields: impl FnOnce(DeviceChallenge) -> AuthoriseFields,
) -> Result<ProbePassed, Failure> {
    let respond = |challenge: &ProbeChallenge| -> Result<_, Failure> {
        Ok(open.signer.lock().probe(slot, &fields(challenge.challenge))?)
    };
    call(Call::WITH_TOUCH, |call| probe(device, slot, respond, call))
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
    }
}

/// The device is sealed, but the registry does not have it: what can be done.
fn not_registered(
    failure: Failure,
    owner: &UserId,
    used: Option<&PublicKey>,
    answer: &EnrollResponse,
) -> Failure {
    let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
    let rest = match used.and_then(|used| row(owner, used, answer).ok()) {
        Some(row) => format!("the device is enrolled but not registered; `desk import` takes this:\n{row}"),
        None => "the device is enrolled but not registered, and its admin key is gone: reset it".into(),
    };
    Failure::new(failure.code, format!("{said}\n{rest}"))
}
