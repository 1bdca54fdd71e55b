//! The Response Code.

#[cfg(feature = "alloc")]
use alloc::string::String;

#[cfg(feature = "primitives")]
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
#[cfg(feature = "alloc")]
use zeroize::Zeroizing;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::code::CodeBytesError;
#[cfg(feature = "alloc")]
use crate::code::{CodeError, CodeKind, Offer, hex, line};
use crate::secret::SecretBytes;
use crate::suite::Suite;

/// A response of one suite, as bytes: 64, 13 or 16. A secret: it is wiped when dropped and shows
/// itself only through `expose_` methods.
///
/// ```compile_fail
/// let response = fido_unlock_protocol::ResponseCode::from_bytes(fido_unlock_protocol::Suite::AesAdminKey, &[7; 16]).ok();
/// println!("{response:?}");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ResponseCode {
    #[zeroize(skip)]
    suite: Suite,
    bytes: SecretBytes<64>,
}

impl ResponseCode {
    /// From the bytes on the wire. The caller's copy is the caller's to wipe.
    ///
    /// # Errors
    /// [`CodeBytesError`]: `Length` (64, 13, 16 bytes in suites 1, 2, 3), or `Padding` when the last four
    /// bits of suite 2's 13 bytes are not zero.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, CodeBytesError> {
        let expected = suite.response_length();
        let wrong_length = CodeBytesError::Length {
            expected,
            got: bytes.len(),
        };
        if bytes.len() != expected {
            return Err(wrong_length);
        }
        if suite == Suite::P256EcdhMac && bytes.last().is_some_and(|last| last & 15 != 0) {
            return Err(CodeBytesError::Padding);
        }
        let bytes = SecretBytes::copy(bytes).ok_or(wrong_length)?;
        Ok(Self { suite, bytes })
    }

    /// Reads what a person typed or pasted: four lines (suite 1; the line breaks may be missing), one
    /// line (suite 2), or 32 hexadecimal digits (suite 3, which has no check: a wrong digit is not
    /// noticed here). The suite comes from the device, never from the text.
    ///
    /// # Errors
    /// [`CodeError`], without any of the text: `Character`, `Length`, `Kind`, `Order`, `Padding` or
    /// `Check` (without an offer; see [`code::Entry`](crate::code::Entry)); in suite 1 within
    /// `InLine`.
    #[cfg(feature = "alloc")]
    pub fn parse(suite: Suite, text: &str) -> Result<Self, CodeError> {
        Self::parse_offering(suite, text, Offer::No)
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn parse_offering(suite: Suite, text: &str, offer: Offer) -> Result<Self, CodeError> {
        let bytes = match suite {
            Suite::P256Ecdsa => line::decode_long(text, offer)?,
            Suite::P256EcdhMac => line::decode(CodeKind::ResponseLine, text, offer, |_| true)?,
            Suite::AesAdminKey => hex::decode(CodeKind::ResponseLine, text)?,
        };
        Ok(Self::from_bytes(suite, &bytes)?)
    }

    /// The suite that it is of.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// What the person types: four lines separated by line breaks (suite 1), one line (suite 2), or
    /// 32 hexadecimal digits (suite 3).
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn expose_code(&self) -> Zeroizing<String> {
        match self.suite {
            Suite::P256Ecdsa => line::encode_long(self.expose_bytes()),
            Suite::P256EcdhMac => line::encode(CodeKind::ResponseLine, self.expose_bytes()),
            Suite::AesAdminKey => hex::encode(self.expose_bytes()),
        }
    }

    /// SHA-256 of the bytes: all that an audit record holds of a Response Code.
    #[cfg(feature = "primitives")]
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.expose_bytes()).into()
    }

    /// Compares in constant time (suite and length are not hidden).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.suite == other.suite && bool::from(self.expose_bytes().ct_eq(other.expose_bytes()))
    }
}
