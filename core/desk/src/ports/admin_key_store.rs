//! Where a software signer keeps the admin keys of suite-3 devices.

use fido_unlock_protocol::{AdminKey, DeviceId};

use super::StorageError;

/// Admin keys, wrapped: whoever reads the store alone learns no key.
pub trait AdminKeyStore {
    /// The device's key.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read or unwrapped.
    fn get(&self, device: &DeviceId) -> Result<Option<AdminKey>, StorageError>;

    /// The device that has this key, if any; found by a keyed fingerprint or in constant time.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn device_with(&self, key: &AdminKey) -> Result<Option<DeviceId>, StorageError>;

    /// Adds or replaces the device's key.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be stored.
    fn put(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), StorageError>;
}
