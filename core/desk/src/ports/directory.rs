//! The registry of users and their devices.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;

use super::StorageError;
use crate::{RegisteredDevice, User, UserId};

/// Users and devices. Changes come from the desk, which records each in the audit log first.
pub trait Directory {
    /// The user with this id.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn user(&self, id: &UserId) -> Result<Option<User>, StorageError>;

    /// Users whose id or name contains `text`, in any case, at most `limit`, by id. Ids, names and `text`
    /// come in Unicode's form C.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn search_users(&self, text: &str, limit: usize) -> Result<Vec<User>, StorageError>;

    /// The device with this id, in use or retired.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn device(&self, id: &DeviceId) -> Result<Option<RegisteredDevice>, StorageError>;

    /// A user's devices, in use or retired, by id.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn devices_of(&self, user: &UserId) -> Result<Vec<RegisteredDevice>, StorageError>;

    /// How many devices are in use.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    fn devices_in_use(&self) -> Result<u32, StorageError>;

    /// Adds a user or replaces the one with the same id.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be written.
    fn put_user(&mut self, user: &User) -> Result<(), StorageError>;

    /// Adds a device or replaces the one with the same id.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be written.
    fn put_device(&mut self, device: &RegisteredDevice) -> Result<(), StorageError>;
}
