//! Admin keys in memory, not wrapped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{AdminKeyStore, StorageError};
use fido_unlock_protocol::{AdminKey, DeviceId};

use super::{Faults, lock};

/// Admin keys of suite-3 devices: for tests and demonstrations only.
#[derive(Clone)]
pub struct MemoryAdminKeys {
    keys: Arc<Mutex<BTreeMap<DeviceId, AdminKey>>>,
    faults: Faults,
}

impl MemoryAdminKeys {
    /// Empty.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self {
            keys: Arc::default(),
            faults,
        }
    }
}

fn copy(key: &AdminKey) -> Option<AdminKey> {
    AdminKey::new(key.expose_bytes())
}

impl AdminKeyStore for MemoryAdminKeys {
    fn get(&self, device: &DeviceId) -> Result<Option<AdminKey>, StorageError> {
        Ok(lock(&self.keys).get(device).and_then(copy))
    }

    fn device_with(&self, key: &AdminKey) -> Result<Option<DeviceId>, StorageError> {
        let keys = lock(&self.keys);
        let found = keys.iter().find(|(_, kept)| kept.ct_eq(key));
        Ok(found.map(|(device, _)| *device))
    }

    fn put(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), StorageError> {
        self.faults.write()?;
        if let Some(key) = copy(key) {
            lock(&self.keys).insert(*device, key);
        }
        Ok(())
    }
}
