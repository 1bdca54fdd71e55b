//! Clock, licence and operators, implemented by the host.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::{self, StorageError as CoreStorageError};
use fido_unlock::desk::{self, OperatorId, UnixTime};

use super::StorageError;
use super::storage::{Faults, corrupt};
use super::types::operator_id;
use crate::HostError;

/// An operator's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeskRole {
    /// Has every privilege.
    Administrator,
    /// Answers callers and manages devices.
    DeviceServiceAdministrator,
}

impl From<DeskRole> for desk::Role {
    fn from(role: DeskRole) -> Self {
        match role {
            DeskRole::Administrator => Self::Administrator,
            DeskRole::DeviceServiceAdministrator => Self::DeviceServiceAdministrator,
        }
    }
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeskPrivilege {
    /// Answer callers: search, requests, Response Codes.
    Unlock,
    /// Fetch the programs that users install.
    Downloads,
    /// Register, rotate and retire devices.
    ManageDevices,
    /// Users and channels, alarms, the service switch.
    Administer,
}

impl From<DeskPrivilege> for desk::Privilege {
    fn from(privilege: DeskPrivilege) -> Self {
        match privilege {
            DeskPrivilege::Unlock => Self::Unlock,
            DeskPrivilege::Downloads => Self::Downloads,
            DeskPrivilege::ManageDevices => Self::ManageDevices,
            DeskPrivilege::Administer => Self::Administer,
        }
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskOperator {
    /// The sign-in name: 1 to 128 bytes, no control characters, no space at either end.
    pub id: String,
    /// Roles.
    pub roles: Vec<DeskRole>,
    /// Privileges granted individually.
    pub privileges: Vec<DeskPrivilege>,
}

impl DeskOperator {
    pub(crate) fn to_core(&self) -> Option<desk::Operator> {
        Some(desk::Operator {
            id: operator_id(&self.id).ok()?,
            roles: self.roles.iter().copied().map(Into::into).collect(),
            privileges: self.privileges.iter().copied().map(Into::into).collect(),
        })
    }
}

/// Operators in the host's own accounts: a database, OpenID Connect, Kerberos.
#[uniffi::export(with_foreign)]
pub trait Operators: Send + Sync {
    /// The operator, if `password` (or a token in its place) is right; absent for a wrong one and for an
    /// unknown name alike, after the same amount of work. A secret: keep it no longer than the call.
    fn authenticate(&self, id: String, password: String) -> Result<Option<DeskOperator>, StorageError>;

    /// The operator's current roles and privileges. Asked at each action, so that a revoked privilege is
    /// gone at once.
    fn find_operator(&self, id: String) -> Result<Option<DeskOperator>, StorageError>;
}

/// [`Operators`] as core's port.
pub(crate) struct HostOperators(pub Arc<dyn Operators>);

fn operator(found: &DeskOperator) -> Result<desk::Operator, CoreStorageError> {
    found.to_core().ok_or_else(|| corrupt("operator"))
}

impl ports::Operators for HostOperators {
    fn authenticate(
        &self,
        id: &OperatorId,
        password: &str,
    ) -> Result<Option<desk::Operator>, CoreStorageError> {
        let found = self.0.authenticate(id.to_string(), password.to_owned())?;
        found.as_ref().map(operator).transpose()
    }

    fn operator(&self, id: &OperatorId) -> Result<Option<desk::Operator>, CoreStorageError> {
        let found = self.0.find_operator(id.to_string())?;
        match found.as_ref().map(operator).transpose()? {
            Some(other) if other.id != *id => Err(corrupt("operator")),
            found => Ok(found),
        }
    }
}

/// What was bought, and whether the service is switched on.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LicenceTerms {
    /// An Administrator can switch the whole service off.
    pub service_on: bool,
    /// The last second in which it is valid, since 1970-01-01 UTC.
    pub valid_until: u64,
    /// How many devices may be registered and in use.
    pub devices: u32,
    /// Whom to ask for a new one: a name, address or telephone number.
    pub contact: String,
}

impl From<LicenceTerms> for ports::LicenceTerms {
    fn from(terms: LicenceTerms) -> Self {
        Self {
            service_on: terms.service_on,
            valid_until: UnixTime(terms.valid_until),
            devices: terms.devices,
            contact: terms.contact,
        }
    }
}

/// Where the host keeps the licence.
#[uniffi::export(with_foreign)]
pub trait Licence: Send + Sync {
    /// The current terms; absent if there is no licence.
    fn terms(&self) -> Result<Option<LicenceTerms>, StorageError>;

    /// Switches the service on or off.
    fn set_service(&self, on: bool) -> Result<(), StorageError>;
}

/// [`Licence`] as core's port.
pub(super) struct HostLicence(pub Arc<dyn Licence>);

impl ports::Licence for HostLicence {
    fn terms(&self) -> Result<Option<ports::LicenceTerms>, CoreStorageError> {
        Ok(self.0.terms()?.map(Into::into))
    }

    fn set_service(&mut self, on: bool) -> Result<(), CoreStorageError> {
        Ok(self.0.set_service(on)?)
    }
}

/// The host's clock.
#[uniffi::export(with_foreign)]
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Result<u64, HostError>;
}

/// [`Clock`] as core's port.
pub(super) struct HostClock {
    pub clock: Arc<dyn Clock>,
    pub faults: Faults,
}

impl ports::Clock for HostClock {
    fn now(&self) -> UnixTime {
        // 1970 is before every entry of the log, so the desk refuses whatever was asked.
        UnixTime(self.clock.now().unwrap_or_else(|_| {
            self.faults.note(ErrorCode::HostFailed);
            0
        }))
    }
}
