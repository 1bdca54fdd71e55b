//! Devices: registered, rotated, looked at, retired.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::suite::{IssuerPublicKey, Suite, aes_admin_key};

use super::who;
use crate::challenge_check::low_16;
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{CountsRow, DeviceRow, DeviceStateRow, IssuerRow};
use crate::step::Step;
use crate::{DeskError, DeviceKeys, DeviceSlot, NewDevice, OperatorSession, Privilege, RegisteredDevice};

/// Whether one device more could be registered now for a user, whatever device it is.
pub(crate) fn has_place(
    step: &mut Step<'_>,
    session: &OperatorSession,
    owner: &crate::UserId,
) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::ManageDevices)?;
    who::licensed(step, 1)?;
    step.about.user = Some(who::user_number(step, owner)?);
    Ok(())
}

/// Whether a device could be registered now.
pub(crate) fn may_register(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &NewDevice,
) -> Result<(), DeskError> {
    let keys = &device.keys;
    step.about.device = Some(*device.id.as_bytes());
    step.about.suite = Some(keys.suite().number());
    step.about.slot = Some(device.slot);
    step.about.issuer = keys.issuer().map(IssuerPublicKey::hash);
    step.about.counter = device.counter.map(low_16);
    has_place(step, session, &device.owner)?;
    if step.get::<DeviceRow>(device.id.as_bytes())?.is_some() {
        return Err(ErrorCode::DeviceExists.into());
    }
    let aes = keys.suite() == Suite::AesAdminKey;
    let fits = device.admin_key.is_some() == aes
        && device.counter.is_none() == aes
        && device.slot <= if aes { 0 } else { 15 };
    if !fits {
        return Err(ErrorCode::InvalidArgument.into());
    }
    if device
        .admin_key
        .as_ref()
        .is_some_and(aes_admin_key::is_known_default)
    {
        return Err(ErrorCode::AdminKeyDefault.into());
    }
    if let Some(issuer) = keys.issuer() {
        serves(step, device.slot, keys.suite(), issuer)?;
    }
    no_foreign_slot(step, &device.other_slots)
}

/// Registers a device whose admin key, if it has one, the signer has taken.
pub(crate) fn register(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &NewDevice,
) -> Result<(), DeskError> {
    may_register(step, session, device)?;
    let owner = who::user_number(step, &device.owner)?;
    let registered = RegisteredDevice {
        id: device.id,
        owner: device.owner.clone(),
        slot: device.slot,
        keys: device.keys,
        counter: device.counter,
        rotation: device.rotation,
        registered_at: step.now(),
        retired: false,
        other_slots: device.other_slots.clone(),
        label: device.label.clone(),
        last_unlock: None,
    };
    step.put(device.id.as_bytes(), &DeviceRow::new(&registered, owner))?;
    let restores = step.head().era.restores;
    step.put(
        device.id.as_bytes(),
        &DeviceStateRow {
            expected: device.counter.map(low_16),
            codes: Vec::new(),
            counted_under: restores,
            coded_under: restores,
            last_unlock: None,
        },
    )?;
    count_devices(step, |devices| devices.saturating_add(1))?;
    count_under(step, device.keys.issuer(), |devices| devices.saturating_add(1))?;
    let entry = step.entry(DeskEvent::DeviceRegistered);
    step.record(entry);
    Ok(())
}

fn count_devices(step: &mut Step<'_>, change: impl FnOnce(u32) -> u32) -> Result<(), DeskError> {
    let mut counts: CountsRow = step.get(b"")?.unwrap_or_default();
    counts.devices = change(counts.devices);
    Ok(step.put(b"", &counts)?)
}

/// The same of those that take an issuer's codes.
fn count_under(
    step: &mut Step<'_>,
    issuer: Option<&IssuerPublicKey>,
    change: impl FnOnce(u32) -> u32,
) -> Result<(), DeskError> {
    let Some(hash) = issuer.map(IssuerPublicKey::hash) else {
        return Ok(());
    };
    let Some(mut row) = step.get::<IssuerRow>(&hash)? else {
        return Ok(());
    };
    let Some(devices) = row.devices else { return Ok(()) };
    row.devices = Some(change(devices));
    Ok(step.put(&hash, &row)?)
}

/// The desk has this key, and it is the slot's present one.
fn serves(step: &Step<'_>, slot: u8, suite: Suite, issuer: &IssuerPublicKey) -> Result<(), DeskError> {
    let row: Option<IssuerRow> = step.get(&issuer.hash())?;
    let found = row.filter(|row| row.slot == slot);
    match found {
        None => Err(ErrorCode::KeyMissing.into()),
        Some(row) if row.suite() != Some(suite) => Err(ErrorCode::SignerSuite.into()),
        Some(row) if row.retired => Err(ErrorCode::KeyRetired.into()),
        Some(_) => Ok(()),
    }
}

