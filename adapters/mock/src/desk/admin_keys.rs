//! Admin keys in memory, not wrapped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{AdminKeyStore, StorageError};
use fido_unlock_protocol::{AdminKey, DeviceId};

use super::lock;

/// Admin keys of suite-3 devices: for tests and demonstrations only.
#[derive(Clone, Default)]
pub struct MemoryAdminKeys(Arc<Mutex<BTreeMap<DeviceId, AdminKey>>>);

fn copy(key: &AdminKey) -> Option<AdminKey> {
    AdminKey::new(key.expose_bytes())
}

impl AdminKeyStore for MemoryAdminKeys {
    fn get(&self, device: &DeviceId) -> Result<Option<AdminKey>, StorageError> {
        Ok(lock(&self.0).get(device).and_then(copy))
    }

    fn device_with(&self, key: &AdminKey) -> Result<Option<DeviceId>, StorageError> {
        let keys = lock(&self.0);
        let found = keys.iter().find(|(_, kept)| kept.ct_eq(key));
        Ok(found.map(|(device, _)| *device))
    }

    fn put(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), StorageError> {
        if let Some(key) = copy(key) {
            lock(&self.0).insert(*device, key);
        }
        Ok(())
    }
}
