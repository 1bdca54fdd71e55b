//! The folder of a help desk: licence, operators, keys, and opening it.

use std::path::Path;
use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::helpdesk::audit::{self, AuditReport};
use fido_unlock::helpdesk::{self, DeskPolicy, KeyRing, Operator, OperatorId, Role, UnixTime};
use fido_unlock::ports::LicenceTerms;
use fido_unlock_files::key_file::{self, KeyFileError, Passphrase};
use fido_unlock_files::{FileAuditLog, FilesDesk, WrappingKey};
use zeroize::Zeroizing;

use super::ports::HostNotifier;
use super::{HelpDesk, OwnerNotifier};
use crate::{IssuerKey, UnlockError};

/// An operator's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeskRole {
    /// Every privilege.
    Administrator,
    /// Answers callers and manages devices.
    DeviceServiceAdministrator,
}

/// A log that is whole.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AuditSummary {
    /// Entries.
    pub entries: u64,
    /// The hash of the last one in hex. A tail that was cut off is seen only against a hash that is
    /// kept elsewhere.
    pub head: String,
    /// The time of the last one: seconds since 1970-01-01 UTC.
    pub latest: u64,
}

impl From<AuditReport> for AuditSummary {
    fn from(report: AuditReport) -> Self {
        Self {
            entries: report.count,
            head: report.head.iter().map(|byte| format!("{byte:02x}")).collect(),
            latest: report.latest.0,
        }
    }
}

impl From<KeyFileError> for UnlockError {
    fn from(error: KeyFileError) -> Self {
        Self::of(&error)
    }
}

/// The folder of a help desk; one process at a time may work in it.
#[derive(uniffi::Object)]
pub struct DeskFolder(FilesDesk);

pub(super) fn operator_id(name: &str) -> Result<OperatorId, UnlockError> {
    Ok(OperatorId::new(name).ok_or(ErrorCode::OperatorUnknown)?)
}

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
            roles: vec![match role {
                DeskRole::Administrator => Role::Administrator,
                DeskRole::DeviceServiceAdministrator => Role::DeviceServiceAdministrator,
            }],
            privileges: Vec::new(),
        };
        Ok(self.0.operators().put(&operator, &password)?)
    }

    /// Keeps an issuer's key of suite 1 or 2 for a slot, under the passphrase of the folder's keys;
    /// the first call sets it. A lost key makes its devices unlockable no more: keep a backup of
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
        let passphrase = Passphrase::new(passphrase);
        let wrapping_key = if wrapping_key.is_empty() {
            None
        } else {
            let bytes = wrapping_key.try_into().map_err(|_| ErrorCode::InvalidArgument)?;
            Some(WrappingKey::new(bytes))
        };
        let notifier = Box::new(HostNotifier(notifier));
        let ports = self.0.ports(self.ring(&passphrase)?, wrapping_key, notifier)?;
        let desk = helpdesk::HelpDesk::open(ports, DeskPolicy::default())?;
        Ok(HelpDesk::new(desk))
    }

    /// Verifies the audit log, also while a desk is open.
    pub fn verify_audit(&self) -> Result<AuditSummary, UnlockError> {
        let log = FileAuditLog::open_read_only(&self.0.audit_log_path())?;
        Ok(audit::verify(&log, &[], None)?.into())
    }
}
