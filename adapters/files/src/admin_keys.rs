//! `admin_keys.json`: the admin keys of suite-3 devices, wrapped with AES-KW (RFC 3394).
//!
//! Wrapping and fingerprint keys come from the [`WrappingKey`] by HKDF-SHA-256 (RFC 5869) without
//! salt: info "fido-unlock/1 admin key wrap" ‖ 00 ‖ Device ID for the AES-256 key of each device, so
//! that a wrapped key moved to another device does not unwrap; "fido-unlock/1 admin key fingerprint"
//! for the HMAC-SHA-256 that finds a shared key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aes_kw::{KeyInit, KwAes256};
use fido_unlock_desk::ports::{AdminKeyStore, StorageError};
use fido_unlock_protocol::{AdminKey, DeviceId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hex::{self, corrupt};
use crate::json_file::{self, WriterLock};

const WRAP_LABEL: &[u8] = b"fido-unlock/1 admin key wrap\0";
const FINGERPRINT_LABEL: &[u8] = b"fido-unlock/1 admin key fingerprint";

/// The key that wraps admin keys: 32 bytes, kept apart from the wrapped keys (a key file with a
/// passphrase).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WrappingKey([u8; 32]);

impl WrappingKey {
    /// From its 32 bytes; the caller's copy is the caller's to wipe.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn derive(&self, info: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>, StorageError> {
        let mut out = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.0)
            .expand_multi_info(info, &mut *out)
            .map_err(|_| corrupt("wrapping key"))?;
        Ok(out)
    }

    fn cipher(&self, device: &DeviceId) -> Result<KwAes256, StorageError> {
        let key = self.derive(&[WRAP_LABEL, device.as_bytes()])?;
        KwAes256::new_from_slice(&*key).map_err(|_| corrupt("wrapping key"))
    }

    fn fingerprint(&self, key: &AdminKey) -> Result<[u8; 32], StorageError> {
        let mac_key = self.derive(&[FINGERPRINT_LABEL])?;
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&*mac_key).map_err(|_| corrupt("wrapping key"))?;
        mac.update(key.expose_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}

/// Wrapped admin keys in a file, read at each use: it is locked only while one is added.
pub struct FileAdminKeys {
    path: PathBuf,
    wrapping_key: WrappingKey,
}

type Keys = BTreeMap<DeviceId, Wrapped>;

#[derive(Clone)]
struct Wrapped {
    wrapped: Vec<u8>,
    fingerprint: [u8; 32],
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    device: String,
    wrapped: String,
    fingerprint: String,
}

impl FileAdminKeys {
    /// The keys in this file; a missing file holds none.
    #[must_use]
    pub fn new(path: &Path, wrapping_key: WrappingKey) -> Self {
        Self {
            path: path.to_owned(),
            wrapping_key,
        }
    }

    fn keys(&self) -> Result<Keys, StorageError> {
        let stored: Stored = json_file::read(&self.path)?.unwrap_or_default();
        let key = |stored: &StoredKey| {
            Ok((
                DeviceId::from_bytes(hex::decode_array("Device ID", &stored.device)?),
                Wrapped {
                    wrapped: hex::decode("wrapped key", &stored.wrapped)?,
                    fingerprint: hex::decode_array("fingerprint", &stored.fingerprint)?,
                },
            ))
        };
        stored.keys.iter().map(key).collect()
    }
}

impl AdminKeyStore for FileAdminKeys {
    fn get(&self, device: &DeviceId) -> Result<Option<AdminKey>, StorageError> {
        let keys = self.keys()?;
        let Some(kept) = keys.get(device) else {
            return Ok(None);
        };
        let failed = |_| corrupt("a wrapped admin key, or the wrapping key is another");
        let length = kept
            .wrapped
            .len()
            .checked_sub(8)
            .ok_or_else(|| corrupt("wrapped key"))?;
        let mut key = Zeroizing::new(vec![0; length]);
        self.wrapping_key
            .cipher(device)?
            .unwrap_key(&kept.wrapped, &mut key)
            .map_err(failed)?;
        AdminKey::new(&key)
            .map(Some)
            .ok_or_else(|| corrupt("wrapped key"))
    }

    fn device_with(&self, key: &AdminKey) -> Result<Option<DeviceId>, StorageError> {
        let fingerprint = self.wrapping_key.fingerprint(key)?;
        let same = |kept: &Wrapped| bool::from(kept.fingerprint.ct_eq(&fingerprint));
        Ok(self
            .keys()?
            .iter()
            .find(|(_, kept)| same(kept))
            .map(|(device, _)| *device))
    }

    fn put(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), StorageError> {
        let _lock = WriterLock::take(&self.path)?;
        let mut wrapped = vec![0; key.expose_bytes().len().saturating_add(8)];
        self.wrapping_key
            .cipher(device)?
            .wrap_key(key.expose_bytes(), &mut wrapped)
            .map_err(|_| corrupt("admin key"))?;
        let mut keys = self.keys()?;
        let fingerprint = self.wrapping_key.fingerprint(key)?;
        keys.insert(*device, Wrapped { wrapped, fingerprint });
        let stored = |(device, kept): (&DeviceId, &Wrapped)| StoredKey {
            device: hex::encode(device.as_bytes()),
            wrapped: hex::encode(&kept.wrapped),
            fingerprint: hex::encode(&kept.fingerprint),
        };
        json_file::replace(
            &self.path,
            &Stored {
                keys: keys.iter().map(stored).collect(),
            },
        )
    }
}
