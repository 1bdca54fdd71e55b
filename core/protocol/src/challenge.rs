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
//! Suite 3: 16 bytes, shown as 32 hex digits: 124 random bits, then the key slot.
//!
//! A device makes the challenges of all its slots from one [`ChallengeNonce`].

#[cfg(feature = "alloc")]
use alloc::string::String;
#[cfg(feature = "alloc")]
use core::fmt;

use crate::code::CodeBytesError;
#[cfg(feature = "alloc")]
use crate::code::{CodeError, CodeKind, Offer, hex, line};
use crate::suite::Suite;

/// The version in every challenge.
pub const CHALLENGE_VERSION: u8 = 1;

/// What a device keeps of a challenge: 16 random bytes, from which the challenge of each slot is made
/// (docs/protocol.md, section 3.1). Suites 1 and 2 take the first 14, suite 3 all but the last 4 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChallengeNonce([u8; 16]);

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

/// The first 14 of 16 bytes.
const fn head(bytes: &[u8; 16]) -> [u8; 14] {
    let [head @ .., _, _] = *bytes;
    head
}

impl ChallengeNonce {
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

    /// The 14 bytes that are in the challenge of every suite and distinguish one nonce from another.
    #[must_use]
    pub const fn head(&self) -> [u8; 14] {
        head(&self.0)
    }

    /// The challenge of `slot` (0 to 15), with the low 16 bits of the unlock counter in suites 1 and 2; `None`
    /// for a slot above 15.
    ///
    /// ```
    /// use fido_unlock_protocol::{ChallengeNonce, Suite};
    /// let nonce = ChallengeNonce::from_bytes([0xA5; 16]);
    /// let [line, aes] = [Suite::P256EcdhMac, Suite::AesAdminKey]
    ///     .map(|suite| nonce.challenge(suite, 3, 7).unwrap());
    /// assert_eq!((line.slot(), aes.slot()), (3, 3));
    /// assert_eq!(line.nonce(), aes.nonce());
    /// ```
    #[must_use]
    pub fn challenge(&self, suite: Suite, slot: u8, counter: u32) -> Option<Challenge> {
        if suite != Suite::AesAdminKey {
            return DeviceChallenge::new(suite, slot, self.head(), counter).map(Challenge::Line);
        }
        let mut bytes = self.0;
        let [.., last] = &mut bytes;
        *last = *last & 0xF0 | slot;
        (slot <= 15).then_some(Challenge::Aes(AesChallenge(bytes)))
    }

    /// Whether these bytes are a challenge that was made from it, for whatever slot and counter.
    #[must_use]
    pub fn made(&self, challenge: &[u8]) -> bool {
        match <[u8; 16]>::try_from(challenge) {
            Ok(bytes) => {
                let aes = Challenge::Aes(AesChallenge(bytes));
                self.challenge(Suite::AesAdminKey, aes.slot(), 0) == Some(aes)
            }
            Err(_) => DeviceChallenge::from_bytes(challenge).is_ok_and(|line| line.nonce() == self.head()),
        }
    }
}

impl DeviceChallenge {
    /// A challenge of `suite` 1 or 2 for the key in `slot` (0 to 15), with 112 random bits and the
    /// low 16 bits of the device's unlock counter; otherwise `None`.
    ///
    /// ```
    /// use fido_unlock_protocol::{DeviceChallenge, Suite};
    /// let challenge = DeviceChallenge::new(Suite::P256EcdhMac, 3, [0xA5; 14], 70_000).unwrap();
    /// assert_eq!((challenge.slot(), challenge.counter_low()), (3, 4_464));
    /// ```
    #[must_use]
    pub fn new(suite: Suite, slot: u8, nonce: [u8; 14], counter: u32) -> Option<Self> {
        if suite == Suite::AesAdminKey || slot > 15 {
            return None;
        }
        let [_, _, high, low] = counter.to_be_bytes();
        let mut out = [CHALLENGE_VERSION << 4 | suite.number(); 18];
        // The slot has only four bits, so that each byte after the first straddles two of these.
        let fields = [slot].into_iter().chain(nonce).chain([high, low]);
        let pairs = fields.clone().zip(fields.skip(1).chain([0]));
        out.iter_mut()
            .skip(1)
            .zip(pairs)
            .for_each(|(to, (this, next))| *to = this << 4 | next >> 4);
        Some(Self(out))
    }

