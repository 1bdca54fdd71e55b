//! `getInfo`.

use alloc::vec::Vec;

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{SlotInfo, UnlockInfo, key, optional};
use fido_unlock_protocol::suite::IssuerPublicKey;

use super::{MAX_WRONG_RESPONSES, Ports, Record, UnlockHandler, is_blocked, max_slots};

impl UnlockHandler {
    pub(super) fn get_info(
        &self,
        interface: Interface,
        map: &Value,
        record: Option<&Record>,
        ports: &Ports<'_>,
    ) -> Result<Value, CtapStatus> {
        let asked = optional(map, key::CHALLENGE, Value::as_bytes)?;
        let state = ports.client_pin.pin_state();
        // Any process may open the vendor interface: no name to follow the person by.
        let tells_id = interface == Interface::Fido || is_blocked(&state);
        let slots: Vec<SlotInfo> = record
            .iter()
            .flat_map(|record| &record.slots)
            .map(|slot| SlotInfo {
                slot: slot.number,
                suite: slot.key.suite(),
                fingerprint: slot.key.issuer().map(IssuerPublicKey::fingerprint),
                rotation: slot.rotation,
            })
            .collect();
        Ok(UnlockInfo {
            pin_set: state.pin_set,
            pin_retries: state.pin_retries,
            pin_auth_blocked: state.pin_auth_blocked,
            uv_retries: state.uv_retries,
            protocols: state.protocols,
            min_pin_length: state.min_pin_length,
            max_pin_length: state.max_pin_length,
            force_pin_change: state.force_pin_change,
            pin_complexity_policy: state.pin_complexity_policy,
            max_msg_size: state.max_msg_size,
            unlock_counter: record.map_or(0, |record| record.unlock_counter),
            sealed: record.is_some(),
            unknown_slots: 0,
            slots,
            device_id: record.filter(|_| tells_id).map(|record| record.device_id),
            unlock_blocked: self.wrong_responses >= MAX_WRONG_RESPONSES,
            touch: ports.presence.can_touch(),
            max_slots: max_slots(ports),
            spent: asked.map(|challenge| record.is_some_and(|record| record.nonce.was_spent_on(challenge))),
        }
        .to_value())
    }
}
