//! Users, operators, and who is signed in.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use super::{Resting, Row};
use crate::ports::{Derived, List, Listed, Table};
use crate::rules::Stricter;
use crate::typed_text::folded;
use crate::{Channel, PersonNumber, Privilege, Role, Scope, UnixTime, UserClass};

/// A user. One that was erased has an empty id and name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct UserRow {
    #[n(0)]
    pub(crate) id: String,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) class: Resting<UserClass>,
    #[n(3)]
    pub(crate) channels: Vec<Channel>,
    #[n(4)]
    pub(crate) erased: bool,
    /// Who vouches for them; absent where nobody was ever named.
    #[n(5)]
    pub(crate) manager: Option<Resting<Managed>>,
}

/// Who vouches for a user: another user, or nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Managed {
    #[n(0)]
    pub(crate) by: Option<PersonNumber>,
}

impl Stricter for Managed {
    fn stricter(&self, other: &Self) -> Self {
        if self == other { *self } else { Self::default() }
    }
}

impl Row for UserRow {
    const TABLE: Table = Table::Users;

    fn derived(&self) -> Derived {
        if self.erased {
            return Derived::default();
        }
        let mail = self.channels.iter().map(|channel| &channel.address);
        Derived {
            listed: vec![Listed {
                list: List::Users,
                group: Vec::new(),
                order: folded(&self.id).into_bytes(),
            }],
            texts: [&self.id, &self.name]
                .into_iter()
                .chain(mail)
                .map(|text| folded(text))
                .collect(),
        }
    }
}

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct NameRow<const TABLE: u8> {
    #[n(0)]
    pub(crate) number: PersonNumber,
}

impl Row for NameRow<{ Table::UserNames.number() }> {
    const TABLE: Table = Table::UserNames;
}

impl Row for NameRow<{ Table::OperatorNames.number() }> {
    const TABLE: Table = Table::OperatorNames;
}

/// Roles and single privileges; or the user as whom an account without either vouches for others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Grants {
    #[n(0)]
    pub(crate) roles: Vec<Role>,
    #[n(1)]
    pub(crate) privileges: Vec<Privilege>,
    #[n(2)]
    pub(crate) user: Option<PersonNumber>,
}

impl Grants {
    pub(crate) fn new(roles: &[Role], privileges: &[Privilege]) -> Self {
        let (mut roles, mut privileges) = (roles.to_vec(), privileges.to_vec());
        roles.sort_unstable();
        roles.dedup();
        privileges.sort_unstable();
        privileges.dedup();
        Self {
            roles,
            privileges,
            user: None,
        }
    }

    /// Those of an account that is a manager's, and nothing else.
    pub(crate) const fn of_manager(user: PersonNumber) -> Self {
        Self {
            roles: Vec::new(),
            privileges: Vec::new(),
            user: Some(user),
        }
    }

    /// As far as a token lets through what an operator may.
    pub(crate) fn within(&self, scopes: &[Scope]) -> Self {
        let may = scopes.iter().map(|scope| scope.privilege());
        let may: Vec<_> = may.filter(|privilege| self.may(*privilege)).collect();
        Self::new(&[], &may)
    }

    pub(crate) fn may(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege) || self.roles.iter().any(|role| role.grants(privilege))
    }
}

/// For people: roles, then privileges, by the names that programs have for them.
impl core::fmt::Display for Grants {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let roles = self.roles.iter().map(|role| match role {
            Role::Administrator => "Administrator",
            Role::DeviceServiceAdministrator => "Device Service Administrator",
        });
        let privileges = self.privileges.iter().map(|privilege| match privilege {
            Privilege::Unlock => "Unlock",
            Privilege::Downloads => "Downloads",
            Privilege::ManageDevices => "Manage devices",
            Privilege::Administer => "Administer",
            Privilege::Audit => "Audit",
        });
        let manager = self.user.iter().map(|_| "Manager");
        let mut words = roles.chain(privileges).chain(manager);
        f.write_str(words.next().unwrap_or("nothing"))?;
        words.try_for_each(|word| write!(f, ", {word}"))
    }
}

impl Stricter for Grants {
    fn stricter(&self, other: &Self) -> Self {
        let roles: Vec<_> = self
            .roles
            .iter()
            .filter(|role| other.roles.contains(role))
            .copied()
            .collect();
        // A privilege that both have, in whatever way.
        let both = Privilege::ALL
            .iter()
            .filter(|privilege| self.may(**privilege) && other.may(**privilege))
            .filter(|privilege| !roles.iter().any(|role| role.grants(**privilege)));
        Self {
            privileges: both.copied().collect(),
            roles,
            user: self.user.filter(|_| self.user == other.user),
        }
    }
}

