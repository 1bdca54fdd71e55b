//! `getChallenge`: idempotent, so that no other process can end a call to the help desk.

use super::map::{field, optional, slot_number};
use super::{MalformedAnswer, SubCommand, key, message};
use crate::challenge::{Challenge, DeviceChallenge};
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::device_id::DeviceId;
use crate::pin_protocol::{CoseKey, PinProtocol};
use crate::suite::Suite;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// `getChallenge`'s request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeRequest {
    /// Key 2: the slot that the response will come from.
    pub slot: u8,
    /// Key 3: the protocol whose key agreement key is requested.
    pub protocol: PinProtocol,
    /// Key 9: throw the pending challenge away; needs a touch.
    pub renew: bool,
}

impl ChallengeRequest {
    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        message(&Value::int_map([
            (key::SUB_COMMAND, SubCommand::GetChallenge.value()),
            (key::SLOT, Some(self.slot.into())),
            (key::PIN_UV_AUTH_PROTOCOL, Some(self.protocol.number().into())),
            (key::RENEW, self.renew.then_some(Value::Bool(true))),
        ]))
    }

    /// The parameters, on the device.
    ///
    /// # Errors
    /// The status to answer: CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE, or
    /// CTAP1_ERR_INVALID_PARAMETER for a value out of range.
    pub fn from_value(map: &Value) -> Result<Self, CtapStatus> {
        let slot = field(map, key::SLOT, Value::as_u64)?;
        let protocol = field(map, key::PIN_UV_AUTH_PROTOCOL, Value::as_u64)?;
        let renew = optional(map, key::RENEW, Value::as_bool)?.unwrap_or(false);
        Ok(Self {
            slot: slot_number(slot)?,
            protocol: PinProtocol::from_number(protocol).ok_or(CtapStatus::InvalidParameter)?,
            renew,
        })
    }
}

/// `getChallenge`'s answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeResponse {
    /// Key 1: the pending challenge.
    pub challenge: Challenge,
    /// Key 2: the Device ID.
    pub device_id: DeviceId,
    /// Key 3, suite 3 only: the suite. In suites 1 and 2 it is in the challenge.
    pub suite: Suite,
    /// Key 4, suite 3 only: the slot. In suites 1 and 2 it is in the challenge.
    pub slot: u8,
    /// Key 5: the protocol's key agreement key; new after each wrong response and each power-up.
    pub key_agreement: CoseKey,
}

impl ChallengeResponse {
    /// The answer's map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let aes = self.challenge.is_aes();
        Value::int_map([
            (1, Some(Value::bytes(self.challenge.as_bytes()))),
            (2, Some(Value::bytes(self.device_id.as_bytes()))),
            (3, aes.then(|| self.suite.number().into())),
            (4, aes.then(|| self.slot.into())),
            (5, Some(self.key_agreement.to_value())),
        ])
    }

    /// From the answer's map.
    ///
    /// # Errors
    /// [`MalformedAnswer`].
    pub fn from_value(map: &Value) -> Result<Self, MalformedAnswer> {
        let wrong = MalformedAnswer("getChallenge: a field is missing or wrong");
        let bytes = |key| map.get(key).and_then(Value::as_bytes).ok_or(wrong);
        let number = |key| {
            map.get(key)
                .map(|n| n.as_u64().and_then(|n| u8::try_from(n).ok()).ok_or(wrong))
                .transpose()
        };
        // Suites 1 and 2 are named by the challenge itself.
        let challenge = match number(3)? {
            Some(suite) => {
                Suite::from_number(suite).and_then(|suite| Challenge::from_bytes(suite, bytes(1).ok()?).ok())
            }
            None => bytes(1)
                .ok()
                .and_then(|bytes| DeviceChallenge::from_bytes(bytes).ok())
                .map(Challenge::Line),
        }
        .ok_or(wrong)?;
        let (suite, slot) = match &challenge {
            Challenge::Line(line) => (line.suite(), line.slot()),
            Challenge::Aes(_) => (Suite::AesAdminKey, number(4)?.ok_or(wrong)?),
        };
        if slot != challenge.slot() {
            return Err(wrong);
        }
        Ok(Self {
            challenge,
            device_id: DeviceId::from_bytes(bytes(2)?.try_into().map_err(|_| wrong)?),
            suite,
            slot,
            key_agreement: CoseKey::from_value(map.get(5).ok_or(wrong)?).map_err(|_| wrong)?,
        })
    }
}
