//! `getChallenge`: the pending challenge of a slot, from the device's one nonce; a new nonce only after use, after
//! `rotateIssuer`, or where the person asks for it with a touch.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{ChallengeRequest, ChallengeResponse};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::{ChallengeNonce, Interface};

use super::record::{Nonce, Record};
use super::{Ports, UnlockHandler, advance, can_count, is_blocked, touch};

impl UnlockHandler {
    pub(super) fn get_challenge(
        &mut self,
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
        can_count(&record, ports)?;
        let kept = record.nonce.pending().filter(|_| !request.renew);
        let nonce = match kept {
            Some(nonce) => nonce,
            None => self.make_nonce(interface, &mut record, ports)?,
        };
        let challenge = nonce
            .challenge(suite, request.slot, record.unlock_counter)
            .ok_or(CtapStatus::Other)?;
        let key_agreement = self.keys.public(request.protocol, ports.entropy)?;
        Ok(ChallengeResponse {
            challenge,
            device_id: record.device_id,
            suite,
            slot: request.slot,
            key_agreement,
        }
        .to_value())
    }

    /// A new nonce, in flash before anybody sees it.
    fn make_nonce(
        &mut self,
        interface: Interface,
        record: &mut Record,
        ports: &mut Ports<'_>,
    ) -> Result<ChallengeNonce, CtapStatus> {
        let renews = record.nonce.pending().is_some();
        if renews {
            self.may_renew(interface, ports)?;
        }
        let nonce = fresh_nonce(record.nonce, ports.entropy)?;
        record.nonce = Nonce::Pending(nonce);
        if renews {
            self.renewed = true;
            advance(record, ports)?;
        }
        ports.store.store(&record.to_bytes())?;
        Ok(nonce)
    }

    /// A touch; without a button only the first ten seconds of power, once, and never for whoever may open the
    /// vendor interface.
    fn may_renew(&self, interface: Interface, ports: &mut Ports<'_>) -> Result<(), CtapStatus> {
        if ports.presence.can_touch() {
            return touch(ports.presence);
        }
        if interface == Interface::Fido && ports.presence.freshly_powered() && !self.renewed {
            return Ok(());
        }
        Err(CtapStatus::UpRequired)
    }
}

/// Random bytes that can be a nonce after `last`. A source that gives zeros or the same again is broken.
fn fresh_nonce(last: Nonce, entropy: &mut dyn Entropy) -> Result<ChallengeNonce, CtapStatus> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    let nonce = ChallengeNonce::from_bytes(bytes);
    let last = last.kept().map(|last| last.head());
    if nonce.head() == [0; 14] || last == Some(nonce.head()) {
        return Err(CtapStatus::Other);
    }
    Ok(nonce)
}
