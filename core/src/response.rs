//! The Response Code.

use alloc::{string::String, vec::Vec};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::code::{CodeError, CodeKind, Offer, hex, line};
use crate::suite::Suite;

/// A response of one suite, as bytes: 64, 13 or 16. A secret: it is wiped when dropped and shows
/// itself only through `expose_` methods.
///
/// ```compile_fail
/// let response = fido_unlock::ResponseCode::from_bytes(fido_unlock::Suite::AesAdminKey, &[7; 16]).ok();
/// println!("{response:?}");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ResponseCode {
    #[zeroize(skip)]
    suite: Suite,
    bytes: Vec<u8>,
}

impl ResponseCode {
    /// From the bytes on the wire. The caller's copy is the caller's to wipe.
    ///
    /// # Errors
    /// [`CodeError`]: `Length` (64, 13, 16 bytes in suites 1, 2, 3), or `Padding` when the last four
    /// bits of suite 2's 13 bytes are not zero.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, CodeError> {
        let expected = suite.response_length();
        if bytes.len() != expected {
            return Err(CodeError::Length {
                expected,
                got: bytes.len(),
            });
        }
        if suite == Suite::P256EcdhMac && bytes.last().is_some_and(|last| last & 15 != 0) {
            return Err(CodeError::Padding);
        }
        Ok(Self {
            suite,
            bytes: bytes.to_vec(),
        })
    }

    /// Reads what a person typed or pasted: four lines (suite 1; the line breaks may be missing), one
    /// line (suite 2), or 32 hexadecimal digits (suite 3, which has no check: a wrong digit is not
    /// noticed here). The suite comes from the device, never from the text.
    ///
    /// # Errors
    /// [`CodeError`], without any of the text: `Character`, `Length`, `Kind`, `Order`, `Padding` or
    /// `Check` (without an offer; see [`code::Entry`](crate::code::Entry)); in suite 1 within
    /// `InLine`.
    pub fn parse(suite: Suite, text: &str) -> Result<Self, CodeError> {
        Self::parse_offering(suite, text, Offer::No)
    }

    pub(crate) fn parse_offering(suite: Suite, text: &str, offer: Offer) -> Result<Self, CodeError> {
        let bytes = match suite {
            Suite::P256Ecdsa => line::decode_long(text, offer)?,
            Suite::P256EcdhMac => line::decode(CodeKind::ResponseLine, text, offer, |_| true)?,
            Suite::AesAdminKey => hex::decode(CodeKind::ResponseLine, text)?,
        };
        Self::from_bytes(suite, &bytes)
    }

    /// The suite that it is of.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the person types: four lines separated by line breaks (suite 1), one line (suite 2), or
    /// 32 hexadecimal digits (suite 3).
    #[must_use]
    pub fn expose_code(&self) -> Zeroizing<String> {
        match self.suite {
            Suite::P256Ecdsa => line::encode_long(&self.bytes),
            Suite::P256EcdhMac => line::encode(CodeKind::ResponseLine, &self.bytes),
            Suite::AesAdminKey => hex::encode(&self.bytes),
        }
    }

    /// SHA-256 of the bytes: all that an audit record holds of a Response Code.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// Compares in constant time (suite and length are not hidden).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.suite == other.suite && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}
