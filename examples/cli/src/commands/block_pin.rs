//! `block-pin`: a forgotten PIN is blocked on purpose, with the device at the desk.

use fido_unlock::desk::{DeviceKeys, Privilege};
use fido_unlock::host::ports::{Call, NeverCancel, UnlockDevice};
use fido_unlock::host::{BlockProgress, ConfirmedBlock, block_pin};
use fido_unlock::suite::AuthoriseFields;
use fido_unlock::{ErrorCode, Purpose};
use fido_unlock_system::SystemEntropy;

use super::enroll::probe_device;
use crate::args::BlockPin;
use crate::desk::{Keys, OpenDesk};
use crate::device::{Devices, call, protocol};
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Probes with the key that would answer, asks, uses the tries of this power-up.
pub fn run(devices: &Devices, args: &BlockPin, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(&args.at, prompt, Keys::Wanted)?;
    if !open.desk.may(&open.session, Privilege::Unlock)? {
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    let mut device = devices.open_fido()?;
    let info = call(Call::QUICK, |call| device.info(call))?;
    let protocol = protocol(&info)?;
    let id = info.device_id.ok_or(ErrorCode::DeviceNotEnrolled)?;
    let found = open.desk.find_device(&open.session, &id)?;
    let registered = found.devices.first().ok_or(ErrorCode::DeviceUnknown)?;
    let (issuer, device_key) = match registered.keys {
        DeviceKeys::P256Ecdsa { issuer } => (issuer, None),
        DeviceKeys::P256EcdhMac { issuer, device } => (issuer, Some(device)),
        DeviceKeys::AesAdminKey => {
            let text = "suite 3 has no probe, and no PIN is blocked without one";
            return Err(Failure::new(ErrorCode::SignerSuite, text));
        }
    };
    let fields = |challenge| AuthoriseFields {
        purpose: Purpose::Probe,
        suite: registered.keys.suite(),
        device_id: id,
        issuer,
        device_key,
        challenge,
    };
    let passed = probe_device(&mut device, &open.signer, registered.slot, &NeverCancel, fields)?;
    let sure = args.yes
        || prompt.confirm(&format!(
            "The PIN of {id} will be blocked; only the help desk can then unlock the device. Block it?"
        ))?;
    let consent = ConfirmedBlock::new(passed, sure)
        .ok_or_else(|| Failure::new(ErrorCode::Cancelled, "nothing was changed; --yes answers yes"))?;
    open.desk.record_pin_block(&open.session, &id)?;
    let progress = call(Call::QUICK, |call| {
        block_pin(device.transport(), &consent, protocol, &mut SystemEntropy, call)
    })?;
    let blocked = progress == BlockProgress::Blocked;
    Ok(Report::new()
        .line(if blocked {
            "The PIN is blocked for good; next: `challenge`."
        } else {
            "Take the device out, put it back in, and run this again."
        })
        .field("device_id", id.to_code())
        .field("blocked", blocked))
}