/// An operator. One that was removed has no name and no password.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OperatorRow {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) grants: Resting<Grants>,
    /// As the port for passwords made it; it says nothing without the pepper.
    #[n(2)]
    pub(crate) password: Option<String>,
    /// Raised with each change of the password: sessions of another version end.
    #[n(3)]
    pub(crate) credentials: u32,
    #[n(4)]
    pub(crate) removed: bool,
    /// The hashes of the sessions that may still live, so that old ones can be taken away.
    #[n(5)]
    pub(crate) sessions: Vec<minicbor::bytes::ByteArray<32>>,
    /// The number of the first announcement that they have not read.
    #[n(6)]
    pub(crate) unread: u64,
    /// When somebody else gave them their password last: until that has rested they approve nothing, since whoever gave it
    /// may be the one who signs in.
    #[n(7)]
    pub(crate) given: Option<UnixTime>,
    /// Whether the password is too short to stand alone: a passkey is there besides.
    #[n(8)]
    pub(crate) short: bool,
    /// The keys of their passkeys' rows, oldest first. Where there is one, the password alone signs nobody in.
    #[n(9)]
    pub(crate) passkeys: Vec<minicbor::bytes::ByteArray<32>>,
    /// The one-time code by which they may set a password.
    #[n(10)]
    pub(crate) code: Option<SignInCodeRow>,
    /// The keys of their access tokens' rows, oldest first.
    #[n(11)]
    pub(crate) tokens: Vec<minicbor::bytes::ByteArray<32>>,
}

/// A one-time code, of which nobody can find out what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SignInCodeRow {
    #[n(0)]
    pub(crate) hash: minicbor::bytes::ByteArray<32>,
    /// The last second in which it is good.
    #[n(1)]
    pub(crate) until: UnixTime,
    #[n(2)]
    pub(crate) era: u32,
}

impl Row for OperatorRow {
    const TABLE: Table = Table::Operators;

    fn derived(&self) -> Derived {
        if self.removed {
            return Derived::default();
        }
        Derived {
            listed: vec![Listed {
                list: List::Operators,
                group: Vec::new(),
                order: folded(&self.name).into_bytes(),
            }],
            texts: Vec::new(),
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SessionRow {
    #[n(0)]
    pub(crate) operator: PersonNumber,
    #[n(1)]
    pub(crate) since: UnixTime,
    #[n(2)]
    pub(crate) era: u32,
    #[n(3)]
    pub(crate) credentials: u32,
    /// When they showed last that it is they: at the sign-in, or since.
    #[n(4)]
    pub(crate) confirmed: UnixTime,
}

impl Row for SessionRow {
    const TABLE: Table = Table::Sessions;
}

/// A passkey of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct PasskeyRow {
    #[n(0)]
    pub(crate) operator: PersonNumber,
    /// The credential id.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) id: Vec<u8>,
    /// Public key, counter and more, as the port for passkeys made it.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) credential: Vec<u8>,
    /// As the operator calls it.
    #[n(3)]
    pub(crate) name: String,
    #[n(4)]
    pub(crate) added: UnixTime,
    #[n(5)]
    pub(crate) used: Option<UnixTime>,
}

impl Row for PasskeyRow {
    const TABLE: Table = Table::Passkeys;
}

/// An access token of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct TokenRow {
    #[n(0)]
    pub(crate) operator: PersonNumber,
    /// As the operator calls it.
    #[n(1)]
    pub(crate) name: String,
    /// What it is for, ascending.
    #[n(2)]
    pub(crate) scopes: Vec<Scope>,
    #[n(3)]
    pub(crate) made: UnixTime,
    /// The last second in which it is good.
    #[n(4)]
    pub(crate) until: UnixTime,
    #[n(5)]
    pub(crate) era: u32,
    #[n(6)]
    pub(crate) credentials: u32,
}

impl Row for TokenRow {
    const TABLE: Table = Table::Tokens;
}

/// Wrong passwords one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct BackOffRow {
    #[n(0)]
    pub(crate) failures: u32,
    /// No password is looked at before.
    #[n(1)]
    pub(crate) until: UnixTime,
    #[n(2)]
    pub(crate) era: u32,
}

impl Row for BackOffRow {
    const TABLE: Table = Table::BackOff;
}
