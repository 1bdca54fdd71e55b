//! The software signer: issuer keys by slot, and admin keys in a store.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::ports::{IssuerProver, ProverError};
use fido_unlock_protocol::suite::{
    AuthoriseFields, IssuerKey, IssuerPublicKey, ProbeTask, Purpose, RotationTask, SuiteError,
};
use fido_unlock_protocol::{AdminKey, DeviceId, ResponseCode};
use zeroize::Zeroizing;

use super::{SigningTask, ToSign};
use crate::ports::{AdminKeyStore, IssuerInfo, Signer, SignerError, StorageError};

/// An issuer key in its slot.
pub struct KeptKey {
    slot: u8,
    retired: bool,
    public: IssuerPublicKey,
    key: IssuerKey,
}

impl KeptKey {
    /// Slot, suite, Q, and whether it is retired.
    #[must_use]
    pub fn info(&self) -> IssuerInfo {
        IssuerInfo {
            slot: self.slot,
            suite: self.key.suite(),
            public: self.public,
            retired: self.retired,
        }
    }

    /// The key, for a key file, a backup or a rotation proof.
    #[must_use]
    pub const fn expose_key(&self) -> &IssuerKey {
        &self.key
    }
}

/// Issuer keys by slot: each has one present key and any number of retired ones, which serve devices
/// that have not been rotated yet.
///
/// Once an issuer key is lost, its devices can never be unlocked again (a recovery key in slot 0 is the
/// only way out): keep a backup apart from this computer.
#[derive(Default)]
pub struct KeyRing {
    keys: Vec<KeptKey>,
}

impl KeyRing {
    /// Without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// Adds the present key of an empty slot (0 to 15).
    ///
    /// # Errors
    /// [`SignerError::KeyExists`] when the slot has a present key or the key is in any slot already;
    /// [`SignerError::WrongSuite`] for an admin key or a slot above 15.
    pub fn insert(&mut self, slot: u8, key: IssuerKey) -> Result<(), SignerError> {
        if self.present(slot).is_some() {
            return Err(SignerError::KeyExists);
        }
        self.push(slot, false, key)
    }

    /// Replaces the slot's present key, which is then retired.
    ///
    /// # Errors
    /// [`SignerError::KeyMissing`] when the slot is empty; [`SignerError::WrongSuite`] when the suite
    /// is another, which a rotation never changes; [`SignerError::KeyExists`] when the key is in a
    /// slot already.
    pub fn rotate(&mut self, slot: u8, key: IssuerKey) -> Result<(), SignerError> {
        let present = self.present(slot).ok_or(SignerError::KeyMissing)?.info();
        if present.suite != key.suite() {
            return Err(SignerError::WrongSuite);
        }
        self.push(slot, false, key)?;
        let old = self.keys.iter_mut().find(|kept| kept.public == present.public);
        if let Some(old) = old {
            old.retired = true;
        }
        Ok(())
    }

    /// Adds a retired key, as a key file or backup holds it.
    ///
    /// # Errors
    /// As [`KeyRing::insert`].
    pub fn insert_retired(&mut self, slot: u8, key: IssuerKey) -> Result<(), SignerError> {
        self.push(slot, true, key)
    }

    fn push(&mut self, slot: u8, retired: bool, key: IssuerKey) -> Result<(), SignerError> {
        let public = key
            .public()
            .filter(|_| slot <= 15)
            .ok_or(SignerError::WrongSuite)?;
        if self.find(&public).is_some() {
            return Err(SignerError::KeyExists);
        }
        self.keys.push(KeptKey {
            slot,
            retired,
            public,
            key,
        });
        Ok(())
    }

    /// The slot's present key.
    #[must_use]
    pub fn present(&self, slot: u8) -> Option<&KeptKey> {
        self.keys.iter().find(|kept| kept.slot == slot && !kept.retired)
    }

    /// The key with this Q, present or retired.
    #[must_use]
    pub fn find(&self, public: &IssuerPublicKey) -> Option<&KeptKey> {
        self.keys.iter().find(|kept| kept.public == *public)
    }

    /// All keys, by slot, the present one of a slot first and then the retired ones, newest first.
    #[must_use]
    pub fn keys(&self) -> Vec<&KeptKey> {
        let mut keys: Vec<_> = self.keys.iter().rev().collect();
        keys.sort_by_key(|kept| (kept.slot, kept.retired));
        keys
    }
}

impl IssuerProver for KeyRing {
    fn prove_probe(&mut self, task: &ProbeTask) -> Result<ResponseCode, ProverError> {
        let kept = kept_for(self, task.slot(), task.fields()).ok_or(ProverError::KeyMissing)?;
        Ok(kept.key.respond(task.fields())?)
    }

