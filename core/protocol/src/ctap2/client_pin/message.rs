//! The maps of a request and of its answer.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::SubCommand;
use crate::ctap2::cbor::Value;
use crate::ctap2::command;
use crate::pin_protocol::{CoseKey, PinProtocol};

/// A request; each subcommand uses some of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPinRequest {
    /// Key 1.
    pub protocol: Option<PinProtocol>,
    /// Key 2.
    pub sub_command: SubCommand,
    /// Key 3.
    pub key_agreement: Option<CoseKey>,
    /// Key 4: 16 or 32 bytes.
    pub pin_uv_auth_param: Option<Vec<u8>>,
    /// Key 5: 64 or 80 bytes.
    pub new_pin_enc: Option<Vec<u8>>,
    /// Key 6: 16 or 32 bytes.
    pub pin_hash_enc: Option<Vec<u8>>,
    /// Key 9.
    pub permissions: Option<u8>,
    /// Key 10: required with the permissions `mc` and `ga`.
    pub rp_id: Option<alloc::string::String>,
}

impl ClientPinRequest {
    /// A request with nothing but its subcommand.
    #[must_use]
    pub const fn new(sub_command: SubCommand, protocol: Option<PinProtocol>) -> Self {
        Self {
            protocol,
            sub_command,
            key_agreement: None,
            pin_uv_auth_param: None,
            new_pin_enc: None,
            pin_hash_enc: None,
            permissions: None,
            rp_id: None,
        }
    }

    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        Value::int_map([
            (1, self.protocol.map(|protocol| protocol.number().into())),
            (2, Some((self.sub_command as u8).into())),
            (3, self.key_agreement.as_ref().map(CoseKey::to_value)),
            (4, self.pin_uv_auth_param.as_deref().map(Value::bytes)),
            (5, self.new_pin_enc.as_deref().map(Value::bytes)),
            (6, self.pin_hash_enc.as_deref().map(Value::bytes)),
            (9, self.permissions.map(Value::from)),
            (10, self.rp_id.as_deref().map(Value::from)),
        ])
        .to_bytes_after(&[command::CLIENT_PIN])
    }
}

/// An answer; each subcommand fills some of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPinResponse {
    /// Key 1.
    pub key_agreement: Option<CoseKey>,
    /// Key 2, encrypted: 16 to 48 bytes.
    pub pin_uv_auth_token: Option<Vec<u8>>,
    /// Key 3.
    pub pin_retries: Option<u8>,
    /// Key 4: re-plugging is needed before the next try.
    pub power_cycle_state: Option<bool>,
    /// Key 5.
    pub uv_retries: Option<u8>,
}

impl ClientPinResponse {
    /// From the answer's map; a field of another type counts as absent.
    #[must_use]
    pub fn from_value(map: &Value) -> Self {
        let byte = |key| {
            map.get(key)
                .and_then(Value::as_u64)
                .and_then(|n| u8::try_from(n).ok())
        };
        Self {
            key_agreement: map.get(1).and_then(|key| CoseKey::from_value(key).ok()),
            pin_uv_auth_token: map.get(2).and_then(Value::as_bytes).map(<[u8]>::to_vec),
            pin_retries: byte(3),
            power_cycle_state: map.get(4).and_then(Value::as_bool),
            uv_retries: byte(5),
        }
    }
}
