//! Users and devices in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{Directory, StorageError};
use fido_unlock_desk::{RegisteredDevice, User, UserId};
use fido_unlock_protocol::DeviceId;

use super::{Faults, lock};

/// A registry that a test can also write past the desk.
#[derive(Clone, Debug)]
pub struct MemoryDirectory {
    inner: Arc<Mutex<Inner>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Inner {
    users: BTreeMap<UserId, User>,
    devices: BTreeMap<DeviceId, RegisteredDevice>,
}

impl MemoryDirectory {
    /// Empty.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self {
            inner: Arc::default(),
            faults,
        }
    }
}

impl Directory for MemoryDirectory {
    fn user(&self, id: &UserId) -> Result<Option<User>, StorageError> {
        Ok(lock(&self.inner).users.get(id).cloned())
    }

    fn search_users(&self, text: &str, limit: usize) -> Result<Vec<User>, StorageError> {
        let text = text.to_lowercase();
        let hit = |user: &&User| {
            user.id.as_str().to_lowercase().contains(&text) || user.name.to_lowercase().contains(&text)
        };
        Ok(lock(&self.inner)
            .users
            .values()
            .filter(hit)
            .take(limit)
            .cloned()
            .collect())
    }

    fn device(&self, id: &DeviceId) -> Result<Option<RegisteredDevice>, StorageError> {
        Ok(lock(&self.inner).devices.get(id).cloned())
    }

    fn devices_of(&self, user: &UserId) -> Result<Vec<RegisteredDevice>, StorageError> {
        let inner = lock(&self.inner);
        Ok(inner
            .devices
            .values()
            .filter(|device| device.owner == *user)
            .cloned()
            .collect())
    }

    fn devices_in_use(&self) -> Result<u32, StorageError> {
        let count = lock(&self.inner)
            .devices
            .values()
            .filter(|device| !device.retired)
            .count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn put_user(&mut self, user: &User) -> Result<(), StorageError> {
        self.faults.write()?;
        lock(&self.inner).users.insert(user.id.clone(), user.clone());
        Ok(())
    }

    fn put_device(&mut self, device: &RegisteredDevice) -> Result<(), StorageError> {
        self.faults.write()?;
        lock(&self.inner).devices.insert(device.id, device.clone());
        Ok(())
    }
}