    fn prove_rotation(&mut self, task: &RotationTask) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        let kept = self.find(task.signing_key()).ok_or(ProverError::KeyMissing)?;
        Ok(kept.key.prove_rotation(task.fields(), task.device_key())?)
    }
}

impl IssuerProver for SoftwareSigner {
    fn prove_probe(&mut self, task: &ProbeTask) -> Result<ResponseCode, ProverError> {
        self.ring.prove_probe(task)
    }

    fn prove_rotation(&mut self, task: &RotationTask) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        self.ring.prove_rotation(task)
    }
}

fn respond_line(ring: &KeyRing, slot: u8, fields: &AuthoriseFields) -> Result<ResponseCode, SignerError> {
    let kept = kept_for(ring, slot, fields).ok_or(SignerError::KeyMissing)?;
    Ok(kept.key.respond(fields)?)
}

/// The key that these fields name, if it is in that slot.
fn kept_for<'a>(ring: &'a KeyRing, slot: u8, fields: &AuthoriseFields) -> Option<&'a KeptKey> {
    ring.find(&fields.issuer).filter(|kept| kept.slot == slot)
}

/// Makes responses with keys in this process's memory.
pub struct SoftwareSigner {
    ring: KeyRing,
    admin_keys: Box<dyn AdminKeyStore + Send>,
}

impl SoftwareSigner {
    /// `admin_keys`: the keys of suite-3 devices.
    #[must_use]
    pub fn new(ring: KeyRing, admin_keys: Box<dyn AdminKeyStore + Send>) -> Self {
        Self { ring, admin_keys }
    }

    /// The issuer keys.
    #[must_use]
    pub const fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// A response that opens nothing and shows that an unlock would work. `fields`: of
    /// [`Purpose::Probe`]; another purpose is refused.
    ///
    /// # Errors
    /// [`SignerError`] when there is no such key.
    pub fn probe(&self, slot: u8, fields: &AuthoriseFields) -> Result<ResponseCode, SignerError> {
        if fields.purpose != Purpose::Probe {
            return Err(SignerError::WrongSuite);
        }
        respond_line(&self.ring, slot, fields)
    }
}

impl Signer for SoftwareSigner {
    fn sign(&mut self, task: &SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        if let ToSign::Block(challenge) = task.to_sign()? {
            let key = self.admin_keys.get(&task.device())?;
            let key = IssuerKey::admin_key(key.ok_or(SignerError::KeyMissing)?);
            return Ok(Zeroizing::new(
                key.respond_aes(&challenge)?.expose_bytes().to_vec(),
            ));
        }
        let fields = task.fields().ok_or(SignerError::WrongSuite)?;
        let kept = kept_for(&self.ring, task.slot(), &fields).ok_or(SignerError::KeyMissing)?;
        Ok(kept.key.answer(&fields)?)
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        match self.admin_keys.device_with(key)? {
            Some(other) if other != *device => Err(SignerError::AdminKeyShared { other }),
            _ => Ok(()),
        }
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.check_admin_key(device, key)?;
        self.admin_keys.put(device, key).map_err(SignerError::from)
    }
}

impl From<SuiteError> for SignerError {
    fn from(error: SuiteError) -> Self {
        match error {
            SuiteError::WrongSuite | SuiteError::ChallengeSuite => Self::WrongSuite,
            SuiteError::OtherKey => Self::KeyMissing,
            SuiteError::Point => Self::InvalidPoint,
            other => Self::Failed {
                detail: format!("{other}"),
            },
        }
    }
}

/// What happens to issuer keys and operators beside the desk, to be recorded in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEvent {
    /// An issuer key was made, or rotated into a slot.
    Made {
        /// The slot.
        slot: u8,
        /// Q.
        public: IssuerPublicKey,
    },
    /// The issuer keys were backed up.
    BackedUp,
    /// The issuer keys were restored.
    Restored,
}

/// A store without admin keys, for a desk without suite-3 devices.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAdminKeys;

impl AdminKeyStore for NoAdminKeys {
    fn get(&self, _: &DeviceId) -> Result<Option<AdminKey>, StorageError> {
        Ok(None)
    }

    fn device_with(&self, _: &AdminKey) -> Result<Option<DeviceId>, StorageError> {
        Ok(None)
    }

    fn put(&mut self, _: &DeviceId, _: &AdminKey) -> Result<(), StorageError> {
        Err(StorageError::Write {
            detail: "this desk keeps no admin keys".into(),
        })
    }
}