    /// From its 18 bytes.
    ///
    /// # Errors
    /// [`CodeBytesError`]: `Length`, `Version` (not 1), `Suite` (not 1 or 2) or `Padding` (the last four
    /// bits are not zero).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodeBytesError> {
        let array: [u8; 18] = bytes.try_into().map_err(|_| CodeBytesError::Length {
            expected: 18,
            got: bytes.len(),
        })?;
        let [head, .., tail] = array;
        if head >> 4 != CHALLENGE_VERSION {
            return Err(CodeBytesError::Version);
        }
        match Suite::from_number(head & 15) {
            Some(Suite::P256Ecdsa | Suite::P256EcdhMac) => {}
            _ => return Err(CodeBytesError::Suite),
        }
        if tail & 15 != 0 {
            return Err(CodeBytesError::Padding);
        }
        Ok(Self(array))
    }

    /// Its 18 bytes, which go into the signed message.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }

    /// The suite that it names: 1 or 2.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        let [head, ..] = self.0;
        if head & 15 == 1 {
            Suite::P256Ecdsa
        } else {
            Suite::P256EcdhMac
        }
    }

    /// The key slot, 0 to 15.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        let [_, slot, ..] = self.0;
        slot >> 4
    }

    /// The 112 random bits.
    #[must_use]
    pub fn nonce(&self) -> [u8; 14] {
        let mut out = [0; 14];
        let pairs = self.0.iter().skip(1).zip(self.0.iter().skip(2));
        out.iter_mut()
            .zip(pairs)
            .for_each(|(to, (high, low))| *to = high << 4 | low >> 4);
        out
    }

    /// The low 16 bits of the unlock counter when the challenge was made.
    #[must_use]
    pub const fn counter_low(&self) -> u16 {
        let [.., a, b, c] = self.0;
        u16::from_be_bytes([a << 4 | b >> 4, b << 4 | c >> 4])
    }

    /// Reads the line of 32 characters that a person typed.
    ///
    /// # Errors
    /// [`CodeError`]: `Character`, `Length`, `Kind`, `Check` (without an offer; see
    /// [`code::Entry`](crate::code::Entry)), `Version` or `Suite`.
    #[cfg(feature = "alloc")]
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        Self::parse_offering(text, Offer::No)
    }

    #[cfg(feature = "alloc")]
    fn parse_offering(text: &str, offer: Offer) -> Result<Self, CodeError> {
        let valid = |bytes: &[u8]| Self::from_bytes(bytes).is_ok();
        let bytes = line::decode(CodeKind::DeviceChallenge, text, offer, valid)?;
        Ok(Self::from_bytes(&bytes)?)
    }

    /// Its line, in eight groups of four joined by hyphens.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_code(&self) -> String {
        String::from(line::encode(CodeKind::DeviceChallenge, &self.0).as_str())
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

    /// Reads 32 hexadecimal digits, with or without spaces and hyphens.
    ///
    /// There is no check in this code: a wrong digit is not noticed here, and the response will not
    /// fit. Read it back.
    ///
    /// # Errors
    /// [`CodeError`]: `Character`, `Length`, or `Kind` for a good line of another kind.
    #[cfg(feature = "alloc")]
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let bytes = hex::decode(CodeKind::DeviceChallenge, text)?;
        let array = bytes.as_slice().try_into();
        array.map(Self).map_err(|_| CodeError::Length {
            expected: 16,
            got: bytes.len(),
        })
    }

    /// 32 capital hexadecimal digits.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_code(&self) -> String {
        String::from(hex::encode(&self.0).as_str())
    }
}

impl Challenge {
    /// From the bytes on the wire; `suite` is the one that the device's slot is enrolled for.
    ///
    /// # Errors
    /// [`CodeBytesError`]: `Length` (18 bytes, 16 in suite 3), `Version`, `Padding`, or `Suite` when the
    /// challenge names another suite than this one.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, CodeBytesError> {
        if suite == Suite::AesAdminKey {
            let array = bytes.try_into().map_err(|_| CodeBytesError::Length {
                expected: 16,
                got: bytes.len(),
            })?;
            return Ok(Self::Aes(AesChallenge(array)));
        }
        let challenge = DeviceChallenge::from_bytes(bytes)?;
        if challenge.suite() == suite {
            Ok(Self::Line(challenge))
        } else {
            Err(CodeBytesError::Suite)
        }
    }

    /// Reads what a person typed. `suite`, from the device or the registry and never from the text,
    /// decides between a line (suites 1 and 2) and 32 hexadecimal digits (suite 3).
    ///
    /// A line of suite 1 where suite 2 is registered, or the reverse, is read, so that the desk can
    /// refuse it by [`Challenge::suite`] with its own error.
    ///
    /// # Errors
    /// As [`DeviceChallenge::parse`] or [`AesChallenge::parse`].
    #[cfg(feature = "alloc")]
    pub fn parse(suite: Suite, text: &str) -> Result<Self, CodeError> {
        Self::parse_offering(suite, text, Offer::No)
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn parse_offering(suite: Suite, text: &str, offer: Offer) -> Result<Self, CodeError> {
        match suite {
            Suite::AesAdminKey => AesChallenge::parse(text).map(Self::Aes),
            Suite::P256Ecdsa | Suite::P256EcdhMac => {
                DeviceChallenge::parse_offering(text, offer).map(Self::Line)
            }
        }
    }

    /// What the person reads aloud: a line, or 32 hexadecimal digits.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_code(&self) -> String {
        match self {
            Self::Line(line) => line.to_code(),
            Self::Aes(aes) => aes.to_code(),
        }
    }

    /// The suite that it names or, without a line, suite 3.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self {
            Self::Line(line) => line.suite(),
            Self::Aes(_) => Suite::AesAdminKey,
        }
    }

    /// The slot that it is for, 0 to 15.
    #[must_use]
    pub const fn slot(&self) -> u8 {
        match self {
            Self::Line(line) => line.slot(),
            Self::Aes(aes) => {
                let [.., last] = aes.0;
                last & 15
            }
        }
    }

    /// The first 14 bytes of the nonce that it was made from: the same for every slot, and in every suite.
    #[must_use]
    pub fn nonce(&self) -> [u8; 14] {
        match self {
            Self::Line(line) => line.nonce(),
            Self::Aes(aes) => head(&aes.0),
        }
    }

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

