//! PIN/UV auth protocols one and two (CTAP 2.1 §6.5.6, §6.5.7), and the PIN's padding (§6.5.5.5).

#[cfg(feature = "primitives")]
mod cose_key;
#[cfg(feature = "primitives")]
mod key_agreement;
#[cfg(feature = "primitives")]
mod message;
mod pin;

#[cfg(feature = "primitives")]
pub use cose_key::{CoseKey, InvalidPoint};
#[cfg(feature = "primitives")]
pub use key_agreement::{EncapsulateError, KeyAgreementKey, encapsulate};
#[cfg(feature = "alloc")]
pub use message::EncryptError;
#[cfg(feature = "primitives")]
pub use message::WrongLength;
#[cfg(feature = "primitives")]
pub use pin::hash_pin;
pub use pin::{PADDED_PIN_LENGTH, pad_pin, unpad_pin};

/// Which of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PinProtocol {
    /// §6.5.6: one 32-byte key, zero IV, 16-byte authentication.
    One = 1,
    /// §6.5.7: HMAC key and AES key by HKDF, random IV, 32-byte authentication.
    Two = 2,
}

impl PinProtocol {
    /// From its number in `pinUvAuthProtocol`.
    ///
    /// ```
    /// use fido_unlock_protocol::pin_protocol::PinProtocol;
    /// assert_eq!(PinProtocol::from_number(2), Some(PinProtocol::Two));
    /// ```
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }
    }

    /// Its number in `pinUvAuthProtocol`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Bytes of a `pinUvAuthParam`: 16 or 32. Another length is never accepted (YSA-2025-02).
    #[must_use]
    pub const fn auth_length(self) -> usize {
        match self {
            Self::One => 16,
            Self::Two => 32,
        }
    }
}
