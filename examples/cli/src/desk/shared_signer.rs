//! The desk's signer, which the command itself also asks for probes and rotation proofs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock::desk::ports::{IssuerInfo, ResponseSigner, SignerError};
use fido_unlock::desk::{Authorised, SoftwareSigner};
use fido_unlock::{AdminKey, DeviceId, ResponseCode};

/// Copies are the same signer.
#[derive(Clone)]
pub struct SharedSigner(Arc<Mutex<SoftwareSigner>>);

impl SharedSigner {
    /// Takes it over.
    pub fn new(signer: SoftwareSigner) -> Self {
        Self(Arc::new(Mutex::new(signer)))
    }

    /// The signer.
    pub fn lock(&self) -> MutexGuard<'_, SoftwareSigner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResponseSigner for SharedSigner {
    fn respond(&mut self, authorised: &Authorised) -> Result<ResponseCode, SignerError> {
        self.lock().respond(authorised)
    }

    fn issuers(&self) -> Vec<IssuerInfo> {
        self.lock().issuers()
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.lock().check_admin_key(device, key)
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.lock().store_admin_key(device, key)
    }
}
