//! The licence and the service switch.

use alloc::string::String;

use super::StorageError;
use crate::UnixTime;

/// What was bought, and whether the service is switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenceTerms {
    /// An Administrator can switch the whole service off.
    pub service_on: bool,
    /// The last second in which it is valid.
    pub valid_until: UnixTime,
    /// How many devices in use may be registered.
    pub devices: u32,
    /// Whom to ask for a new one: a name, address or telephone number.
    pub contact: String,
}

/// Where the licence is kept.
pub trait Licence {
    /// The present terms; `None` when there is no licence.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read. The desk then refuses.
    fn terms(&self) -> Result<Option<LicenceTerms>, StorageError>;

    /// Switches the service on or off; without a licence it does nothing.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be written.
    fn set_service(&mut self, on: bool) -> Result<(), StorageError>;
}
