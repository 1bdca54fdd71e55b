//! The desk's keys, age-encrypted with one passphrase:
//!
//! - `issuer_keys.age`: the issuer keys of every slot, present and retired; `issuers.json`: their
//!   public keys, for who has no passphrase.
//! - `desk_keys.age`: the key of the database's head, the pepper of passwords, the key that wraps the admin keys of
//!   suite-3 devices, which lie in `admin_keys.json`, and the key that signs checkpoints; `checkpoint.pub`: the
//!   public half of the last.

use std::path::{Path, PathBuf};

use fido_unlock_desk::log::{KeyName, NoteSigner};
use fido_unlock_desk::ports::IssuerInfo;
use fido_unlock_desk::{KeyRing, SoftwareSigner};
use fido_unlock_files::FileAdminKeys;
use fido_unlock_files::key_file::{DeskKeys, Passphrase, load_key_set, replace_key_set, save_key_set};
use fido_unlock_protocol::suite::{IssuerKey, IssuerPublicKey};
use fido_unlock_protocol::{ErrorCode, Suite};
use getrandom::SysRng;
use serde::{Deserialize, Serialize};

use crate::FolderFault;
use crate::brought::{read_bytes, read_json, read_text};
use crate::written::{make_folder, write_file};

const ISSUER_KEYS: &str = "issuer_keys.age";
const ISSUERS: &str = "issuers.json";
const DESK_KEYS: &str = "desk_keys.age";
const ADMIN_KEYS: &str = "admin_keys.json";
const CHECKPOINT_PUBLIC: &str = "checkpoint.pub";
/// Whose licences count; it is no key of the desk's, and is backed up with them.
pub(crate) const VENDOR: &str = "vendor.pub";

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
    #[must_use]
    pub fn of_desk(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Whether there are keys of a desk here.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path(DESK_KEYS).exists() || self.path(ISSUER_KEYS).exists()
    }

    /// Makes the keys of a new desk. What an attempt before left behind is taken, if the passphrase opens it.
    ///
    /// # Errors
    /// A file cannot be written; what was there opens with another passphrase.
    pub fn create(&self, passphrase: &Passphrase) -> Result<DeskKeys, FolderFault> {
        if !self.path(ISSUER_KEYS).exists() {
            save_key_set(&self.path(ISSUER_KEYS), &KeyRing::new(), passphrase)?;
        }
        self.write_issuers(&self.ring(passphrase)?)?;
        if !self.path(DESK_KEYS).exists() {
            DeskKeys::generate(&mut SysRng)?.save(&self.path(DESK_KEYS), passphrase)?;
        }
        self.desk_keys(passphrase)
    }

    /// Writes the public key of checkpoints, which are signed under the name of the log.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_checkpoint_key(&self, keys: &DeskKeys, log: KeyName) -> Result<(), FolderFault> {
        let line = keys.checkpoint_signer(log).verifier().to_line();
        write_file(&self.checkpoint_public(), format!("{line}\n").as_bytes())
    }

    /// Adds the public key of checkpoints under the log's new name; older checkpoints are under the older ones.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn add_checkpoint_key(&self, keys: &DeskKeys, log: KeyName) -> Result<(), FolderFault> {
        let path = self.checkpoint_public();
        let mut text = if path.exists() {
            read_text(&path)?.to_string()
        } else {
            String::new()
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&keys.checkpoint_signer(log).verifier().to_line());
        text.push('\n');
        write_file(&path, text.as_bytes())
    }

    /// The public keys, by slot, the present one of a slot first; nothing is decrypted.
    ///
    /// # Errors
    /// The file cannot be read, or says no key.
    pub fn issuers(&self) -> Result<Vec<IssuerInfo>, FolderFault> {
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
        issuers.ok_or_else(|| FolderFault::corrupt(&path, "a suite or a public key"))
    }

    fn write_issuers(&self, ring: &KeyRing) -> Result<(), FolderFault> {
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
    ///
    /// # Errors
    /// The file cannot be read, or opens with another passphrase.
    pub fn ring(&self, passphrase: &Passphrase) -> Result<KeyRing, FolderFault> {
        let path = self.path(ISSUER_KEYS);
        load_key_set(&path, passphrase).map_err(|error| FolderFault::at(&path, &error))
    }

    /// Writes the issuer keys, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_ring(&self, ring: &KeyRing, passphrase: &Passphrase) -> Result<(), FolderFault> {
        replace_key_set(&self.path(ISSUER_KEYS), ring, passphrase)?;
        self.write_issuers(ring)
    }

    /// Opens the desk's own keys.
    ///
    /// # Errors
    /// The file cannot be read, or opens with another passphrase.
    pub fn desk_keys(&self, passphrase: &Passphrase) -> Result<DeskKeys, FolderFault> {
        let path = self.path(DESK_KEYS);
        DeskKeys::load(&path, passphrase).map_err(|error| FolderFault::at(&path, &error))
    }

    /// The same; `None` where there is no such file.
    ///
    /// # Errors
    /// As [`KeyFolder::desk_keys`].
    pub fn find_desk_keys(&self, passphrase: &Passphrase) -> Result<Option<DeskKeys>, FolderFault> {
        if self.path(DESK_KEYS).exists() {
            self.desk_keys(passphrase).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The admin keys of suite-3 devices.
    #[must_use]
    pub fn admin_keys(&self, keys: &DeskKeys) -> FileAdminKeys {
        FileAdminKeys::new(&self.path(ADMIN_KEYS), keys.wrapping_key())
    }

    /// A signer over all keys.
    ///
    /// # Errors
    /// As [`KeyFolder::ring`].
    pub fn signer(&self, keys: &DeskKeys, passphrase: &Passphrase) -> Result<SoftwareSigner, FolderFault> {
        let admin_keys = Box::new(self.admin_keys(keys));
        Ok(SoftwareSigner::new(self.ring(passphrase)?, admin_keys))
    }

    /// Where the public key of checkpoints stands.
    #[must_use]
    pub fn checkpoint_public(&self) -> PathBuf {
        self.path(CHECKPOINT_PUBLIC)
    }

    /// Copies every file of keys, and the vendor's, to a folder that is new, and opens what was copied: a backup that
    /// was never opened is none. Gives the copied issuer keys.
    ///
    /// # Errors
    /// A file cannot be read or written, or what was copied does not open.
    pub fn back_up(&self, to: &Self, passphrase: &Passphrase) -> Result<KeyRing, FolderFault> {
        make_folder(&to.0)?;
        for name in [
            ISSUER_KEYS,
            ISSUERS,
            DESK_KEYS,
            ADMIN_KEYS,
            CHECKPOINT_PUBLIC,
            VENDOR,
        ] {
            let from = self.path(name);
            // A desk without suite-3 devices has no admin keys, one that was made without `--vendor` no vendor's.
            if ![ADMIN_KEYS, VENDOR].contains(&name) || from.exists() {
                copy(&from, &to.path(name))?;
            }
        }
        to.desk_keys(passphrase)?;
        to.ring(passphrase)
    }

    /// Adds every key of a backup that is lacking here; nothing is overwritten. A slot that has a
    /// present key keeps it: the backup's comes in as a retired one, for devices that still have it. Gives the keys
    /// that were added, in the order in which they came in.
    ///
    /// # Errors
    /// A file cannot be read or written; a key of the backup has no place.
    pub fn restore(&self, backup: &Self, passphrase: &Passphrase) -> Result<Vec<IssuerInfo>, FolderFault> {
        let source = backup.ring(passphrase)?;
        let path = self.path(ISSUER_KEYS);
        let mut ring = if path.exists() {
            self.ring(passphrase)?
        } else {
            KeyRing::new()
        };
        let mut added = Vec::new();
        // The ring lists the newest first, so the oldest goes in first.
        for kept in source.keys().into_iter().rev() {
            let mut info = kept.info();
            if ring.find(&info.public).is_some() {
                continue;
            }
            let copy = kept
                .expose_key()
                .expose_p256_scalar()
                .and_then(|scalar| IssuerKey::from_p256_scalar(info.suite, &scalar))
                .ok_or(ErrorCode::SignerSuite)?;
            info.retired |= ring.present(info.slot).is_some();
            if info.retired {
                ring.insert_retired(info.slot, copy)?;
            } else {
                ring.insert(info.slot, copy)?;
            }
            added.push(info);
        }
        self.save_ring(&ring, passphrase)?;
        self.restore_files(backup)?;
        Ok(added)
    }

    /// Copies the files that are missing here, so that the desk can be opened.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn restore_files(&self, backup: &Self) -> Result<(), FolderFault> {
        for name in [DESK_KEYS, ADMIN_KEYS, CHECKPOINT_PUBLIC, VENDOR] {
            let (from, to) = (backup.path(name), self.path(name));
            if from.exists() && !to.exists() {
                copy(&from, &to)?;
            }
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), FolderFault> {
    let bytes = read_bytes(from)?;
    write_file(to, &bytes)
}
