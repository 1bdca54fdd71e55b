//! The folder of a help desk: licence, operators, keys, and opening it.

use std::path::Path;
use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::LicenceTerms;
use fido_unlock::desk::{KeyRing, Operator, UnixTime, audit};
use fido_unlock_files::key_file::{self, KeyFileError, Passphrase};
use fido_unlock_files::{FileAuditLog, FilesDesk, WrappingKey};
use zeroize::Zeroizing;

use super::builder::Parts;
use super::ports::HostNotifier;
use super::types::operator_id;
use super::{AuditSummary, DeskBuilder, DeskRole, HelpDesk, OwnerNotifier, checkpoint};
use crate::{IssuerKey, UnlockError};

impl From<KeyFileError> for UnlockError {
    fn from(error: KeyFileError) -> Self {
        Self::of(&error)
    }
}

/// The folder of a help desk; one process at a time may work in it.
#[derive(uniffi::Object)]
pub struct DeskFolder(FilesDesk);

impl DeskFolder {
    fn ring(&self, passphrase: &Passphrase) -> Result<KeyRing, UnlockError> {
        match key_file::load_key_set(&self.0.key_set_path(), passphrase) {
            Err(KeyFileError::Missing) => Ok(KeyRing::new()),
            other => Ok(other?),
        }
    }
}

#[uniffi::export]
impl DeskFolder {
    /// Makes the folder, where it does not exist, and a new audit log in it.
    #[uniffi::constructor]
    pub fn create(path: String) -> Result<Arc<Self>, UnlockError> {
        Ok(Arc::new(Self(FilesDesk::create(Path::new(&path))?)))
    }

    /// A folder that `create` made.
    #[uniffi::constructor]
    #[must_use]
    pub fn at(path: String) -> Arc<Self> {
        Arc::new(Self(FilesDesk::at(Path::new(&path))))
    }

    /// Writes the licence. `valid_until`: seconds since 1970-01-01 UTC; `contact`: whom to ask for a
    /// new one.
    pub fn put_licence(&self, valid_until: u64, devices: u32, contact: String) -> Result<(), UnlockError> {
        let terms = LicenceTerms {
            service_on: true,
            valid_until: UnixTime(valid_until),
            devices,
            contact,
        };
        Ok(self.0.licence().put(&terms)?)
    }

    /// Adds or replaces an operator; the password is wiped on this side.
    pub fn put_operator(&self, name: String, password: String, role: DeskRole) -> Result<(), UnlockError> {
        let password = Zeroizing::new(password);
        let operator = Operator {
            id: operator_id(&name)?,
            roles: vec![role.into()],
            privileges: Vec::new(),
        };
        Ok(self.0.operators().put(&operator, &password)?)
    }

    /// Keeps an issuer's key of suite 1 or 2 for a slot, under the passphrase of the folder's keys;
    /// the first call sets it. Once a key is lost, its devices can never be unlocked again: keep a backup of
    /// `keys.age`.
    pub fn put_issuer_key(
        &self,
        slot: u8,
        key: Arc<IssuerKey>,
        passphrase: String,
    ) -> Result<(), UnlockError> {
        let passphrase = Passphrase::new(passphrase);
        let mut ring = self.ring(&passphrase)?;
        ring.insert(slot, key.copy()?)?;
        Ok(key_file::replace_key_set(
            &self.0.key_set_path(),
            &ring,
            &passphrase,
        )?)
    }

    /// Opens the desk with the default policy. `passphrase`: of the keys; `wrapping_key`: 32 bytes
    /// that the admin keys of suite-3 devices are wrapped with, empty for a desk without such devices.
    pub fn open(
        &self,
        passphrase: String,
        wrapping_key: &[u8],
        notifier: Arc<dyn OwnerNotifier>,
    ) -> Result<Arc<HelpDesk>, UnlockError> {
        self.builder(passphrase, wrapping_key, notifier)?.open()
    }

    /// The same, before it is opened: the host may put a port of its own in the place of each.
    pub fn builder(
        &self,
        passphrase: String,
        wrapping_key: &[u8],
        notifier: Arc<dyn OwnerNotifier>,
    ) -> Result<Arc<DeskBuilder>, UnlockError> {
        let passphrase = Passphrase::new(passphrase);
        let wrapping_key = if wrapping_key.is_empty() {
            None
        } else {
            let bytes = wrapping_key.try_into().map_err(|_| ErrorCode::InvalidArgument)?;
            Some(WrappingKey::new(bytes))
        };
        let notifier = Box::new(HostNotifier(notifier));
        let ports = self.0.ports(self.ring(&passphrase)?, wrapping_key, notifier)?;
        Ok(DeskBuilder::of(Parts {
            clock: Some(ports.clock),
            licence: Some(ports.licence),
            operators: Some(ports.operators),
            directory: Some(ports.directory),
            limits: Some(ports.limits),
            audit_log: Some(ports.audit_log),
            signer: Some(ports.signer),
            notifier: Some(ports.notifier),
            ..Parts::default()
        }))
    }

    /// Verifies the audit log, also while a desk is open.
    pub fn verify_audit(&self) -> Result<AuditSummary, UnlockError> {
        let log = FileAuditLog::open_read_only(&self.0.audit_log_path())?;
        Ok(audit::verify(&log, &[], None)?.into())
    }

    /// The same, and compares it with checkpoints: see `HelpDesk.verify_audit_against`.
    pub fn verify_audit_against(
        &self,
        checkpoints: Vec<Vec<u8>>,
        public_key: Vec<u8>,
    ) -> Result<AuditSummary, UnlockError> {
        let (checkpoints, key) = (checkpoint::read(&checkpoints)?, checkpoint::key(&public_key)?);
        let log = FileAuditLog::open_read_only(&self.0.audit_log_path())?;
        Ok(audit::verify(&log, &checkpoints, Some(&key))?.into())
    }
}
