//! `authenticatorDeviceUnlock` (0x55): requests and answers, in key order (docs/protocol.md, "The
//! vendor command").
//!
//! The host's side is typed and tolerant: unknown keys of an answer are skipped. The device's side
//! takes the fields as bytes, because the order in which it judges them is part of the protocol.

mod challenge;
mod enroll;
mod info;
mod probe;
mod rotate;
mod unlock;

pub use challenge::{ChallengeRequest, ChallengeResponse};
pub use enroll::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, pad_admin_key, unpad_admin_key,
};
pub use info::{SlotInfo, UnlockInfo};
pub use probe::{ProbeChallenge, ProbeRequest};
pub use rotate::RotateRequest;
pub use unlock::{UnlockRequest, unlock_auth_message};

pub(crate) use probe::ProbeFields;
pub(crate) use rotate::RotateFields;
pub(crate) use unlock::UnlockFields;

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::cbor::Value;
use super::{CtapStatus, command};

/// Request keys; each subcommand uses some of them.
pub mod key {
    /// unsigned: [`super::SubCommand`].
    pub const SUB_COMMAND: i64 = 1;
    /// unsigned, 0 to 15.
    pub const SLOT: i64 = 2;
    /// unsigned, 1 or 2.
    pub const PIN_UV_AUTH_PROTOCOL: i64 = 3;
    /// byte string, 16 or 32 bytes.
    pub const PIN_UV_AUTH_PARAM: i64 = 4;
    /// byte string, 18 or 16 bytes.
    pub const CHALLENGE: i64 = 5;
    /// byte string, 64, 13 or 16 bytes.
    pub const RESPONSE: i64 = 6;
    /// COSE_Key.
    pub const KEY_AGREEMENT: i64 = 7;
    /// byte string, 64 or 80 bytes.
    pub const NEW_PIN_ENC: i64 = 8;
    /// bool; absent is false.
    pub const RENEW: i64 = 9;
    /// array of maps.
    pub const SLOTS: i64 = 10;
    /// map.
    pub const OPTIONS: i64 = 11;
    /// byte string, 33 bytes.
    pub const NEW_KEY: i64 = 12;
    /// unsigned, 0 to 15.
    pub const AUTHORISING_SLOT: i64 = 13;
    /// byte string, 64 or 32 bytes.
    pub const AUTHORISATION: i64 = 14;
    /// byte string, 64 or 32 bytes; absent where the slot is closed.
    pub const NEW_AUTHORISATION: i64 = 15;
}

/// Subcommand numbers (request key 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum SubCommand {
    /// State, for an app that may not open the FIDO interface.
    GetInfo = 1,
    /// The pending challenge, or a new one.
    GetChallenge = 2,
    /// Response and new PIN.
    Unlock = 3,
    /// Would an unlock work? FIDO interface only.
    Probe = 4,
    /// All slots at once; seals. FIDO interface only.
    Enroll = 5,
    /// A new issuer key for one slot. FIDO interface only.
    RotateIssuer = 6,
}

impl SubCommand {
    /// From its number.
    ///
    /// ```
    /// use fido_unlock::ctap2::device_unlock::SubCommand;
    /// assert_eq!(SubCommand::from_number(3), Some(SubCommand::Unlock));
    /// ```
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::GetInfo,
            2 => Self::GetChallenge,
            3 => Self::Unlock,
            4 => Self::Probe,
            5 => Self::Enroll,
            6 => Self::RotateIssuer,
            _ => return None,
        })
    }

    /// Whether the vendor interface serves it too.
    #[must_use]
    pub const fn on_vendor_interface(self) -> bool {
        matches!(self, Self::GetInfo | Self::GetChallenge | Self::Unlock)
    }

    pub(crate) fn value(self) -> Option<Value> {
        Some(Value::from(self as u8))
    }
}

/// The answer to a command broke the protocol; says which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedAnswer(pub &'static str);

/// `getInfo`'s request: {1: 1}.
#[must_use]
pub fn get_info_request() -> Zeroizing<Vec<u8>> {
    message(&Value::int_map([(key::SUB_COMMAND, SubCommand::GetInfo.value())]))
}

/// Command byte, then the request map.
#[must_use]
pub fn message(request: &Value) -> Zeroizing<Vec<u8>> {
    request.to_bytes_after(&[command::DEVICE_UNLOCK])
}

/// A field of a request, on the device: CTAP2_ERR_MISSING_PARAMETER when it is not there,
/// CTAP2_ERR_CBOR_UNEXPECTED_TYPE when it is of another type.
pub(crate) fn field<'a, T>(
    map: &'a Value,
    key: i64,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, CtapStatus> {
    read(map.get(key).ok_or(CtapStatus::MissingParameter)?).ok_or(CtapStatus::CborUnexpectedType)
}

/// The same where the field may be absent.
pub(crate) fn optional<'a, T>(
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
