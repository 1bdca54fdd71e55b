//! The desk's keys, age-encrypted with one passphrase:
//!
//! - `issuer_keys.age`: the issuer keys of every slot, present and retired; `issuers.json`: their
//!   public keys, for who has no passphrase.
//! - `wrapping_key.age`: wraps the admin keys of suite-3 devices, which lie in `admin_keys.json`.
//! - `checkpoint_key.age` and `checkpoint.pub`: sign and check checkpoints of the audit log.

use std::path::{Path, PathBuf};

use fido_unlock::desk::KeyRing;
use fido_unlock::desk::audit::{CheckpointKey, SoftwareCheckpointSigner};
use fido_unlock::desk::ports::{CheckpointSigner, IssuerInfo};
use fido_unlock::ports::Entropy;
use fido_unlock::suite::{IssuerKey, IssuerPublicKey};
use fido_unlock::{AdminKey, ErrorCode, Suite};
use fido_unlock_files::WrappingKey;
use fido_unlock_files::key_file::{
    self, Encoding, Passphrase, Protection, load_key_set, replace_key_set, save_key_set,
};
use fido_unlock_system::SystemEntropy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::brought::{form, read_bytes, read_json, read_text};
use crate::failure::Failure;
use crate::session_file::write_file;

const ISSUER_KEYS: &str = "issuer_keys.age";
const ISSUERS: &str = "issuers.json";
const WRAPPING_KEY: &str = "wrapping_key.age";
const ADMIN_KEYS: &str = "admin_keys.json";
const CHECKPOINT_KEY: &str = "checkpoint_key.age";
const CHECKPOINT_PUBLIC: &str = "checkpoint.pub";

/// Where the keys lie.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

#[derive(Serialize, Deserialize)]
struct StoredIssuer {
    slot: u8,
    suite: u8,
    public: String,
    retired: bool,
}

impl KeyFolder {
    /// The keys of a desk's folder, or of a backup.
    pub fn of_desk(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the key set, wrapping key and checkpoint key of a new desk.
    pub fn create(&self, passphrase: &Passphrase) -> Result<(), Failure> {
        save_key_set(&self.path(ISSUER_KEYS), &KeyRing::new(), passphrase)?;
        self.write_issuers(&KeyRing::new())?;
        let mut bytes = Zeroizing::new(vec![0; 32]);
        SystemEntropy.fill(&mut bytes)?;
        let wrapping = AdminKey::new(&bytes).ok_or(ErrorCode::EntropyFailed)?;
        let protection = Protection::Age(passphrase);
        let encode = |key: &IssuerKey| key_file::encode(key, Encoding::Pem, protection, &mut SystemEntropy);
        write_file(
            &self.path(WRAPPING_KEY),
            &encode(&IssuerKey::admin_key(wrapping))?,
        )?;
        let signer = SoftwareCheckpointSigner::make(&mut SystemEntropy)?;
        let key = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &signer.expose_scalar())
            .ok_or(ErrorCode::EntropyFailed)?;
        write_file(&self.path(CHECKPOINT_KEY), &encode(&key)?)?;
        let public = base16ct::lower::encode_string(&signer.public().to_compressed());
        write_file(&self.path(CHECKPOINT_PUBLIC), format!("{public}\n").as_bytes())
    }

    /// The public keys, by slot, the present one of a slot first; nothing is decrypted.
    pub fn issuers(&self) -> Result<Vec<IssuerInfo>, Failure> {
        let path = self.path(ISSUERS);
        let stored: Vec<StoredIssuer> = read_json(&path)?;
        let read = |stored: &StoredIssuer| {
            let public = base16ct::lower::decode_vec(&stored.public).ok()?;
            Some(IssuerInfo {
                slot: stored.slot,
                suite: Suite::from_number(stored.suite)?,
                public: IssuerPublicKey::from_compressed(&public).ok()?,
                retired: stored.retired,
            })
        };
        let issuers: Option<Vec<IssuerInfo>> = stored.iter().map(read).collect();
        issuers.ok_or_else(|| Failure::corrupt(&path, "a suite or a public key"))
    }

    fn write_issuers(&self, ring: &KeyRing) -> Result<(), Failure> {
        let path = self.path(ISSUERS);
        let stored: Vec<StoredIssuer> = ring
            .keys()
            .into_iter()
            .map(|kept| kept.info())
            .map(|info| StoredIssuer {
                slot: info.slot,
                suite: info.suite.number(),
                public: base16ct::lower::encode_string(info.public.as_compressed()),
                retired: info.retired,
            })
            .collect();
        let json = serde_json::to_vec_pretty(&stored).map_err(|_| ErrorCode::HostFailed)?;
        write_file(&path, &json)
    }

    /// Opens the issuer keys.
    pub fn ring(&self, passphrase: &Passphrase) -> Result<KeyRing, Failure> {
        let path = self.path(ISSUER_KEYS);
        load_key_set(&path, passphrase).map_err(|error| Failure::at(&path, &error))
    }

