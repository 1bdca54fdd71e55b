//! The three suites: what a Response Code is and how it is checked (docs/protocol.md, "Suites").
//!
//! One suite per file, respond and verify side by side.

#[cfg(feature = "primitives")]
pub mod aes_admin_key;
#[cfg(feature = "primitives")]
mod error;
#[cfg(feature = "primitives")]
mod issuer_key;
#[cfg(feature = "primitives")]
mod keys;
#[cfg(feature = "primitives")]
mod message;
#[cfg(feature = "primitives")]
pub mod p256_ecdh_mac;
#[cfg(feature = "primitives")]
pub mod p256_ecdsa;
#[cfg(feature = "primitives")]
mod proof_task;
#[cfg(feature = "primitives")]
mod verifier;

#[cfg(feature = "primitives")]
pub use error::SuiteError;
#[cfg(feature = "primitives")]
pub use issuer_key::{IssuerKey, MakeKeyError};
#[cfg(feature = "primitives")]
pub use keys::{DevicePublicKey, IssuerPublicKey, WIRE_KEY_LENGTH};
#[cfg(feature = "primitives")]
pub use message::{AuthoriseFields, Message, RECOVERY_SLOT, RotateFields};
#[cfg(feature = "primitives")]
pub use p256_ecdh_mac::DeviceSecretKey;
#[cfg(feature = "primitives")]
pub use proof_task::{ProbeTask, RotationRole, RotationTask};
#[cfg(feature = "primitives")]
pub use verifier::{DeviceVerifier, verify_rotation};

/// The algorithm inside a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Suite {
    /// ECDSA P-256/SHA-256, low-S, 64 bytes: four lines, for paste, QR or an agent.
    P256Ecdsa = 1,
    /// HMAC-SHA-256 under an ECDH secret, 100 bits: one line, to be read aloud.
    P256EcdhMac = 2,
    /// AES-ECB of the challenge under the device's admin key: 32 hex digits without a check.
    AesAdminKey = 3,
}

impl Suite {
    /// From its number.
    ///
    /// ```
    /// assert_eq!(fido_unlock_protocol::Suite::from_number(2), Some(fido_unlock_protocol::Suite::P256EcdhMac));
    /// ```
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::P256Ecdsa),
            2 => Some(Self::P256EcdhMac),
            3 => Some(Self::AesAdminKey),
            _ => None,
        }
    }

    /// Its number, as in a challenge.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in documents and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256Ecdsa => "P256-ECDSA",
            Self::P256EcdhMac => "P256-ECDH-MAC",
            Self::AesAdminKey => "AES-ADMIN-KEY",
        }
    }

    /// Bytes of a response: 64, 13 or 16.
    #[must_use]
    pub const fn response_length(self) -> usize {
        match self {
            Self::P256Ecdsa => 64,
            Self::P256EcdhMac => 13,
            Self::AesAdminKey => 16,
        }
    }
}

/// What a response allows; each has its own label in the signed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A new PIN: "fido-unlock/1 authorise".
    Authorise,
    /// Nothing; shows that an unlock would work: "fido-unlock/1 probe".
    Probe,
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests;
