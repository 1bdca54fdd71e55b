//! The Device Challenge.
//!
//! Suites 1 and 2, 140 bits, most significant first, in 18 bytes (the last 4 bits are zero):
//!
//! | bits | field |
//! | --- | --- |
//! | 4 | version, 1 |
//! | 4 | suite |
//! | 4 | key slot |
//! | 112 | nonce |
//! | 16 | low 16 bits of the unlock counter |
//!
//! Suite 3: 16 random bytes, shown as 32 hex digits.

use crate::suite::Suite;

/// The version in every challenge.
pub const CHALLENGE_VERSION: u8 = 1;

/// A challenge of suite 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceChallenge([u8; 18]);

/// A challenge of suite 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AesChallenge([u8; 16]);

/// Either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Challenge {
    /// Suites 1 and 2.
    Line(DeviceChallenge),
    /// Suite 3.
    Aes(AesChallenge),
}

impl DeviceChallenge {
    /// From its fields; `None` in suite 3 or for a slot above 15.
    #[must_use]
    pub fn new(suite: Suite, slot: u8, nonce: [u8; 14], counter: u32) -> Option<Self> {
        if suite == Suite::AesAdminKey || slot > 15 {
            return None;
        }
        let low_bits = counter.to_be_bytes();
        let bytes = nonce.iter().chain(low_bits.iter().skip(2));
        let mut nibbles = [CHALLENGE_VERSION, suite.number(), slot]
            .into_iter()
            .chain(bytes.flat_map(|byte| [byte >> 4, byte & 0x0F]));
        let mut wide = [0; 18];
        for byte in &mut wide {
            *byte = nibbles.next().unwrap_or(0) << 4 | nibbles.next().unwrap_or(0);
        }
        Some(Self(wide))
    }

    /// Its 18 bytes, which go into the signed message.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }
}

impl AesChallenge {
    /// From its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Challenge {
    /// The bytes on the wire: 18 or 16.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Line(line) => &line.0,
            Self::Aes(aes) => &aes.0,
        }
    }

    /// Whether it is of suite 3.
    #[must_use]
    pub fn is_aes(&self) -> bool {
        matches!(self, Self::Aes(_))
    }
}

#[allow(unused)]
fn _suite(_: Suite) {}
