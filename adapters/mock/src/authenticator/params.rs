//! Reads request maps strictly: a missing parameter is 0x14, a wrong type 0x11 (CTAP 2.1 §8.2).

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::pin_protocol::PinProtocol;

/// A command's parameters: one canonical CBOR map and nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, CtapStatus> {
    if bytes.is_empty() {
        return Err(CtapStatus::MissingParameter);
    }
    let value = Value::parse_canonical(bytes)?;
    if value.as_map().is_none() {
        return Err(CtapStatus::CborUnexpectedType);
    }
    Ok(value)
}

/// A parameter that may be left out.
pub(crate) fn optional<'a, T>(
    value: Option<&'a Value>,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, CtapStatus> {
    value
        .map(|value| read(value).ok_or(CtapStatus::CborUnexpectedType))
        .transpose()
}

/// A parameter that must be there.
pub(crate) fn required<'a, T>(
    value: Option<&'a Value>,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, CtapStatus> {
    optional(value, read)?.ok_or(CtapStatus::MissingParameter)
}

/// A map, as it stands.
pub(crate) fn map(value: &Value) -> Option<&Value> {
    value.as_map().map(|_| value)
}

/// `pinUvAuthProtocol`, which must be one that `getInfo` lists.
pub(crate) fn protocol(value: Option<&Value>, listed: &[PinProtocol]) -> Result<PinProtocol, CtapStatus> {
    PinProtocol::from_number(required(value, Value::as_u64)?)
        .filter(|protocol| listed.contains(protocol))
        .ok_or(CtapStatus::InvalidParameter)
}

/// The ID of a `PublicKeyCredentialDescriptor`, `None` when its type is not "public-key".
pub(crate) fn descriptor_id(value: &Value) -> Result<Option<&[u8]>, CtapStatus> {
    let value = map(value).ok_or(CtapStatus::CborUnexpectedType)?;
    let id = required(value.get_text("id"), Value::as_bytes)?;
    let kind = required(value.get_text("type"), Value::as_text)?;
    Ok((kind == "public-key").then_some(id))
}
