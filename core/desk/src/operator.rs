//! Operators: two roles, four privileges.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{AccessToken, KnownPasskey, KnownToken, OperatorId, UnixTime, UserId};
use crate::access_token::token_key;
use crate::record::LogId;

/// A bundle of privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum Role {
    /// Every privilege.
    #[n(0)]
    Administrator,
    /// [`Privilege::Unlock`], [`Privilege::ManageDevices`] and [`Privilege::Downloads`].
    #[n(1)]
    DeviceServiceAdministrator,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum Privilege {
    /// Answer callers: search, requests, Response Codes.
    #[n(0)]
    Unlock,
    /// Fetch the programs that users install.
    #[n(1)]
    Downloads,
    /// Register, rotate and retire devices.
    #[n(2)]
    ManageDevices,
    /// Users and channels, operators, alarms, the service switch, keys, checkpoints.
    #[n(3)]
    Administer,
    /// Read the audit log, and export it.
    #[n(4)]
    Audit,
}

impl Privilege {
    /// Every privilege.
    pub const ALL: &'static [Self] = &[
        Self::Unlock,
        Self::Downloads,
        Self::ManageDevices,
        Self::Administer,
        Self::Audit,
    ];
}

impl Role {
    /// Whether the role includes this privilege.
    #[must_use]
    pub const fn grants(self, privilege: Privilege) -> bool {
        match self {
            Self::Administrator => true,
            Self::DeviceServiceAdministrator => {
                matches!(
                    privilege,
                    Privilege::Unlock | Privilege::ManageDevices | Privilege::Downloads
                )
            }
        }
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The sign-in name.
    pub id: OperatorId,
    /// Roles.
    pub roles: Vec<Role>,
    /// Privileges given one by one.
    pub privileges: Vec<Privilege>,
    /// The user as whom the account vouches for those whose manager that is. It has then neither role nor privilege.
    pub user: Option<UserId>,
}

impl Operator {
    /// Whether a role or the privilege alone allows it.
    #[must_use]
    pub fn may(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege) || self.roles.iter().any(|role| role.grants(privilege))
    }
}

/// An operator who has signed in, or in whose name a program acts by an access token; only the desk makes one, such as by
/// [`Desk::sign_in`](super::Desk::sign_in) and [`Desk::by_token`](super::Desk::by_token).
#[derive(Clone)]
pub struct OperatorSession {
    operator: OperatorId,
    since: UnixTime,
    secret: Zeroizing<[u8; 32]>,
    by_token: bool,
}

impl core::fmt::Debug for OperatorSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "OperatorSession({})", self.operator)
    }
}

impl OperatorSession {
    pub(super) fn with_secret(operator: OperatorId, since: UnixTime, secret: [u8; 32]) -> Self {
        Self {
            operator,
            since,
            secret: Zeroizing::new(secret),
            by_token: false,
        }
    }

    /// `since`: when the token was made.
    pub(super) fn with_token(operator: OperatorId, since: UnixTime, token: &AccessToken) -> Self {
        Self {
            operator,
            since,
            secret: token.secret(),
            by_token: true,
        }
    }

    /// What the row of the token is kept by; `None` where the operator is there themselves.
    pub(super) fn token_key(&self, log: &LogId) -> Option<[u8; 32]> {
        self.by_token.then(|| token_key(log, &self.secret))
    }

    /// What its row is kept by: SHA-256("fido-unlock/1 session" ‖ 00 ‖ log id ‖ secret), so that a session of
    /// one desk is none of another's, and the database alone signs nobody in.
    pub(super) fn key(&self, log: &LogId) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(b"fido-unlock/1 session\0")
            .chain_update(log.0)
            .chain_update(self.secret.as_slice());
        hash.finalize().into()
    }

    /// Who.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// Since when they are signed in, or there is the token.
    #[must_use]
    pub const fn since(&self) -> UnixTime {
        self.since
    }
}

/// What an operator sees of their own account ([`Desk::own_account`](super::Desk::own_account)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccount {
    /// Their passkeys, oldest first.
    pub passkeys: Vec<KnownPasskey>,
    /// Their sessions that live, oldest first.
    pub sessions: Vec<LiveSession>,
    /// Their access tokens that are good, oldest first.
    pub tokens: Vec<KnownToken>,
    /// Whether they have signed in or confirmed of late that it is they, so that they may change what they sign in with.
    pub confirmed: bool,
}

/// A session of an operator that lives, as they see it themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// By what it is ended: the key of its row, which opens nothing.
    pub id: [u8; 32],
    /// Since when they are signed in.
    pub since: UnixTime,
    /// The last second in which it lives.
    pub until: UnixTime,
    /// Whether it is the one that asks.
    pub own: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_privileges() {
        use Privilege::{Administer, Audit, Downloads, ManageDevices, Unlock};
        let operator = |roles: &[Role], privileges: &[Privilege]| Operator {
            id: OperatorId::new("o").unwrap(),
            roles: roles.to_vec(),
            privileges: privileges.to_vec(),
            user: None,
        };
        let table: [(Operator, [bool; 5]); 7] = [
            (operator(&[], &[]), [false; 5]),
            (operator(&[Role::Administrator], &[]), [true; 5]),
            (
                operator(&[Role::DeviceServiceAdministrator], &[]),
                [true, true, true, false, false],
            ),
            (operator(&[], &[Unlock]), [true, false, false, false, false]),
            (operator(&[], &[Downloads]), [false, true, false, false, false]),
            (operator(&[], &[Audit]), [false, false, false, false, true]),
            (
                operator(&[Role::DeviceServiceAdministrator], &[Audit]),
                [true, true, true, false, true],
            ),
        ];
        for (operator, expected) in table {
            let may = [Unlock, Downloads, ManageDevices, Administer, Audit]
                .map(|privilege| operator.may(privilege));
            assert_eq!(may, expected, "{operator:?}");
        }
    }
}
