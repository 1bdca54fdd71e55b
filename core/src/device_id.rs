//! The Device ID: 80 random bits that name an enrolled authenticator.

/// 10 bytes, made by the device at enrolment; one line of 16 + 4 characters when read aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
}
