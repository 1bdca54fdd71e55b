//! `issuer rotate --this-device`: a device is given the slot's present key.

use fido_unlock::ErrorCode;
use fido_unlock::ctap2::device_unlock::RotateRequest;
use fido_unlock::helpdesk::DeviceKeys;
use fido_unlock::ports::{Call, UnlockDevice};
use fido_unlock::suite::RotateFields;
use fido_unlock::unlock::{DeviceError, rotate_issuer};

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
    let signer = signer.lock();
    let new = signer.ring().present(slot).ok_or(ErrorCode::KeyMissing)?;
    let mut rotation = on_device.rotation;
    if on_device.fingerprint != Some(new.info().public.fingerprint()) {
        let old = signer.ring().keys().into_iter().find(|kept| {
            kept.info().slot == slot && on_device.fingerprint == Some(kept.info().public.fingerprint())
        });
        let old = old.ok_or(ErrorCode::ForeignIssuer)?;
        rotation = rotation
            .checked_add(1)
            .ok_or(DeviceError::Malformed("the rotation number is at its end"))?;
        let fields = RotateFields {
            suite: on_device.suite,
            device_id: id,
            slot,
            authorising_slot: slot,
            old_issuer: old.info().public,
            new_issuer: Some(new.info().public),
            rotation,
        };
        let by_old = old.expose_key().prove_rotation(&fields, device_key.as_ref())?;
        let by_new = new.expose_key().prove_rotation(&fields, device_key.as_ref())?;
        let request = RotateRequest {
            slot,
            new_key: fields.new_issuer,
            authorising_slot: slot,
            authorisation: &by_old,
            new_authorisation: Some(&by_new),
        };
        call_with_touch(|call| rotate_issuer(&mut device, &request, call))??;
    }
    let public = new.info().public;
    // The desk asks the signer itself.
    drop(signer);
    if registered.keys.issuer() != Some(&public) {
        open.desk.record_rotation(&open.session, &id, public, rotation)?;
    }
    Ok(Report::new()
        .line(format!("{id} has the present key of slot {slot}."))
        .field("device_id", id.to_code())
        .field("slot", slot)
        .field("rotation", rotation))
}
