//! `rotateIssuer`: a new issuer key for one slot, or its end.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::map::{field, optional, slot_number};
use super::{SubCommand, key, message};
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::suite::{IssuerPublicKey, WIRE_KEY_LENGTH};

/// Stands for "no key": the slot is closed.
pub const CLOSED: [u8; WIRE_KEY_LENGTH] = [0; WIRE_KEY_LENGTH];

/// `rotateIssuer`'s request.
pub struct RotateRequest<'a> {
    /// Key 2: the slot whose key changes.
    pub slot: u8,
    /// Key 12: the new key; `None` (64 zero bytes on the wire) closes the slot.
    pub new_key: Option<IssuerPublicKey>,
    /// Key 13: the slot whose key authorises: the same, or 0.
    pub authorising_slot: u8,
    /// Key 14: proof by the authorising key: 64 bytes in suite 1, 32 in suite 2.
    pub authorisation: &'a [u8],
    /// Key 15: proof by the new key; absent if the slot is closed.
    pub new_authorisation: Option<&'a [u8]>,
}

impl RotateRequest<'_> {
    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        let new_key = self.new_key.as_ref().map_or(CLOSED, IssuerPublicKey::to_wire);
        message(&Value::int_map([
            (key::SUB_COMMAND, SubCommand::RotateIssuer.value()),
            (key::SLOT, Some(self.slot.into())),
            (key::NEW_KEY, Some(Value::bytes(&new_key))),
            (key::AUTHORISING_SLOT, Some(self.authorising_slot.into())),
            (key::AUTHORISATION, Some(Value::bytes(self.authorisation))),
            (key::NEW_AUTHORISATION, self.new_authorisation.map(Value::bytes)),
        ]))
    }
}

/// `rotateIssuer`'s parameters, on the device.
pub struct RotateParameters<'a> {
    /// Key 2: the slot whose key changes.
    pub slot: u8,
    /// Key 12: the new key; `None` closes the slot.
    pub new_key: Option<IssuerPublicKey>,
    /// Key 13: the slot whose key authorises.
    pub authorising_slot: u8,
    /// Key 14: proof by the authorising key; of any length.
    pub authorisation: &'a [u8],
    /// Key 15: proof by the new key, present if and only if there is one; of any length.
    pub new_authorisation: Option<&'a [u8]>,
}

impl<'a> RotateParameters<'a> {
    /// From the request's map.
    ///
    /// # Errors
    /// The status to answer: CTAP2_ERR_MISSING_PARAMETER, CTAP2_ERR_CBOR_UNEXPECTED_TYPE, or
    /// CTAP1_ERR_INVALID_PARAMETER for a value out of range.
    pub fn from_value(map: &'a Value) -> Result<Self, CtapStatus> {
        let slot = field(map, key::SLOT, Value::as_u64)?;
        let new_key = field(map, key::NEW_KEY, Value::as_bytes)?;
        let authorising_slot = field(map, key::AUTHORISING_SLOT, Value::as_u64)?;
        let authorisation = field(map, key::AUTHORISATION, Value::as_bytes)?;
        let new_authorisation = optional(map, key::NEW_AUTHORISATION, Value::as_bytes)?;
        let new_key = match new_key {
            closed if closed == CLOSED => None,
            point => Some(IssuerPublicKey::from_wire(point).map_err(|_| CtapStatus::InvalidParameter)?),
        };
        if new_key.is_some() != new_authorisation.is_some() {
            return Err(if new_key.is_some() {
                CtapStatus::MissingParameter
            } else {
                CtapStatus::InvalidParameter
            });
        }
        Ok(Self {
            slot: slot_number(slot)?,
            new_key,
            authorising_slot: slot_number(authorising_slot)?,
            authorisation,
            new_authorisation,
        })
    }
}
