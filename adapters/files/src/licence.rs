//! `licence.json`.

use std::path::{Path, PathBuf};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::ports::{Licence, LicenceTerms, StorageError};
use serde::{Deserialize, Serialize};

use crate::json_file::{self, WriterLock};

/// A licence in a file that is read at each use, so that a new one needs no restart.
#[derive(Clone, Debug)]
pub struct FileLicence(PathBuf);

#[derive(Serialize, Deserialize)]
struct Stored {
    service_on: bool,
    valid_until: u64,
    devices: u32,
    contact: String,
}

impl FileLicence {
    /// The file need not exist: there is no licence then.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Writes the terms.
    ///
    /// # Errors
    /// [`StorageError`] when the file cannot be written.
    pub fn put(&mut self, terms: &LicenceTerms) -> Result<(), StorageError> {
        let _lock = WriterLock::take(&self.0)?;
        json_file::replace(
            &self.0,
            &Stored {
                service_on: terms.service_on,
                valid_until: terms.valid_until.0,
                devices: terms.devices,
                contact: terms.contact.clone(),
            },
        )
    }
}

impl Licence for FileLicence {
    fn terms(&self) -> Result<Option<LicenceTerms>, StorageError> {
        let stored: Option<Stored> = json_file::read(&self.0)?;
        Ok(stored.map(|stored| LicenceTerms {
            service_on: stored.service_on,
            valid_until: UnixTime(stored.valid_until),
            devices: stored.devices,
            contact: stored.contact,
        }))
    }

    fn set_service(&mut self, on: bool) -> Result<(), StorageError> {
        match self.terms()? {
            Some(terms) => self.put(&LicenceTerms {
                service_on: on,
                ..terms
            }),
            None => Ok(()),
        }
    }
}
