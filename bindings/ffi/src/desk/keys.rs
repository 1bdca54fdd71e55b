//! The keys of a desk beside its issuers'.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::SealKey;
use zeroize::Zeroizing;

use super::KeyFolder;
use crate::UnlockError;

/// The keys of a desk beside its issuers': the one under which its database is sealed, and the pepper of its operators'
/// passwords. Whoever has both and the database is the desk: keep them where the issuers' keys are.
#[derive(uniffi::Object)]
pub struct DeskKeys(Kept);

enum Kept {
    Given {
        seal: SealKey,
        pepper: Zeroizing<[u8; 32]>,
    },
    Folder(Arc<KeyFolder>),
}

fn key(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, UnlockError> {
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(ErrorCode::InvalidArgument.into());
    }
    key.copy_from_slice(bytes);
    Ok(key)
}

#[uniffi::export]
impl DeskKeys {
    /// Keys that the host keeps, wrapped by its HSM: 32 random bytes each, read where they lie.
    #[uniffi::constructor]
    pub fn of(seal_key: &[u8], pepper: &[u8]) -> Result<Arc<Self>, UnlockError> {
        Ok(Arc::new(Self(Kept::Given {
            seal: SealKey::from_bytes(*key(seal_key)?),
            pepper: key(pepper)?,
        })))
    }

    /// Those of a folder of key files.
    #[uniffi::constructor]
    #[must_use]
    pub fn folder(folder: Arc<KeyFolder>) -> Arc<Self> {
        Arc::new(Self(Kept::Folder(folder)))
    }
}

impl DeskKeys {
    pub(super) fn seal_key(&self) -> SealKey {
        match &self.0 {
            Kept::Given { seal, .. } => SealKey::from_bytes(*seal.expose_bytes()),
            Kept::Folder(folder) => folder.keys().seal_key(),
        }
    }

    pub(super) fn pepper(&self) -> Zeroizing<[u8; 32]> {
        match &self.0 {
            Kept::Given { pepper, .. } => pepper.clone(),
            Kept::Folder(folder) => folder.keys().pepper(),
        }
    }
}
