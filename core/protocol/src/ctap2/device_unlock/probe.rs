//! `probe`: would an unlock work? Suites 1 and 2, any PIN state, changes nothing.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::map::{field, optional, slot_number};
use super::{MalformedAnswer, SubCommand, key, message};
use crate::challenge::DeviceChallenge;
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::device_id::DeviceId;
use crate::response::ResponseCode;

/// `probe`'s request: without a response it asks for a challenge, with one it has it checked.
pub struct ProbeRequest<'a> {
    /// Key 2: the slot.
    pub slot: u8,
    /// Key 6: the response to the last probe challenge, made under the `probe` label.
    pub response: Option<&'a ResponseCode>,
}

impl ProbeRequest<'_> {
    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        message(&Value::int_map([
            (key::SUB_COMMAND, SubCommand::Probe.value()),
            (key::SLOT, Some(self.slot.into())),
            (
                key::RESPONSE,
                self.response
                    .map(|response| Value::bytes(response.expose_bytes())),
            ),
        ]))
    }
}

/// `probe`'s parameters, on the device.
pub struct ProbeParameters<'a> {
    /// Key 2: the slot.
    pub slot: u8,
    /// Key 6: the response; of any length.
    pub response: Option<&'a [u8]>,
}

impl<'a> ProbeParameters<'a> {
    /// From the request's map.
    ///
    /// # Errors
    /// The status to answer: CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE, or
    /// CTAP1_ERR_INVALID_PARAMETER for a value out of range.
    pub fn from_value(map: &'a Value) -> Result<Self, CtapStatus> {
        let slot = field(map, key::SLOT, Value::as_u64)?;
        let response = optional(map, key::RESPONSE, Value::as_bytes)?;
        Ok(Self {
            slot: slot_number(slot)?,
            response,
        })
    }
}

/// The answer to a request without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeChallenge {
    /// Key 1: a challenge in RAM, good for one probe.
    pub challenge: DeviceChallenge,
    /// Key 2: the Device ID.
    pub device_id: DeviceId,
}

impl ProbeChallenge {
    /// The answer's map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::int_map([
            (1, Some(Value::bytes(self.challenge.as_bytes()))),
            (2, Some(Value::bytes(self.device_id.as_bytes()))),
        ])
    }

    /// From the answer's map.
    ///
    /// # Errors
    /// [`MalformedAnswer`].
    pub fn from_value(map: &Value) -> Result<Self, MalformedAnswer> {
        let wrong = MalformedAnswer("probe: a field is missing or wrong");
        let bytes = |key| map.get(key).and_then(Value::as_bytes).ok_or(wrong);
        Ok(Self {
            challenge: DeviceChallenge::from_bytes(bytes(1)?).map_err(|_| wrong)?,
            device_id: DeviceId::from_bytes(bytes(2)?.try_into().map_err(|_| wrong)?),
        })
    }
}
