//! `issuer rotate --this-device`: a device is given the slot's present key.

use fido_unlock::ErrorCode;
use fido_unlock::desk::DeviceKeys;
use fido_unlock::host::ports::{Call, UnlockDevice};
use fido_unlock::host::{RotationPlan, rotate_with};

use crate::args::At;
use crate::desk::{Keys, OpenDesk};
use crate::device::{Devices, call, call_with_touch};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Rotates the device, then the registry. A device that was rotated before without a record only has
/// the registry brought up to date.
pub fn run(devices: &Devices, at: &At, slot: u8, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::Wanted)?;
    let mut device = devices.open_fido()?;
    let info = call(Call::QUICK, |call| device.info(call))?;
    let id = info.device_id.ok_or(ErrorCode::DeviceNotEnrolled)?;
    let on_device = info.slots.iter().find(|known| known.slot == slot);
    let on_device = on_device.ok_or(ErrorCode::SuiteNotEnrolled)?;
    let found = open.desk.find_device(&open.session, &id)?;
    let registered = found.devices.first().ok_or(ErrorCode::DeviceUnknown)?;
    let device_key = match registered.keys {
        DeviceKeys::P256Ecdsa { .. } => None,
        DeviceKeys::P256EcdhMac { device, .. } => Some(device),
        DeviceKeys::AesAdminKey => return Err(ErrorCode::SignerSuite.into()),
    };
    let signer = open.signer.clone();
    let mut signer = signer.lock();
    let new = signer.ring().present(slot).ok_or(ErrorCode::KeyMissing)?;
    let public = new.info().public;
    let mut rotation = on_device.rotation;
    if on_device.fingerprint != Some(public.fingerprint()) {
        let old = signer.ring().keys().into_iter().find(|kept| {
            kept.info().slot == slot && on_device.fingerprint == Some(kept.info().public.fingerprint())
        });
        let plan = RotationPlan {
            slot,
            old_issuer: old.ok_or(ErrorCode::ForeignIssuer)?.info().public,
            new_issuer: Some(public),
            recovery: None,
            device_key,
        };
        rotation = call_with_touch(|call| rotate_with(&mut device, &plan, &mut *signer, call))??;
    }
    // The desk asks the signer itself.
    drop(signer);
    if registered.keys.issuer() != Some(&public) {
        open.desk.record_rotation(&open.session, &id, public, rotation)?;
    }
    Ok(Report::new()
        .line(format!("{id} has the current key of slot {slot}."))
        .field("device_id", id.to_code())
        .field("slot", slot)
        .field("rotation", rotation))
}
