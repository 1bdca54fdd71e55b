//! `authenticatorGetInfo` (CTAP 2.1 §6.4): the few fields that this library reads.

use alloc::vec::Vec;

use super::DEFAULT_MAX_MSG_SIZE;
use super::cbor::Value;
use crate::pin_protocol::PinProtocol;

/// What is read of the answer; unknown fields are skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorInfo {
    /// Option `clientPin`: `Some(true)` when a PIN is set, `None` when PINs are not supported.
    pub client_pin: Option<bool>,
    /// Option `pinUvAuthToken`: permissions are supported.
    pub pin_uv_auth_token: bool,
    /// `maxMsgSize` in bytes; 1024 if it is absent.
    pub max_msg_size: u64,
    /// `pinUvAuthProtocols` that this library knows, in the device's order.
    pub protocols: Vec<PinProtocol>,
    /// `aaguid`, 16 bytes.
    pub aaguid: [u8; 16],
}

impl AuthenticatorInfo {
    /// From the answer's map; absent fields take the specification's defaults.
    #[must_use]
    pub fn from_value(map: &Value) -> Self {
        let option = |name| {
            map.get(4)
                .and_then(|options| options.get_text(name))
                .and_then(Value::as_bool)
        };
        let protocols = map
            .get(6)
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |numbers| {
                numbers
                    .iter()
                    .filter_map(|n| PinProtocol::from_number(n.as_u64()?))
                    .collect()
            });
        Self {
            client_pin: option("clientPin"),
            pin_uv_auth_token: option("pinUvAuthToken").unwrap_or(false),
            max_msg_size: map
                .get(5)
                .and_then(Value::as_u64)
                .unwrap_or(DEFAULT_MAX_MSG_SIZE as u64),
            protocols,
            aaguid: map
                .get(3)
                .and_then(Value::as_bytes)
                .and_then(|id| id.try_into().ok())
                .unwrap_or_default(),
        }
    }
}
