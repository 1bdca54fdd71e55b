//! Whatever holds the issuers' keys: a file, a software library, an HSM.

use alloc::string::String;
use alloc::vec::Vec;

pub use fido_unlock_protocol::IssuerInfo;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::{AdminKey, DeviceId};
use zeroize::Zeroizing;

use super::StorageError;
use crate::SigningTask;

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

/// Signs. It answers raw bytes, which [`SigningTask::accept`] takes or refuses; so a signer cannot make a code for
/// anything that the desk has not authorised.
pub trait Signer {
    /// The answer to a task: in suite 1 the ECDSA signature over [`SigningTask::to_sign`] with SHA-256, r and s of 32
    /// bytes each; in suite 2 the 32 bytes of HMAC-SHA-256 of it under the x-coordinate, 32 bytes, of ECDH with the
    /// device's key; in suite 3 the AES-ECB block of it under the device's admin key. It may be asked again for the
    /// same task, and may then answer other bytes that are as good.
    ///
    /// # Errors
    /// [`SignerError`] when there is no such key or it cannot be used.
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError>;

    /// Whether `key` may become this device's admin key: no other device has it.
    ///
    /// # Errors
    /// [`SignerError::AdminKeyShared`] when another device has it.
    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError>;

    /// Keeps the admin key of a suite-3 device, wrapped. Checks again as [`Signer::check_admin_key`] does.
    ///
    /// # Errors
    /// [`SignerError`] when another device has it or it cannot be stored.
    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError>;
}
