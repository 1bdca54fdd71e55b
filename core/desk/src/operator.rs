//! Operators: two roles, four privileges.

use alloc::vec::Vec;

use super::{OperatorId, UnixTime};

/// A bundle of privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Every privilege.
    Administrator,
    /// [`Privilege::Unlock`] and [`Privilege::ManageDevices`].
    DeviceServiceAdministrator,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Privilege {
    /// Answer callers: search, requests, Response Codes.
    Unlock,
    /// Fetch the programs that users install.
    Downloads,
    /// Register, rotate and retire devices.
    ManageDevices,
    /// Users and channels, alarms, the service switch, checkpoints.
    Administer,
}

impl Role {
    /// Whether the role includes this privilege.
    #[must_use]
    pub const fn grants(self, privilege: Privilege) -> bool {
        match self {
            Self::Administrator => true,
            Self::DeviceServiceAdministrator => {
                matches!(privilege, Privilege::Unlock | Privilege::ManageDevices)
            }
        }
    }
}

/// An operator as the [`Operators`](crate::ports::Operators) port gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The sign-in name.
    pub id: OperatorId,
    /// Roles.
    pub roles: Vec<Role>,
    /// Privileges given one by one.
    pub privileges: Vec<Privilege>,
}

impl Operator {
    /// Whether a role or the privilege alone allows it.
    #[must_use]
    pub fn may(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege) || self.roles.iter().any(|role| role.grants(privilege))
    }
}

/// An operator who has signed in; only [`HelpDesk::sign_in`](super::HelpDesk::sign_in) makes one.
#[derive(Clone, Debug)]
pub struct OperatorSession {
    operator: OperatorId,
    since: UnixTime,
}

impl OperatorSession {
    pub(super) const fn new(operator: OperatorId, since: UnixTime) -> Self {
        Self { operator, since }
    }

    /// Who.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// Since when they are signed in.
    #[must_use]
    pub const fn since(&self) -> UnixTime {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_privileges() {
        use Privilege::{Administer, Downloads, ManageDevices, Unlock};
        let operator = |roles: &[Role], privileges: &[Privilege]| Operator {
            id: OperatorId::new("o").unwrap(),
            roles: roles.to_vec(),
            privileges: privileges.to_vec(),
        };
        let table: [(Operator, [bool; 4]); 5] = [
            (operator(&[], &[]), [false; 4]),
            (operator(&[Role::Administrator], &[]), [true; 4]),
            (
                operator(&[Role::DeviceServiceAdministrator], &[]),
                [true, false, true, false],
            ),
            (operator(&[], &[Unlock]), [true, false, false, false]),
            (
                operator(&[Role::DeviceServiceAdministrator], &[Downloads]),
                [true, true, true, false],
            ),
        ];
        for (operator, expected) in table {
            let may = [Unlock, Downloads, ManageDevices, Administer].map(|privilege| operator.may(privilege));
            assert_eq!(may, expected, "{operator:?}");
        }
    }
}
