//! `authenticatorDeviceUnlock` (0x55): requests and answers, in key order (docs/protocol.md, "The
//! vendor command").
//!
//! The host's side is typed and tolerant: unknown keys of an answer are skipped. The device's side
//! takes the fields as bytes, because the order in which it checks them is part of the protocol.

#[cfg(feature = "alloc")]
mod challenge;
#[cfg(feature = "alloc")]
mod enroll;
#[cfg(feature = "alloc")]
mod info;
#[cfg(feature = "alloc")]
mod key_agreement;
#[cfg(feature = "alloc")]
mod probe;
#[cfg(feature = "alloc")]
mod rotate;
#[cfg(feature = "alloc")]
mod unlock;

mod auth_parts;
mod interface;
#[cfg(feature = "alloc")]
mod map;

pub use auth_parts::{response_length, unlock_auth_parts};
#[cfg(feature = "alloc")]
pub use challenge::{ChallengeRequest, ChallengeResponse};
#[cfg(feature = "alloc")]
pub use enroll::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, pad_admin_key, unpad_admin_key,
};
#[cfg(feature = "alloc")]
pub use info::{SlotInfo, UnlockInfo};
pub use interface::Interface;
#[cfg(feature = "alloc")]
pub use key_agreement::{KeyAgreementRequest, KeyAgreementResponse};
#[cfg(feature = "alloc")]
pub use map::{field, get_info_request, get_info_request_about, message, optional};
#[cfg(feature = "alloc")]
pub use probe::{ProbeChallenge, ProbeParameters, ProbeRequest};
#[cfg(feature = "alloc")]
pub use rotate::{RotateParameters, RotateRequest};
#[cfg(feature = "alloc")]
pub use unlock::{UnlockParameters, UnlockRequest, unlock_auth_message};

#[cfg(feature = "alloc")]
use super::cbor::Value;

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
    /// byte string, 18 or 16 bytes; in `getInfo`, the one that is asked about.
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
    /// byte string, 64 bytes: x ‖ y.
    pub const NEW_KEY: i64 = 12;
    /// unsigned, 0 to 15.
    pub const AUTHORISING_SLOT: i64 = 13;
    /// byte string, 64 or 32 bytes.
    pub const AUTHORISATION: i64 = 14;
    /// byte string, 64 or 32 bytes; absent if the slot is closed.
    pub const NEW_AUTHORISATION: i64 = 15;
}

/// Subcommand numbers (request key 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
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
    /// The key agreement key, for `enroll`. FIDO interface only.
    GetKeyAgreement = 7,
}

impl SubCommand {
    /// From its number.
    ///
    /// ```
    /// use fido_unlock_protocol::ctap2::device_unlock::SubCommand;
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
            7 => Self::GetKeyAgreement,
            _ => return None,
        })
    }

    /// Whether the vendor interface serves it too.
    #[must_use]
    pub const fn on_vendor_interface(self) -> bool {
        matches!(self, Self::GetInfo | Self::GetChallenge | Self::Unlock)
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn value(self) -> Option<Value> {
        Some(Value::from(self as u8))
    }
}

/// The answer to a command broke the protocol; says which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedAnswer(pub &'static str);
