//! `authenticatorClientPIN` (CTAP 2.1 §6.5.5): requests of the platform, in key order.

#[cfg(feature = "alloc")]
mod message;

#[cfg(feature = "alloc")]
pub use message::{ClientPinRequest, ClientPinResponse};

/// Subcommand numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum SubCommand {
    /// `getPINRetries`.
    GetPinRetries = 1,
    /// `getKeyAgreement`.
    GetKeyAgreement = 2,
    /// `setPIN`.
    SetPin = 3,
    /// `changePIN`.
    ChangePin = 4,
    /// `getPinToken`.
    GetPinToken = 5,
    /// `getUVRetries`.
    GetUvRetries = 7,
    /// `getPinUvAuthTokenUsingPinWithPermissions`.
    GetPinUvAuthTokenUsingPinWithPermissions = 9,
}

/// Permissions of a pinUvAuthToken (CTAP 2.1 §6.5.5.7).
pub mod permission {
    /// `mc`: MakeCredential.
    pub const MAKE_CREDENTIAL: u8 = 0x01;
    /// `ga`: GetAssertion.
    pub const GET_ASSERTION: u8 = 0x02;
    /// `cm`: Credential Management.
    pub const CREDENTIAL_MANAGEMENT: u8 = 0x04;
    /// `acfg`: Authenticator Configuration.
    pub const AUTHENTICATOR_CONFIG: u8 = 0x20;
}
