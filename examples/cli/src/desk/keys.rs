//! The desk's keys, age-encrypted with one passphrase:
//!
//! - `issuer/slot-NN-FINGERPRINT.age`: the present key of each slot; `issuer/retired/`: those that a
//!   rotation replaced. Each has its description beside it (`.age.json`), which is no secret.
//! - `wrapping_key.age`: wraps the admin keys of suite-3 devices.
//! - `checkpoint_key.age` and `checkpoint.pub`: sign and check checkpoints of the audit log.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fido_unlock::helpdesk::KeyRing;
use fido_unlock::helpdesk::audit::{CheckpointKey, SoftwareCheckpointSigner};
use fido_unlock::ports::{CheckpointSigner, Entropy};
use fido_unlock::suite::IssuerKey;
use fido_unlock::{AdminKey, ErrorCode, Suite};
use fido_unlock_files::WrappingKey;
use fido_unlock_files::key_file::{self, Encoding, KeyDescription, Passphrase, Protection};
use getrandom::SysRng;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::session_file::write_file;

const WRAPPING_KEY: &str = "wrapping_key.age";
const CHECKPOINT_KEY: &str = "checkpoint_key.age";
const CHECKPOINT_PUBLIC: &str = "checkpoint.pub";

/// Where the keys lie.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

/// An issuer key that has not been opened.
pub struct DescribedKey {
    /// Its file.
    pub path: PathBuf,
    /// Whether a newer one has taken its place.
    pub retired: bool,
    /// Suite, slot, Q.
    pub description: KeyDescription,
}

impl KeyFolder {
    /// The keys of a desk's folder, or of a backup.
    pub fn of_desk(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn issuer(&self, retired: bool) -> PathBuf {
        let folder = self.0.join("issuer");
        if retired { folder.join("retired") } else { folder }
    }

    /// Makes wrapping key and checkpoint key of a new desk.
    pub fn create(&self, passphrase: &Passphrase) -> Result<(), Failure> {
        let mut bytes = Zeroizing::new(vec![0; 32]);
        SysRng.fill(&mut bytes)?;
        let wrapping = AdminKey::new(bytes).ok_or(ErrorCode::EntropyFailed)?;
        let protection = Protection::Age(passphrase);
        let encode = |key: &IssuerKey| key_file::encode(key, Encoding::Pem, protection, &mut SysRng);
        write_file(
            &self.0.join(WRAPPING_KEY),
            &encode(&IssuerKey::admin_key(wrapping))?,
        )?;
        let signer = SoftwareCheckpointSigner::make(&mut SysRng)?;
        let key = IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &signer.expose_scalar())
            .ok_or(ErrorCode::EntropyFailed)?;
        write_file(&self.0.join(CHECKPOINT_KEY), &encode(&key)?)?;
        let public = base16ct::lower::encode_string(&signer.public().to_compressed());
        write_file(&self.0.join(CHECKPOINT_PUBLIC), format!("{public}\n").as_bytes())
    }

    /// Every issuer key, by slot, the present one of a slot first; nothing is decrypted.
    pub fn describe(&self) -> Result<Vec<DescribedKey>, Failure> {
        let mut keys = Vec::new();
        for retired in [false, true] {
            for path in age_files(&self.issuer(retired))? {
                let description = key_file::describe(&path)?;
                keys.push(DescribedKey {
                    path,
                    retired,
                    description,
                });
            }
        }
        keys.sort_by_key(|key| (key.description.slot, key.retired));
        Ok(keys)
    }

    /// Opens every issuer key.
    pub fn ring(&self, passphrase: &Passphrase) -> Result<KeyRing, Failure> {
        let mut ring = KeyRing::new();
        for kept in self.describe()? {
            let loaded = key_file::load(&kept.path, Some(passphrase))?;
            if kept.retired {
                ring.insert_retired(loaded.description.slot, loaded.key)?;
            } else {
                ring.insert(loaded.description.slot, loaded.key)?;
            }
        }
        Ok(ring)
    }

    /// Opens the wrapping key, which also shows whether the passphrase is the desk's.
    pub fn wrapping_key(&self, passphrase: &Passphrase) -> Result<WrappingKey, Failure> {
        let key = self.open(WRAPPING_KEY, Suite::AesAdminKey, passphrase)?;
        let bytes = key
            .expose_admin_key()
            .map(AdminKey::expose_bytes)
            .unwrap_or_default();
        let mut array = Zeroizing::new([0; 32]);
        if bytes.len() != array.len() {
            return Err(Failure::corrupt(&self.0.join(WRAPPING_KEY)));
        }
        array.copy_from_slice(bytes);
        Ok(WrappingKey::new(*array))
    }

