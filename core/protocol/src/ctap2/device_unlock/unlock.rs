//! `unlock`: the response and the new PIN.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{SubCommand, field, key, message, response_length, unlock_auth_parts};
use crate::challenge::Challenge;
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::pin_protocol::{CoseKey, PinProtocol};
use crate::response::ResponseCode;

/// What `pinUvAuthParam` covers ([`unlock_auth_parts`]), in one piece.
#[must_use]
pub fn unlock_auth_message(challenge: &[u8], response: &[u8], new_pin_enc: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = response_length(response);
    let parts = unlock_auth_parts(challenge, &length, response, new_pin_enc);
    let mut out = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// `unlock`'s request, on the host.
pub struct UnlockRequest<'a> {
    /// Key 5: the challenge that the response answers; refused unless it is the pending one.
    pub challenge: Challenge,
    /// Key 6: the response.
    pub response: &'a ResponseCode,
    /// Key 3: the PIN/UV protocol of the other fields.
    pub protocol: PinProtocol,
    /// Key 7: the platform's key agreement key.
    pub platform_key: CoseKey,
    /// Key 8: encrypt(shared secret, padded new PIN): 64 or 80 bytes.
    pub new_pin_enc: Vec<u8>,
    /// Key 4: authenticate(shared secret, [`unlock_auth_message`]).
    pub pin_uv_auth_param: Vec<u8>,
}

impl UnlockRequest<'_> {
    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        message(&Value::int_map([
            (key::SUB_COMMAND, SubCommand::Unlock.value()),
            (key::PIN_UV_AUTH_PROTOCOL, Some(self.protocol.number().into())),
            (
                key::PIN_UV_AUTH_PARAM,
                Some(Value::bytes(&self.pin_uv_auth_param)),
            ),
            (key::CHALLENGE, Some(Value::bytes(self.challenge.as_bytes()))),
            (key::RESPONSE, Some(Value::bytes(self.response.expose_bytes()))),
            (key::KEY_AGREEMENT, Some(self.platform_key.to_value())),
            (key::NEW_PIN_ENC, Some(Value::bytes(&self.new_pin_enc))),
        ]))
    }
}

/// `unlock`'s parameters, on the device: of the right type, nothing more is known of them.
pub struct UnlockParameters<'a> {
    /// Key 3.
    pub protocol: u64,
    /// Key 4.
    pub pin_uv_auth_param: &'a [u8],
    /// Key 5.
    pub challenge: &'a [u8],
    /// Key 6.
    pub response: &'a [u8],
    /// Key 7: a map.
    pub platform_key: &'a Value,
    /// Key 8.
    pub new_pin_enc: &'a [u8],
}

impl<'a> UnlockParameters<'a> {
    /// From the request's map.
    ///
    /// # Errors
    /// The status to answer: CTAP2_ERR_MISSING_PARAMETER or CTAP2_ERR_CBOR_UNEXPECTED_TYPE.
    pub fn from_value(map: &'a Value) -> Result<Self, CtapStatus> {
        Ok(Self {
            protocol: field(map, key::PIN_UV_AUTH_PROTOCOL, Value::as_u64)?,
            pin_uv_auth_param: field(map, key::PIN_UV_AUTH_PARAM, Value::as_bytes)?,
            challenge: field(map, key::CHALLENGE, Value::as_bytes)?,
            response: field(map, key::RESPONSE, Value::as_bytes)?,
            platform_key: field(map, key::KEY_AGREEMENT, |value| value.as_map().map(|_| value))?,
            new_pin_enc: field(map, key::NEW_PIN_ENC, Value::as_bytes)?,
        })
    }
}
