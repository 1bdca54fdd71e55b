//! The desk's signer, which several desks share, and which a program also asks for probes and rotation proofs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock_desk::ports::{Signer, SignerError};
use fido_unlock_desk::{KeyRing, SigningTask, SoftwareSigner};
use fido_unlock_files::key_file::DeskKeys;
use fido_unlock_protocol::{AdminKey, DeviceId};
use zeroize::Zeroizing;

use crate::KeyFolder;

/// Copies are the same signer.
#[derive(Clone)]
pub struct SharedSigner(Arc<Mutex<SoftwareSigner>>);

impl SharedSigner {
    /// Takes it over.
    #[must_use]
    pub fn new(signer: SoftwareSigner) -> Self {
        Self(Arc::new(Mutex::new(signer)))
    }

    /// One that has no issuer's key, for a command that signs nothing.
    #[must_use]
    pub fn without_keys(folder: &KeyFolder, keys: &DeskKeys) -> Self {
        let admin_keys = Box::new(folder.admin_keys(keys));
        Self::new(SoftwareSigner::new(KeyRing::new(), admin_keys))
    }

    /// The signer.
    pub fn lock(&self) -> MutexGuard<'_, SoftwareSigner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signer for SharedSigner {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        self.lock().sign(task)
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        Signer::check_admin_key(&*self.lock(), device, key)
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        Signer::store_admin_key(&mut *self.lock(), device, key)
    }
}