#[cfg(feature = "alloc")]
impl fmt::Display for DeviceChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_code())
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for AesChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_code())
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_table_says() {
        let nonce = [
            0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x10, 0x32, 0x54, 0x76, 0x98, 0xBA,
        ];
        let challenge = DeviceChallenge::new(Suite::P256EcdhMac, 0xC, nonce, 0xFFFF_1234).unwrap();
        let bytes = [
            0x12, 0xC0, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF1, 0x03, 0x25, 0x47, 0x69, 0x8B, 0xA1,
            0x23, 0x40,
        ];
        assert_eq!(*challenge.as_bytes(), bytes);
        assert_eq!(DeviceChallenge::from_bytes(&bytes), Ok(challenge));
        assert_eq!(challenge.suite(), Suite::P256EcdhMac);
        assert_eq!(challenge.slot(), 0xC);
        assert_eq!(challenge.nonce(), nonce);
        assert_eq!(challenge.counter_low(), 0x1234);
    }

    // M-3.1-6
    #[test]
    fn one_nonce_makes_the_challenges_of_all_slots_and_knows_them_again() {
        let bytes: [u8; 16] = core::array::from_fn(|at| 0x11 * at as u8);
        let nonce = ChallengeNonce::from_bytes(bytes);
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            for slot in 0..16 {
                let challenge = nonce.challenge(suite, slot, 0x1234_5678).unwrap();
                assert_eq!((challenge.suite(), challenge.slot()), (suite, slot));
                assert_eq!(challenge.nonce(), bytes[..14]);
                assert!(nonce.made(challenge.as_bytes()));
                // Each bit of the nonce counts, and nothing else of the challenge does.
                let length = challenge.as_bytes().len();
                for bit in 0..8 * length {
                    let mut other = challenge.as_bytes().to_vec();
                    other[bit / 8] ^= 0x80 >> (bit % 8);
                    let of_slot_or_counter = match suite {
                        Suite::AesAdminKey => bit >= 124,
                        // Version and suite 1 or 2, slot; counter.
                        _ => {
                            matches!(bit, 8..12 | 124..140)
                                || DeviceChallenge::from_bytes(&other).is_ok() && bit < 12
                        }
                    };
                    assert_eq!(nonce.made(&other), of_slot_or_counter, "{suite:?} {slot} {bit}");
                }
                assert!(!nonce.made(&challenge.as_bytes()[1..]));
            }
            assert_eq!(nonce.challenge(suite, 16, 0), None);
        }
        let aes = nonce.challenge(Suite::AesAdminKey, 5, 9).unwrap();
        assert_eq!(aes.as_bytes()[14..], [0xEE, 0xF5]);
    }

    #[test]
    fn suite_3_and_slot_16_have_no_line() {
        assert!(DeviceChallenge::new(Suite::AesAdminKey, 0, [0; 14], 0).is_none());
        assert!(DeviceChallenge::new(Suite::P256Ecdsa, 16, [0; 14], 0).is_none());
        assert!(DeviceChallenge::new(Suite::P256Ecdsa, 15, [0; 14], 0).is_some());
    }

    #[test]
    fn bytes_are_judged() {
        let good = *DeviceChallenge::new(Suite::P256Ecdsa, 1, [9; 14], 7)
            .unwrap()
            .as_bytes();
        let change = |place: usize, value: u8| {
            let mut bytes = good;
            bytes[place] = value;
            DeviceChallenge::from_bytes(&bytes).unwrap_err()
        };
        assert_eq!(change(0, 0x01), CodeBytesError::Version);
        assert_eq!(change(0, 0x21), CodeBytesError::Version);
        for suite in [0x10, 0x13, 0x14, 0x1F] {
            assert_eq!(change(0, suite), CodeBytesError::Suite);
        }
        for bit in 0..4 {
            assert_eq!(change(17, good[17] | 1 << bit), CodeBytesError::Padding);
        }
        assert_eq!(
            DeviceChallenge::from_bytes(&good[..17]),
            Err(CodeBytesError::Length {
                expected: 18,
                got: 17
            })
        );
        assert_eq!(
            Challenge::from_bytes(Suite::P256EcdhMac, &good),
            Err(CodeBytesError::Suite)
        );
        assert!(Challenge::from_bytes(Suite::P256Ecdsa, &good).is_ok());
    }
}
