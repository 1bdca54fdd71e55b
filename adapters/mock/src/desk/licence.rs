//! A licence in memory.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::ports::{Licence, LicenceTerms, StorageError};

use super::{Faults, lock};

/// A licence that the test can change or take away.
#[derive(Clone, Debug)]
pub struct MemoryLicence {
    terms: Arc<Mutex<Option<LicenceTerms>>>,
    faults: Faults,
}

impl MemoryLicence {
    /// Valid for 366 days from `now` (Unix seconds), on, 1000 devices.
    #[must_use]
    pub fn for_a_year_from(now: u64, faults: Faults) -> Self {
        let terms = LicenceTerms {
            service_on: true,
            valid_until: UnixTime(now).plus_seconds(366 * 24 * 60 * 60),
            devices: 1000,
            contact: "licences@vendor.example".into(),
        };
        Self {
            terms: Arc::new(Mutex::new(Some(terms))),
            faults,
        }
    }

    /// Replaces the terms.
    pub fn set(&self, terms: Option<LicenceTerms>) {
        *lock(&self.terms) = terms;
    }

    /// Changes the terms, if there are any.
    pub fn change(&self, change: impl FnOnce(&mut LicenceTerms)) {
        if let Some(terms) = lock(&self.terms).as_mut() {
            change(terms);
        }
    }
}

impl Licence for MemoryLicence {
    fn terms(&self) -> Result<Option<LicenceTerms>, StorageError> {
        Ok(lock(&self.terms).clone())
    }

    fn set_service(&mut self, on: bool) -> Result<(), StorageError> {
        self.faults.write()?;
        self.change(|terms| terms.service_on = on);
        Ok(())
    }
}
