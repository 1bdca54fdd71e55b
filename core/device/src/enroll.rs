//! `enroll`: once, with every slot; the device is sealed until reset.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{
    EnrollKey, EnrollRequest, EnrollResponse, EnrollSlot, unpad_admin_key,
};
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::secret::SharedSecret;
use fido_unlock_protocol::suite::aes_admin_key;
use fido_unlock_protocol::suite::p256_ecdh_mac::DeviceSecretKey;

use super::key_agreement::KeyAgreementKeys;
use super::record::{Nonce, Record, Slot, SlotKey};
use super::{Ports, UnlockHandler, advance, max_slots, touch};

impl UnlockHandler {
    pub(super) fn enroll(
        &mut self,
        map: &Value,
        record: Option<&Record>,
        ports: &mut Ports<'_>,
    ) -> Result<Value, CtapStatus> {
        let request = EnrollRequest::from_value(map)?;
        if record.is_some() {
            return Err(CtapStatus::NotAllowed);
        }
        authorise(&request, ports)?;
        let slots = open_slots(&request, &mut self.keys, ports)?;
        touch(ports.presence)?;
        let mut id = [0; 10];
        ports.entropy.fill(&mut id)?;
        let mut record = Record {
            device_id: DeviceId::from_bytes(id),
            device_key: DeviceSecretKey::make(ports.entropy)?,
            slots,
            unlock_counter: 0,
            nonce: Nonce::None,
            options: request.options,
            epoch: 0,
        };
        advance(&mut record, ports)?;
        ports.store.store(&record.to_bytes())?;
        Ok(EnrollResponse {
            device_id: record.device_id,
            device_key: record.device_key.public(),
        }
        .to_value())
    }
}

/// Whoever enrols can later bypass the PIN: so it is allowed only on an empty device, or with the PIN's own
/// permission.
fn authorise(request: &EnrollRequest, ports: &mut Ports<'_>) -> Result<(), CtapStatus> {
    let state = ports.client_pin.pin_state();
    if let Some(param) = &request.pin_uv_auth_param {
        let protocol = request.protocol.ok_or(CtapStatus::MissingParameter)?;
        // No token was ever given out under a protocol that the device does not offer.
        if !state.protocols.contains(&protocol) {
            return Err(CtapStatus::PinAuthInvalid);
        }
        return ports
            .client_pin
            .verify_acfg_token(protocol, &request.auth_message(), param);
    }
    if state.pin_set || state.has_credentials {
        Err(CtapStatus::PuatRequired)
    } else {
        Ok(())
    }
}

/// Every slot once, every key once, no key that the world knows.
fn open_slots(
    request: &EnrollRequest,
    keys: &mut KeyAgreementKeys,
    ports: &Ports<'_>,
) -> Result<Vec<Slot>, CtapStatus> {
    let refused = CtapStatus::InvalidParameter;
    let shared = admin_key_secret(request, keys, ports)?;
    if request.slots.len() > max_slots(ports).into() {
        return Err(refused);
    }
    let mut slots: Vec<Slot> = Vec::new();
    for wanted in &request.slots {
        let key = match &wanted.key {
            EnrollKey::P256Ecdsa(issuer) => SlotKey::P256Ecdsa(*issuer),
            EnrollKey::P256EcdhMac(issuer) => SlotKey::P256EcdhMac(*issuer),
            EnrollKey::AesAdminKey(encrypted) => {
                let (protocol, secret) = shared.as_ref().ok_or(refused)?;
                let padded = protocol.decrypt(secret, encrypted).map_err(|_| refused)?;
                let key = unpad_admin_key(&padded).filter(|key| !aes_admin_key::is_known_default(key));
                SlotKey::AesAdminKey(key.ok_or(refused)?)
            }
        };
        let taken = slots
            .iter()
            .any(|slot| slot.number == wanted.slot || same_key(&slot.key, &key));
        if taken {
            return Err(refused);
        }
        slots.push(Slot {
            number: wanted.slot,
            key,
            rotation: 0,
        });
    }
    if slots.is_empty() { Err(refused) } else { Ok(slots) }
}

/// The key that the admin keys are encrypted under; `None` if no slot is of suite 3, or no key was agreed on.
fn admin_key_secret(
    request: &EnrollRequest,
    keys: &mut KeyAgreementKeys,
    ports: &Ports<'_>,
) -> Result<Option<(PinProtocol, SharedSecret)>, CtapStatus> {
    let is_admin_key = |slot: &EnrollSlot| matches!(slot.key, EnrollKey::AesAdminKey(_));
    if !request.slots.iter().any(is_admin_key) {
        return Ok(None);
    }
    let missing = CtapStatus::MissingParameter;
    let protocol = request.protocol.ok_or(missing)?;
    let platform_key = request.platform_key.as_ref().ok_or(missing)?;
    if !ports.client_pin.pin_state().protocols.contains(&protocol) {
        return Err(CtapStatus::InvalidParameter);
    }
    let secret = keys.decapsulate(protocol, platform_key)?;
    Ok(secret.map(|secret| (protocol, secret)))
}

/// A key has one use: the same Q in two slots, or one Q for two suites, is refused.
pub(super) fn same_key(a: &SlotKey, b: &SlotKey) -> bool {
    match (a, b) {
        (SlotKey::AesAdminKey(a), SlotKey::AesAdminKey(b)) => a.ct_eq(b),
        _ => a.issuer().is_some_and(|a| b.issuer() == Some(a)),
    }
}
