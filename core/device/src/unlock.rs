//! `unlock`: the order of checks is the protocol's (docs/protocol.md, "unlock"), and so is the one
//! atomic commit at the end.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{UnlockParameters, unlock_auth_message};
use fido_unlock_protocol::pin_protocol::{CoseKey, PADDED_PIN_LENGTH, PinProtocol, hash_pin, unpad_pin};
use fido_unlock_protocol::suite::Purpose;
use fido_unlock_protocol::{Challenge, Interface, ResponseCode};
use subtle::ConstantTimeEq;

use super::key_agreement::KeyAgreementKeys;
use super::record::{Nonce, Record, Slot};
use super::{MAX_WRONG_RESPONSES, Ports, UnlockHandler, advance, can_count, is_blocked, touch};
use crate::ports::{ClientPin, PinState, UnlockCommit};

impl UnlockHandler {
    pub(super) fn unlock(
        &mut self,
        interface: Interface,
        map: &Value,
        record: Option<Record>,
        ports: &mut Ports<'_>,
    ) -> Result<(), CtapStatus> {
        let fields = UnlockParameters::from_value(map)?;
        let mut record = record.ok_or(CtapStatus::NotEnrolled)?;
        let state = ports.client_pin.pin_state();
        if !is_blocked(&state) {
            return Err(CtapStatus::NotAllowed);
        }
        if self.wrong_responses >= MAX_WRONG_RESPONSES {
            return Err(CtapStatus::PinAuthBlocked);
        }
        let (slot, challenge) =
            pending_challenge(&record, fields.challenge).ok_or(CtapStatus::OtherChallengePending)?;
        if fields.response.len() != slot.key.suite().response_length() {
            return Err(CtapStatus::InvalidLength);
        }
        let (protocol, padded_pin) = decrypt_pin(&fields, &state, &mut self.keys)?;
        let pin = judge_pin(&padded_pin, &state, ports.client_pin)?;
        touch(ports.presence)?;
        // Counted before the verdict, so that a fault which skips what follows gives no free try.
        self.wrong_responses += 1;
        if !response_fits(&record, slot, Purpose::Authorise, &challenge, fields.response) {
            self.keys.drop_key(protocol);
            return Err(CtapStatus::WrongResponse);
        }
        self.wrong_responses -= 1;
        // A fault that skipped the first test of this must skip a second one too.
        let again = ports.client_pin.pin_state();
        if !is_blocked(&again) {
            return Err(CtapStatus::NotAllowed);
        }
        let pin_hash = hash_pin(pin.as_bytes());
        if state.force_pin_change
            && ports
                .client_pin
                .pin_hash()
                .is_some_and(|old| old.ct_eq(&*pin_hash).into())
        {
            return Err(CtapStatus::PinPolicyViolation);
        }
        can_count(&record, ports)?;
        record.unlock_counter = record
            .unlock_counter
            .checked_add(1)
            .ok_or(CtapStatus::CounterAtEnd)?;
        record.nonce = record.nonce.pending().map_or(Nonce::None, Nonce::Spent);
        advance(&mut record, ports)?;
        ports.store.commit_unlock(&UnlockCommit {
            record: &record.to_bytes(),
            pin_hash: &pin_hash,
            pin_code_points: u8::try_from(pin.chars().count()).unwrap_or(u8::MAX),
            force_pin_change: interface == Interface::Vendor && record.options.force_pin_change,
        })?;
        self.wrong_responses = 0;
        self.keys = KeyAgreementKeys::new();
        ports.client_pin.after_unlock();
        Ok(())
    }
}

/// The slot that a challenge names and its pending challenge, if the whole of it is this one.
fn pending_challenge<'r>(record: &'r Record, bytes: &[u8]) -> Option<(&'r Slot, Challenge)> {
    record.slots.iter().find_map(|slot| {
        let challenge = record.challenge(slot)?;
        (challenge.as_bytes() == bytes).then_some((slot, challenge))
    })
}

/// Protocol, platform key, MAC, then the padded PIN.
fn decrypt_pin(
    fields: &UnlockParameters<'_>,
    state: &PinState,
    keys: &mut KeyAgreementKeys,
) -> Result<(PinProtocol, zeroize::Zeroizing<alloc::vec::Vec<u8>>), CtapStatus> {
    let protocol = PinProtocol::from_number(fields.protocol)
        .filter(|protocol| state.protocols.contains(protocol))
        .ok_or(CtapStatus::InvalidParameter)?;
    let platform_key = CoseKey::from_value(fields.platform_key).map_err(|_| CtapStatus::InvalidParameter)?;
    let secret = keys
        .decapsulate(protocol, &platform_key)?
        .ok_or(CtapStatus::PinAuthInvalid)?;
    let message = unlock_auth_message(fields.challenge, fields.response, fields.new_pin_enc);
    if !protocol.verify(&secret, &message, fields.pin_uv_auth_param) {
        return Err(CtapStatus::PinAuthInvalid);
    }
    // As in setPIN (CTAP 2.1 §6.5.5.5): a block of another length is a wrong parameter, not a bad PIN.
    let padded = protocol
        .decrypt(&secret, fields.new_pin_enc)
        .ok()
        .filter(|padded| padded.len() == PADDED_PIN_LENGTH)
        .ok_or(CtapStatus::InvalidParameter)?;
    Ok((protocol, padded))
}

/// Padding, UTF-8, length in code points, the device's own rules.
fn judge_pin<'a>(
    padded: &'a [u8],
    state: &PinState,
    client_pin: &dyn ClientPin,
) -> Result<&'a str, CtapStatus> {
    let refused = CtapStatus::PinPolicyViolation;
    let pin = unpad_pin(padded).ok_or(refused)?;
    let pin = core::str::from_utf8(pin).map_err(|_| refused)?;
    if pin.len() > state.max_pin_length.into()
        || pin.chars().count() < state.min_pin_length.into()
        || !client_pin.pin_allowed(pin.as_bytes())
    {
        return Err(refused);
    }
    Ok(pin)
}

/// The response against a challenge, in constant time. One with non-zero left-over bits is wrong.
pub(super) fn response_fits(
    record: &Record,
    slot: &Slot,
    purpose: Purpose,
    challenge: &Challenge,
    response: &[u8],
) -> bool {
    let verifier = record.verifier(&slot.key);
    ResponseCode::from_bytes(verifier.suite(), response)
        .is_ok_and(|response| verifier.verify_response(purpose, record.device_id, challenge, &response))
}
