//! The Device ID: 80 random bits that name an enrolled authenticator.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt;

#[cfg(feature = "alloc")]
use crate::code::{CodeError, CodeKind, Offer, line};

/// 10 bytes, made by the device at enrolment; one line of 16 + 4 characters when read aloud.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId([u8; 10]);

impl DeviceId {
    /// From its 10 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// Its 10 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// Reads the line that a person typed: any case, with or without spaces and hyphens.
    ///
    /// ```
    /// use fido_unlock_protocol::DeviceId;
    /// let id = DeviceId::from_bytes([7; 10]);
    /// assert_eq!(DeviceId::parse(&id.to_code().to_lowercase()), Ok(id));
    /// ```
    ///
    /// # Errors
    /// [`CodeError`]: `Character`, `Length`, `Kind` or `Check`, which names the groups but offers
    /// no correction (see [`code::Entry`](crate::code::Entry)).
    #[cfg(feature = "alloc")]
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        Self::parse_offering(text, Offer::No)
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn parse_offering(text: &str, offer: Offer) -> Result<Self, CodeError> {
        let bytes = line::decode(CodeKind::DeviceId, text, offer, |_| true)?;
        let array = bytes.as_slice().try_into();
        array.map(Self).map_err(|_| CodeError::Length {
            expected: 10,
            got: bytes.len(),
        })
    }

    /// Its line, in five groups of four joined by hyphens.
    ///
    /// ```
    /// let id = fido_unlock_protocol::DeviceId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    /// assert_eq!(id.to_code(), "000G-40R4-0M30-E209-B3VD");
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_code(&self) -> String {
        String::from(line::encode(CodeKind::DeviceId, &self.0).as_str())
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_code())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceId(")?;
        #[cfg(feature = "alloc")]
        fmt::Display::fmt(self, f)?;
        #[cfg(not(feature = "alloc"))]
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
        f.write_str(")")
    }
}