    /// Opens the checkpoint key.
    pub fn checkpoint_signer(&self, passphrase: &Passphrase) -> Result<SoftwareCheckpointSigner, Failure> {
        self.open(CHECKPOINT_KEY, Suite::P256Ecdsa, passphrase)?
            .expose_p256_scalar()
            .and_then(|scalar| SoftwareCheckpointSigner::from_scalar(&scalar))
            .ok_or_else(|| Failure::corrupt(&self.0.join(CHECKPOINT_KEY)))
    }

    /// The desk's own public key for checkpoints.
    pub fn checkpoint_key(&self) -> Result<CheckpointKey, Failure> {
        read_checkpoint_key(&self.0.join(CHECKPOINT_PUBLIC))
    }

    fn open(&self, name: &str, suite: Suite, passphrase: &Passphrase) -> Result<IssuerKey, Failure> {
        let path = self.0.join(name);
        let bytes = std::fs::read(&path).map_err(|error| Failure::read(&path, &error))?;
        Ok(key_file::decode(&bytes, suite, Some(passphrase))?)
    }

    /// Writes a slot's present key.
    pub fn save(&self, key: &IssuerKey, slot: u8, passphrase: &Passphrase) -> Result<PathBuf, Failure> {
        let public = key.public().ok_or(ErrorCode::SignerSuite)?;
        let [a, b, c, d, ..] = public.fingerprint();
        let print = base16ct::lower::encode_string(&[a, b, c, d]);
        let folder = self.issuer(false);
        std::fs::create_dir_all(&folder).map_err(|error| Failure::write(&folder, &error))?;
        let path = folder.join(format!("slot-{slot:02}-{print}.age"));
        let protection = Protection::Age(passphrase);
        key_file::save(&path, key, slot, Encoding::Pem, protection, &mut SysRng)?;
        Ok(path)
    }

    /// Moves a slot's present key to the retired ones; the description first, so that at no moment a
    /// key is without one.
    pub fn retire(&self, key: &DescribedKey) -> Result<(), Failure> {
        let folder = self.issuer(true);
        std::fs::create_dir_all(&folder).map_err(|error| Failure::write(&folder, &error))?;
        let name = key.path.file_name().ok_or(ErrorCode::InvalidArgument)?;
        let new = folder.join(name);
        let description = key.path.with_added_extension("json");
        copy(&description, &new.with_added_extension("json"))?;
        std::fs::rename(&key.path, &new).map_err(|error| Failure::write(&new, &error))?;
        // One that stays is overwritten or ignored: only `.age` files are keys.
        let _ = std::fs::remove_file(description);
        Ok(())
    }

    /// Copies every key that `to` lacks: how many there were. Nothing is overwritten.
    pub fn copy_missing(&self, to: &Self) -> Result<usize, Failure> {
        let mut copied = 0;
        let kept = to.describe()?;
        for key in self.describe()? {
            if kept
                .iter()
                .any(|kept| kept.description.public == key.description.public)
            {
                continue;
            }
            let folder = to.issuer(key.retired);
            std::fs::create_dir_all(&folder).map_err(|error| Failure::write(&folder, &error))?;
            let name = key.path.file_name().ok_or(ErrorCode::InvalidArgument)?;
            let new = folder.join(name);
            let json = "json";
            copy(
                &key.path.with_added_extension(json),
                &new.with_added_extension(json),
            )?;
            copy(&key.path, &new)?;
            copied += 1;
        }
        for name in [WRAPPING_KEY, CHECKPOINT_KEY, CHECKPOINT_PUBLIC, "admin_keys.json"] {
            let (from, new) = (self.0.join(name), to.0.join(name));
            if from.exists() && !new.exists() {
                copy(&from, &new)?;
                copied += 1;
            }
        }
        Ok(copied)
    }
}

/// A public key for checkpoints: a compressed point in hex.
pub fn read_checkpoint_key(path: &Path) -> Result<CheckpointKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::read(path, &error))?;
    let bytes = base16ct::mixed::decode_vec(text.trim()).map_err(|_| Failure::corrupt(path))?;
    CheckpointKey::from_compressed(&bytes).map_err(|_| Failure::corrupt(path))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(from).map_err(|error| Failure::read(from, &error))?;
    write_file(to, &bytes)
}

fn age_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: &std::io::Error| Failure::read(folder, error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path.extension() == Some(OsStr::new("age")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
