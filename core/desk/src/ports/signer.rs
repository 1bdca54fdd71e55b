//! Whatever holds the issuers' keys: a file, a software library, an HSM.

use alloc::vec::Vec;

use fido_unlock_protocol::{AdminKey, DeviceId};
use zeroize::Zeroizing;

use super::SignerError;
use crate::SigningTask;

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