    /// Writes the issuer keys, whole or not at all.
    pub fn save_ring(&self, ring: &KeyRing, passphrase: &Passphrase) -> Result<(), Failure> {
        replace_key_set(&self.path(ISSUER_KEYS), ring, passphrase)?;
        self.write_issuers(ring)
    }

    /// Opens the wrapping key.
    pub fn wrapping_key(&self, passphrase: &Passphrase) -> Result<WrappingKey, Failure> {
        let key = self.open(WRAPPING_KEY, Suite::AesAdminKey, passphrase)?;
        let bytes = key
            .expose_admin_key()
            .map(AdminKey::expose_bytes)
            .unwrap_or_default();
        let mut array = Zeroizing::new([0; 32]);
        if bytes.len() != array.len() {
            return Err(Failure::corrupt(
                &self.path(WRAPPING_KEY),
                "not a key of 32 bytes",
            ));
        }
        array.copy_from_slice(bytes);
        Ok(WrappingKey::new(*array))
    }

    /// Opens the checkpoint key.
    pub fn checkpoint_signer(&self, passphrase: &Passphrase) -> Result<SoftwareCheckpointSigner, Failure> {
        self.open(CHECKPOINT_KEY, Suite::P256Ecdsa, passphrase)?
            .expose_p256_scalar()
            .and_then(|scalar| SoftwareCheckpointSigner::from_scalar(&scalar))
            .ok_or_else(|| Failure::corrupt(&self.path(CHECKPOINT_KEY), "not a P-256 key"))
    }

    /// The desk's own public key for checkpoints.
    pub fn checkpoint_key(&self) -> Result<CheckpointKey, Failure> {
        read_checkpoint_key(&self.path(CHECKPOINT_PUBLIC))
    }

    fn open(&self, name: &str, suite: Suite, passphrase: &Passphrase) -> Result<IssuerKey, Failure> {
        let path = self.path(name);
        let bytes = read_bytes(&path)?;
        key_file::decode(&bytes, suite, Some(passphrase)).map_err(|error| Failure::at(&path, &error))
    }

    /// Copies every file of keys to a folder that is new, and opens what was copied: a backup that
    /// was never opened is none. Gives the copied issuer keys.
    pub fn back_up(&self, to: &Self, passphrase: &Passphrase) -> Result<KeyRing, Failure> {
        for name in [
            ISSUER_KEYS,
            ISSUERS,
            WRAPPING_KEY,
            ADMIN_KEYS,
            CHECKPOINT_KEY,
            CHECKPOINT_PUBLIC,
        ] {
            let from = self.path(name);
            // A desk without suite-3 devices has no admin keys.
            if name != ADMIN_KEYS || from.exists() {
                copy(&from, &to.path(name))?;
            }
        }
        to.wrapping_key(passphrase)?;
        to.checkpoint_signer(passphrase)?;
        to.ring(passphrase)
    }

    /// Adds every key of a backup that is lacking here; nothing is overwritten. A slot that has a
    /// present key keeps it: the backup's comes in as a retired one, for devices that still have it.
    pub fn restore(&self, backup: &Self, passphrase: &Passphrase) -> Result<usize, Failure> {
        let source = backup.ring(passphrase)?;
        let path = self.path(ISSUER_KEYS);
        let mut ring = if path.exists() {
            self.ring(passphrase)?
        } else {
            KeyRing::new()
        };
        let mut added = 0;
        // The ring lists the newest first, so the oldest goes in first.
        for kept in source.keys().into_iter().rev() {
            let info = kept.info();
            if ring.find(&info.public).is_some() {
                continue;
            }
            let copy = kept
                .expose_key()
                .expose_p256_scalar()
                .and_then(|scalar| IssuerKey::from_p256_scalar(info.suite, &scalar))
                .ok_or(ErrorCode::SignerSuite)?;
            if info.retired || ring.present(info.slot).is_some() {
                ring.insert_retired(info.slot, copy)?;
            } else {
                ring.insert(info.slot, copy)?;
            }
            added += 1;
        }
        self.save_ring(&ring, passphrase)?;
        for name in [WRAPPING_KEY, ADMIN_KEYS, CHECKPOINT_KEY, CHECKPOINT_PUBLIC] {
            let (from, to) = (backup.path(name), self.path(name));
            if from.exists() && !to.exists() {
                copy(&from, &to)?;
            }
        }
        Ok(added)
    }
}

/// A public key for checkpoints: a compressed point in hex.
pub fn read_checkpoint_key(path: &Path) -> Result<CheckpointKey, Failure> {
    let text = read_text(path)?;
    let wrong = || {
        form(
            path,
            "not one line of 66 hexadecimal digits, a compressed point of P-256",
        )
    };
    let bytes = base16ct::mixed::decode_vec(text.trim()).map_err(|_| wrong())?;
    CheckpointKey::from_compressed(&bytes).map_err(|_| wrong())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = read_bytes(from)?;
    write_file(to, &bytes)
}
