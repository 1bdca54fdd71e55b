//! A device and the keys that go into it.

use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::device_unlock::{EnrollOptions, EnrollResponse, ProbeChallenge, UnlockInfo};
use fido_unlock::host::ports::{Call, Cancel, UnlockDevice};
use fido_unlock::host::{EnrollPlan, PlannedKey, ProbePassed, TokenScope, enroll, get_pin_token, probe};
use fido_unlock::suite::AuthoriseFields;
use fido_unlock::{AdminKey, DeviceChallenge, ErrorCode, Pin, Purpose, Suite};
use fido_unlock_system::SystemEntropy;

use super::station::station_pin;
use crate::args::Enroll;
use crate::desk::SharedSigner;
use crate::desk::public_key::PublicKey;
use crate::device::{Opened, call_unless, call_with_touch, protocol};
use crate::failure::Failure;
use crate::prompt::Prompt;

/// Suite 3's challenge names no slot; the registry has 0 for it.
pub const ADMIN_KEY_SLOT: u8 = 0;

/// What goes into the device.
pub enum Plan {
    Issuers(Vec<PublicKey>),
    AdminKey(AdminKey),
}

/// The desk's present keys, of the suite where one is wanted.
pub fn present_keys(signer: &SharedSigner, wanted: Option<Suite>) -> Vec<PublicKey> {
    let signer = signer.lock();
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
pub fn choose(keys: &[PublicKey], slot: Option<u8>) -> Result<PublicKey, Failure> {
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

/// Enrols and seals it. `cancel` is for what comes before the touch, which Ctrl-C always ends: only by then
/// has the PIN been asked for.
pub fn enroll_device(
    device: &mut Opened,
    args: &Enroll,
    plan: &Plan,
    prompt: Prompt,
    cancel: &dyn Cancel,
) -> Result<EnrollResponse, Failure> {
    is_fresh(device, cancel)?;
    let pin = station_pin(args, prompt)?;
    enroll_with_pin(device, args, plan, pin.as_ref(), cancel)
}

fn is_fresh(device: &mut Opened, cancel: &dyn Cancel) -> Result<UnlockInfo, Failure> {
    let info: UnlockInfo = call_unless(cancel, Call::QUICK, |call| device.info(call))?;
    match info.sealed {
        true => Err(ErrorCode::Sealed.into()),
        false => Ok(info),
    }
}

/// The same with the device's PIN at hand, where it has one.
pub fn enroll_with_pin(
    device: &mut Opened,
    args: &Enroll,
    plan: &Plan,
    pin: Option<&Pin>,
    cancel: &dyn Cancel,
) -> Result<EnrollResponse, Failure> {
    let protocol = protocol(&is_fresh(device, cancel)?)?;
    let token = if let Some(pin) = pin {
        let scope = TokenScope {
            permissions: permission::AUTHENTICATOR_CONFIG,
            rp_id: None,
        };
        Some(call_unless(cancel, Call::QUICK, |call| {
            get_pin_token(device.transport(), protocol, pin, scope, &mut SystemEntropy, call)
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
    Ok(call_with_touch(|call| {
        enroll(device, &plan, &mut SystemEntropy, call)
    })??)
}

fn planned(key: &PublicKey) -> PlannedKey<'static> {
    match key.suite {
        Suite::P256Ecdsa => PlannedKey::P256Ecdsa(key.public),
        // A public key file of suite 3 does not exist: `public_key::load` refuses it.
        Suite::P256EcdhMac | Suite::AesAdminKey => PlannedKey::P256EcdhMac(key.public),
    }
}

/// Would an unlock work? With the very key that will answer.
pub fn probe_device(
    device: &mut Opened,
    signer: &SharedSigner,
    slot: u8,
    cancel: &dyn Cancel,
    fields: impl FnOnce(DeviceChallenge) -> AuthoriseFields,
) -> Result<ProbePassed, Failure> {
    let respond = |challenge: &ProbeChallenge| -> Result<_, Failure> {
        Ok(signer.lock().probe(slot, &fields(challenge.challenge))?)
    };
    call_unless(cancel, Call::WITH_TOUCH, |call| {
        probe(device, slot, respond, call)
    })
}

/// Would an unlock work with the key that was just enrolled?
pub fn probe_enrolled(
    device: &mut Opened,
    signer: &SharedSigner,
    used: &PublicKey,
    answer: &EnrollResponse,
    cancel: &dyn Cancel,
) -> Result<ProbePassed, Failure> {
    probe_device(device, signer, used.slot, cancel, |challenge| AuthoriseFields {
        purpose: Purpose::Probe,
        suite: used.suite,
        device_id: answer.device_id,
        issuer: used.public,
        device_key: (used.suite == Suite::P256EcdhMac).then_some(answer.device_key),
        challenge,
    })
}
