//! CTAP2 messages: status bytes, canonical CBOR, and the maps of each command used here.
//!
//! CTAP 2.1 §8 (message encoding), §6.5 (`authenticatorClientPIN`), and this project's
//! `authenticatorDeviceUnlock` (docs/protocol.md).

#[cfg(feature = "alloc")]
pub mod cbor;
pub mod client_pin;
pub mod device_unlock;
#[cfg(feature = "alloc")]
pub mod get_info;
mod status;

pub use status::CtapStatus;

/// Command bytes (CTAP 2.1 §6).
pub mod command {
    /// `authenticatorMakeCredential`.
    pub const MAKE_CREDENTIAL: u8 = 0x01;
    /// `authenticatorGetAssertion`.
    pub const GET_ASSERTION: u8 = 0x02;
    /// `authenticatorGetInfo`.
    pub const GET_INFO: u8 = 0x04;
    /// `authenticatorClientPIN`.
    pub const CLIENT_PIN: u8 = 0x06;
    /// `authenticatorReset`.
    pub const RESET: u8 = 0x07;
    /// `authenticatorGetNextAssertion`.
    pub const GET_NEXT_ASSERTION: u8 = 0x08;
    /// `authenticatorCredentialManagement`.
    pub const CREDENTIAL_MANAGEMENT: u8 = 0x0A;
    /// `authenticatorSelection`.
    pub const SELECTION: u8 = 0x0B;
    /// `authenticatorConfig`.
    pub const CONFIG: u8 = 0x0D;
    /// `authenticatorDeviceUnlock`: ours, in the vendor range 0x40–0xBF.
    pub const DEVICE_UNLOCK: u8 = 0x55;
}

/// The largest CTAP2 message, unless the device says otherwise (CTAP 2.1 §6.4, `maxMsgSize`).
pub const DEFAULT_MAX_MSG_SIZE: usize = 1024;
