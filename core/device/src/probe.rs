//! `probe`: would an unlock work? A challenge in RAM, with its own label; nothing in
//! flash changes.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{ProbeChallenge, ProbeParameters};
use fido_unlock_protocol::suite::Purpose;
use fido_unlock_protocol::{Challenge, DeviceChallenge};

use super::record::{Record, SlotKey};
use super::unlock::response_fits;
use super::{Ports, UnlockHandler};

/// The probe challenge that waits for its response.
pub(super) struct Pending {
    slot: u8,
    challenge: DeviceChallenge,
}

impl UnlockHandler {
    pub(super) fn probe(
        &mut self,
        map: &Value,
        record: Option<Record>,
        ports: &mut Ports<'_>,
    ) -> Result<Option<Value>, CtapStatus> {
        let fields = ProbeParameters::from_value(map)?;
        let record = record.ok_or(CtapStatus::NotEnrolled)?;
        let slot = record.slot(fields.slot).ok_or(CtapStatus::InvalidParameter)?;
        if matches!(slot.key, SlotKey::AesAdminKey(_)) {
            return Err(CtapStatus::InvalidParameter);
        }
        let Some(response) = fields.response else {
            let mut nonce = [0; 14];
            ports.entropy.fill(&mut nonce)?;
            let (suite, counter) = (slot.key.suite(), record.unlock_counter);
            let challenge =
                DeviceChallenge::new(suite, fields.slot, nonce, counter).ok_or(CtapStatus::Other)?;
            self.probe = Some(Pending {
                slot: fields.slot,
                challenge,
            });
            return Ok(Some(
                ProbeChallenge {
                    challenge,
                    device_id: record.device_id,
                }
                .to_value(),
            ));
        };
        if response.len() != slot.key.suite().response_length() {
            return Err(CtapStatus::InvalidLength);
        }
        // Good for one response, right or wrong.
        let pending = self.probe.take().filter(|pending| pending.slot == fields.slot);
        let pending = pending.ok_or(CtapStatus::OtherChallengePending)?;
        let challenge = Challenge::Line(pending.challenge);
        if response_fits(&record, slot, Purpose::Probe, &challenge, response) {
            Ok(None)
        } else {
            Err(CtapStatus::WrongResponse)
        }
    }
}
