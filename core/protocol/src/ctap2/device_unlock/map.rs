//! Command byte and map of a request, and how the device reads its fields.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{SubCommand, key};
use crate::challenge::Challenge;
use crate::ctap2::cbor::Value;
use crate::ctap2::{CtapStatus, command};

/// `getInfo`'s request: {1: 1}.
#[must_use]
pub fn get_info_request() -> Zeroizing<Vec<u8>> {
    message(&Value::int_map([(key::SUB_COMMAND, SubCommand::GetInfo.value())]))
}

/// The same with a challenge: {1: 1, 5: challenge}. The answer says whether an unlock spent it.
#[must_use]
pub fn get_info_request_about(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    message(&Value::int_map([
        (key::SUB_COMMAND, SubCommand::GetInfo.value()),
        (key::CHALLENGE, Some(Value::bytes(challenge.as_bytes()))),
    ]))
}

/// Command byte, then the request map.
#[must_use]
pub fn message(request: &Value) -> Zeroizing<Vec<u8>> {
    request.to_bytes_after(&[command::DEVICE_UNLOCK])
}

/// A field of a request, on the device.
///
/// # Errors
/// CTAP2_ERR_MISSING_PARAMETER when it is not there, CTAP2_ERR_CBOR_UNEXPECTED_TYPE when it is of another
/// type.
pub fn field<'a, T>(
    map: &'a Value,
    key: i64,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, CtapStatus> {
    read(map.get(key).ok_or(CtapStatus::MissingParameter)?).ok_or(CtapStatus::CborUnexpectedType)
}

/// The same for a field that may be absent.
///
/// # Errors
/// CTAP2_ERR_CBOR_UNEXPECTED_TYPE when it is of another type.
pub fn optional<'a, T>(
    map: &'a Value,
    key: i64,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, CtapStatus> {
    map.get(key)
        .map(|value| read(value).ok_or(CtapStatus::CborUnexpectedType))
        .transpose()
}

/// A slot number: 0 to 15.
pub(crate) fn slot_number(number: u64) -> Result<u8, CtapStatus> {
    u8::try_from(number)
        .ok()
        .filter(|slot| *slot < 16)
        .ok_or(CtapStatus::InvalidParameter)
}
