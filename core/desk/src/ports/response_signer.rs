//! Whatever holds the issuer's keys: a file, a software library, or an HSM.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::suite::{IssuerPublicKey, Suite};
use fido_unlock_protocol::{AdminKey, DeviceId, ResponseCode};

use super::StorageError;
use crate::Authorised;

/// Why no response was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// No key for this slot and public key, or no admin key for this device.
    #[error("{}", ErrorCode::KeyMissing)]
    KeyMissing,
    /// The key is of another suite.
    #[error("{}", ErrorCode::SignerSuite)]
    WrongSuite,
    /// The slot already holds a key.
    #[error("{}", ErrorCode::KeyExists)]
    KeyExists,
    /// Another device has this admin key.
    #[error("{}", ErrorCode::AdminKeyShared)]
    AdminKeyShared {
        /// That device.
        other: DeviceId,
    },
    /// A public key is not a point on the curve.
    #[error("{}", ErrorCode::InvalidPoint)]
    InvalidPoint,
    /// No random bytes.
    #[error("{}", ErrorCode::EntropyFailed)]
    Entropy,
    /// Its store of admin keys failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It cannot be reached.
    #[error("{}: {detail}", ErrorCode::SignerUnavailable)]
    Unavailable {
        /// What cannot be reached.
        detail: String,
    },
    /// It refused.
    #[error("{}: {detail}", ErrorCode::SignerFailed)]
    Failed {
        /// Its reason, without any secret.
        detail: String,
    },
    /// A signer that the host program provides failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

impl HasCode for SignerError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::KeyMissing => ErrorCode::KeyMissing,
            Self::WrongSuite => ErrorCode::SignerSuite,
            Self::KeyExists => ErrorCode::KeyExists,
            Self::AdminKeyShared { .. } => ErrorCode::AdminKeyShared,
            Self::InvalidPoint => ErrorCode::InvalidPoint,
            Self::Entropy => ErrorCode::EntropyFailed,
            Self::Storage(error) => error.code(),
            Self::Unavailable { .. } => ErrorCode::SignerUnavailable,
            Self::Failed { .. } => ErrorCode::SignerFailed,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}

/// An issuer key that a signer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerInfo {
    /// The slot that it is for, 0 to 15.
    pub slot: u8,
    /// The one suite that it is for.
    pub suite: Suite,
    /// Q.
    pub public: IssuerPublicKey,
    /// Whether a newer key has replaced it; it then serves only devices that have not been rotated yet.
    pub retired: bool,
}

/// Makes responses. It takes what core has joined, never bytes to sign.
pub trait ResponseSigner {
    /// Makes the response to an authorised challenge.
    ///
    /// # Errors
    /// [`SignerError`] when there is no such key or it cannot be used.
    fn respond(&mut self, authorised: &Authorised) -> Result<ResponseCode, SignerError>;

    /// The issuer keys that it holds, by slot, the present one of a slot before its retired ones.
    fn issuers(&self) -> Vec<IssuerInfo>;

    /// Whether `key` may become this device's admin key: no other device has it.
    ///
    /// # Errors
    /// [`SignerError::AdminKeyShared`] when another device has it.
    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError>;

    /// Keeps the admin key of a suite-3 device, wrapped. Checks again as
    /// [`ResponseSigner::check_admin_key`] does.
    ///
    /// # Errors
    /// [`SignerError`] when another device has it or it cannot be stored.
    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError>;
}
