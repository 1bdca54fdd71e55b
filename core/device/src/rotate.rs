//! `rotateIssuer`: proven by the authorising key and the new one.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::RotateParameters as Request;
use fido_unlock_protocol::suite::{RECOVERY_SLOT, RotateFields, verify_rotation};

use super::enroll::same_key;
use super::record::{Nonce, Record, SlotKey};
use super::{Ports, advance, touch};

pub(super) fn rotate(map: &Value, record: Option<Record>, ports: &mut Ports<'_>) -> Result<(), CtapStatus> {
    let request = Request::from_value(map)?;
    let mut record = record.ok_or(CtapStatus::NotEnrolled)?;
    let refused = CtapStatus::InvalidParameter;
    if request.authorising_slot != request.slot && request.authorising_slot != RECOVERY_SLOT {
        return Err(refused);
    }
    let slot = record.slot(request.slot).ok_or(refused)?;
    let authorising = record
        .slot(request.authorising_slot)
        .filter(|slot| slot.key.issuer().is_some())
        .ok_or(refused)?;
    let suite = slot.key.suite();
    let old_issuer = *slot.key.issuer().ok_or(refused)?;
    let rotation = slot.rotation.checked_add(1).ok_or(refused)?;
    let new_key = request
        .new_key
        .map(|issuer| SlotKey::p256(suite, issuer).ok_or(refused))
        .transpose()?;
    match &new_key {
        Some(new_key) if record.slots.iter().any(|slot| same_key(&slot.key, new_key)) => return Err(refused),
        // Without any slot nothing could ever unlock it again.
        None if record.slots.len() == 1 => return Err(refused),
        _ => {}
    }
    let fields = RotateFields {
        suite,
        device_id: record.device_id,
        slot: request.slot,
        authorising_slot: request.authorising_slot,
        old_issuer,
        new_issuer: request.new_key,
        rotation,
    };
    let by_new = new_key
        .as_ref()
        .map(|key| record.verifier(key))
        .zip(request.new_authorisation);
    if !verify_rotation(
        &fields,
        (record.verifier(&authorising.key), request.authorisation),
        by_new,
    ) {
        return Err(CtapStatus::WrongResponse);
    }
    touch(ports.presence)?;
    match new_key {
        Some(new_key) => {
            if let Some(slot) = record.slots.iter_mut().find(|slot| slot.number == request.slot) {
                slot.key = new_key;
                slot.rotation = rotation;
            }
        }
        None => record.slots.retain(|slot| slot.number != request.slot),
    }
    record.nonce = Nonce::None;
    advance(&mut record, ports)?;
    ports.store.store(&record.to_bytes())?;
    Ok(())
}
