//! `getChallenge`: the pending challenge; a new one only after use, after `rotateIssuer`, or where
//! the person asks for it with a touch.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{ChallengeRequest, ChallengeResponse};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::Suite;
use fido_unlock_protocol::{AesChallenge, Challenge, DeviceChallenge, Interface};

use super::record::{Pending, Record};
use super::{Ports, is_blocked, touch};

pub(super) fn get(
    interface: Interface,
    map: &Value,
    record: Option<Record>,
    ports: &mut Ports<'_>,
) -> Result<Value, CtapStatus> {
    let request = ChallengeRequest::from_value(map)?;
    let mut record = record.ok_or(CtapStatus::NotEnrolled)?;
    let suite = record
        .slot(request.slot)
        .ok_or(CtapStatus::InvalidParameter)?
        .key
        .suite();
    let state = ports.client_pin.pin_state();
    if !state.protocols.contains(&request.protocol) {
        return Err(CtapStatus::InvalidParameter);
    }
    if !is_blocked(&state) {
        return Err(CtapStatus::NotAllowed);
    }
    let kept = record
        .pending
        .as_ref()
        .filter(|pending| !request.renew && pending.slot == request.slot);
    let challenge = match kept {
        Some(pending) => pending.challenge,
        None => {
            if record.pending.is_some() {
                may_end_pending(interface, ports)?;
            }
            let challenge = make(suite, request.slot, record.unlock_counter, ports.entropy)?;
            record.pending = Some(Pending {
                challenge,
                slot: request.slot,
            });
            ports.store.store(&record.to_bytes())?;
            challenge
        }
    };
    let key_agreement = ports.client_pin.key_agreement(request.protocol)?;
    Ok(ChallengeResponse {
        challenge,
        device_id: record.device_id,
        suite,
        slot: request.slot,
        key_agreement,
    }
    .to_value())
}

/// A touch; without a button only the first ten seconds of power, and never for whoever may open
/// the vendor interface.
fn may_end_pending(interface: Interface, ports: &mut Ports<'_>) -> Result<(), CtapStatus> {
    if ports.presence.can_touch() {
        return touch(ports.presence);
    }
    if interface == Interface::Fido && ports.presence.freshly_powered() {
        return Ok(());
    }
    Err(CtapStatus::UpRequired)
}

/// A fresh challenge of a suite.
pub(super) fn make(
    suite: Suite,
    slot: u8,
    counter: u32,
    entropy: &mut dyn Entropy,
) -> Result<Challenge, CtapStatus> {
    if suite == Suite::AesAdminKey {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        return Ok(Challenge::Aes(AesChallenge::from_bytes(bytes)));
    }
    make_line(suite, slot, counter, entropy).map(Challenge::Line)
}

/// The same for suites 1 and 2.
pub(super) fn make_line(
    suite: Suite,
    slot: u8,
    counter: u32,
    entropy: &mut dyn Entropy,
) -> Result<DeviceChallenge, CtapStatus> {
    let mut nonce = [0; 14];
    entropy.fill(&mut nonce)?;
    DeviceChallenge::new(suite, slot, nonce, counter).ok_or(CtapStatus::Other)
}