/// Every slot with a public key is one of the desk's: a key of others could unlock the device too. What is in a slot
/// of suite 3 cannot be told from outside.
fn no_foreign_slot(step: &Step<'_>, slots: &[DeviceSlot]) -> Result<(), DeskError> {
    for slot in slots {
        let Some(issuer) = &slot.issuer else { continue };
        if step.get::<IssuerRow>(&issuer.hash())?.is_none() {
            return Err(ErrorCode::ForeignIssuer.into());
        }
    }
    Ok(())
}

/// Records what a program that saw the device found in its slots. A foreign one is recorded and refused.
pub(crate) fn slots_seen(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
    slots: &[DeviceSlot],
) -> Result<(), DeskError> {
    let mut row = managed(step, session, device)?;
    no_foreign_slot(step, slots)?;
    let owner = who::user(step, row.owner)?.id;
    let mut registered = row.registered(owner, None).ok_or(ErrorCode::StoreCorrupt)?;
    registered.other_slots = slots
        .iter()
        .filter(|slot| slot.slot != registered.slot)
        .copied()
        .collect();
    row = DeviceRow::new(&registered, row.owner);
    step.put(device.as_bytes(), &row)?;
    let entry = step.entry(DeskEvent::SlotsSeen);
    step.record(entry);
    Ok(())
}

/// Records that a device took a new issuer key in its slot. The rotation has dropped its pending challenge, so no code
/// that was given out for it is good any more.
pub(crate) fn rotated(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
    new_issuer: IssuerPublicKey,
    rotation: u32,
) -> Result<(), DeskError> {
    step.about.issuer = Some(new_issuer.hash());
    step.about.rotation = Some(rotation);
    let row = managed(step, session, device)?;
    let mut keys = row.keys().ok_or(ErrorCode::StoreCorrupt)?;
    let before = keys.issuer().copied();
    match &mut keys {
        DeviceKeys::P256Ecdsa { issuer } | DeviceKeys::P256EcdhMac { issuer, .. } => *issuer = new_issuer,
        DeviceKeys::AesAdminKey => return Err(ErrorCode::InvalidArgument.into()),
    }
    if row.rotation.checked_add(1) != Some(rotation) {
        return Err(ErrorCode::InvalidArgument.into());
    }
    serves(step, row.slot, keys.suite(), &new_issuer)?;
    let owner = who::user(step, row.owner)?.id;
    let registered = RegisteredDevice {
        keys,
        rotation,
        ..row.registered(owner, None).ok_or(ErrorCode::StoreCorrupt)?
    };
    step.put(device.as_bytes(), &DeviceRow::new(&registered, row.owner))?;
    let mut state: DeviceStateRow = step.must(device.as_bytes())?;
    state.codes.clear();
    step.put(device.as_bytes(), &state)?;
    count_under(step, before.as_ref(), |devices| devices.saturating_sub(1))?;
    count_under(step, Some(&new_issuer), |devices| devices.saturating_add(1))?;
    let entry = DeskEntry {
        suite: Some(keys.suite().number()),
        slot: Some(row.slot),
        ..step.entry(DeskEvent::DeviceRotated)
    };
    step.record(entry);
    Ok(())
}

/// Takes a device out of use. It can no longer be unlocked.
pub(crate) fn retire(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
) -> Result<(), DeskError> {
    let mut row = managed(step, session, device)?;
    row.retired = true;
    step.put(device.as_bytes(), &row)?;
    count_devices(step, |devices| devices.saturating_sub(1))?;
    let keys = row.keys().ok_or(ErrorCode::StoreCorrupt)?;
    count_under(step, keys.issuer(), |devices| devices.saturating_sub(1))?;
    let entry = step.entry(DeskEvent::DeviceRetired);
    step.record(entry);
    Ok(())
}

fn managed(
    step: &mut Step<'_>,
    session: &OperatorSession,
    device: &DeviceId,
) -> Result<DeviceRow, DeskError> {
    step.about.device = Some(*device.as_bytes());
    who::privileged(step, session, Privilege::ManageDevices)?;
    let row: DeviceRow = step.get(device.as_bytes())?.ok_or(ErrorCode::DeviceUnknown)?;
    step.about.user = Some(row.owner);
    if row.retired {
        return Err(ErrorCode::DeviceRetired.into());
    }
    Ok(row)
}
