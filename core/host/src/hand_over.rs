//! A device whose PIN was set at an enrolment station: its owner must choose another.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::{CtapStatus, command};
use fido_unlock_protocol::pin_protocol::PinProtocol;

use super::device::ctap_map;
use super::pin_token::meaning;
use super::{ClientPinError, ClientPinRefusal};
use crate::ports::{Call, Transport};

/// `setMinPINLength` of `authenticatorConfig` (CTAP 2.1 §6.11).
const SET_MIN_PIN_LENGTH: u8 = 0x03;
/// `forceChangePin` of its parameters.
const FORCE_CHANGE_PIN: i64 = 0x03;

/// A device that does not know the command, or the parameter, says so in one of these ways.
fn means(status: CtapStatus) -> Option<ClientPinRefusal> {
    match status {
        CtapStatus::InvalidParameter | CtapStatus::InvalidSubcommand | CtapStatus::InvalidOption => {
            Some(ClientPinRefusal::NotSupported)
        }
        other => meaning(other),
    }
}

/// Makes the device refuse its present PIN for anything but changing it (CTAP 2.1 §6.11.4, `forceChangePin`).
/// `protocol` and `token`: a pinUvAuthToken with `acfg`.
///
/// # Errors
/// [`ClientPinRefusal::NotSupported`] by a device that cannot; [`ClientPinError`].
pub fn force_pin_change(
    transport: &mut dyn Transport,
    protocol: PinProtocol,
    token: &[u8],
    call: &mut Call<'_>,
) -> Result<(), ClientPinError> {
    let params = Value::int_map([(FORCE_CHANGE_PIN, Some(Value::Bool(true)))]);
    let mut authenticated = alloc::vec![0xFF; 32];
    authenticated.extend_from_slice(&[command::CONFIG, SET_MIN_PIN_LENGTH]);
    authenticated.extend_from_slice(&params.to_bytes());
    let param = protocol
        .authenticate_with_key(token, &authenticated)
        .map_err(|_| ClientPinError::Malformed("no pinUvAuthToken"))?;
    let request = Value::int_map([
        (1, Some(SET_MIN_PIN_LENGTH.into())),
        (2, Some(params)),
        (3, Some(protocol.number().into())),
        (4, Some(Value::bytes(&param))),
    ]);
    let mut message = Vec::from([command::CONFIG]);
    message.extend_from_slice(&request.to_bytes());
    let answer = transport.transact(&message, call)?;
    ctap_map(&answer, means).map(drop)
}
