//! A help desk in one folder.

use std::path::{Path, PathBuf};

use fido_unlock_desk::ports::{AdminKeyStore, Notifier, StorageError};
use fido_unlock_desk::{DeskPorts, KeyRing, NoAdminKeys, SoftwareSigner};

use crate::whole_file::{make_private_folder, sync_folder};
use crate::{
    FileAdminKeys, FileAuditLog, FileDirectory, FileLicence, FileLimits, FileOperators, SystemClock,
    WrappingKey,
};

/// The folder of a help desk.
#[derive(Clone, Debug)]
pub struct FilesDesk(PathBuf);

impl FilesDesk {
    /// Makes the folder, if it does not exist, and a new audit log in it.
    ///
    /// # Errors
    /// [`StorageError::Write`] when there is an audit log already or it cannot be written.
    pub fn create(folder: &Path) -> Result<Self, StorageError> {
        let failed = |error: std::io::Error| StorageError::Write {
            detail: format!("{}: {error}", folder.display()),
        };
        make_private_folder(folder).map_err(failed)?;
        let desk = Self(folder.to_owned());
        FileAuditLog::create(&desk.audit_log_path())?;
        sync_folder(folder).map_err(failed)?;
        Ok(desk)
    }

    /// A folder that [`FilesDesk::create`] made.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// `audit.jsonl`.
    #[must_use]
    pub fn audit_log_path(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// `issuer_keys.age`, for [`key_file::load_key_set`](crate::key_file::load_key_set).
    #[must_use]
    pub fn key_set_path(&self) -> PathBuf {
        self.0.join("issuer_keys.age")
    }

    /// `licence.json`.
    #[must_use]
    pub fn licence(&self) -> FileLicence {
        FileLicence::new(&self.0.join("licence.json"))
    }

    /// `operators.json`.
    #[must_use]
    pub fn operators(&self) -> FileOperators {
        FileOperators::new(&self.0.join("operators.json"))
    }

    /// `directory.json`, with its lock.
    ///
    /// # Errors
    /// [`StorageError`] when another process has it or it cannot be read.
    pub fn directory(&self) -> Result<FileDirectory, StorageError> {
        FileDirectory::open(&self.0.join("directory.json"))
    }

    /// `limits.json`, with its lock.
    ///
    /// # Errors
    /// [`StorageError`] when another process has it or it cannot be read.
    pub fn limits(&self) -> Result<FileLimits, StorageError> {
        FileLimits::open(&self.0.join("limits.json"))
    }

    /// `admin_keys.json`.
    #[must_use]
    pub fn admin_keys(&self, wrapping_key: WrappingKey) -> FileAdminKeys {
        FileAdminKeys::new(&self.0.join("admin_keys.json"), wrapping_key)
    }

    /// Every port, with a software signer over `ring`; `wrapping_key`: for a desk with suite-3
    /// devices. Codes are shown, not sent: set [`DeskPorts::delivery`] to change that.
    ///
    /// # Errors
    /// [`StorageError::Busy`] when another process works here; [`StorageError`] when a file cannot be
    /// read.
    pub fn ports(
        &self,
        ring: KeyRing,
        wrapping_key: Option<WrappingKey>,
        notifier: Box<dyn Notifier + Send>,
    ) -> Result<DeskPorts, StorageError> {
        let admin_keys: Box<dyn AdminKeyStore + Send> = match wrapping_key {
            Some(key) => Box::new(self.admin_keys(key)),
            None => Box::new(NoAdminKeys),
        };
        Ok(DeskPorts {
            clock: Box::new(SystemClock),
            licence: Box::new(self.licence()),
            operators: Box::new(self.operators()),
            directory: Box::new(self.directory()?),
            limits: Box::new(self.limits()?),
            audit_log: Box::new(FileAuditLog::open(&self.audit_log_path())?),
            signer: Box::new(SoftwareSigner::new(ring, admin_keys)),
            notifier,
            delivery: None,
        })
    }
}
