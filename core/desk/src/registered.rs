//! What the registry holds about users and devices.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey, Suite};
use fido_unlock_protocol::{AdminKey, DeviceId};
use minicbor::{Decode, Encode};

use super::{DeviceLabel, UnixTime, UserId};

/// How much harm an unlock for the wrong person would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum UserClass {
    /// Most users.
    #[n(0)]
    Ordinary,
    /// Administrators, directors, whoever can do lasting harm.
    #[n(1)]
    Privileged,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
pub enum ChannelKind {
    /// Electronic mail.
    #[n(0)]
    Mail,
    /// A telephone number for text messages.
    #[n(1)]
    TextMessage,
    /// A telephone number to call.
    #[n(2)]
    Telephone,
    /// An agent on the user's computer, or another program.
    #[n(3)]
    Agent,
}

/// A way to a user that was registered before the call.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Channel {
    /// Its name, unique for the user.
    #[n(0)]
    pub id: String,
    /// What it is.
    #[n(1)]
    pub kind: ChannelKind,
    /// Mail address, telephone number or the like; never written to the audit log.
    #[n(2)]
    pub address: String,
    /// When it was registered or last changed; set by the desk.
    #[n(3)]
    pub changed_at: UnixTime,
}

impl Channel {
    /// Whether a message to the one reaches who reads the other.
    pub(crate) fn same_way(&self, other: &Self) -> bool {
        self.kind == other.kind && self.address == other.address
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, to be read back to the caller.
    pub name: String,
    /// Their class.
    pub class: UserClass,
    /// Their channels.
    pub channels: Vec<Channel>,
}

/// The one key that an unlock of a device may use. Pinned here: a challenge of another suite or slot
/// is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKeys {
    /// Suite 1: Q.
    P256Ecdsa {
        /// Q of the slot.
        issuer: IssuerPublicKey,
    },
    /// Suite 2: Q and E.
    P256EcdhMac {
        /// Q of the slot.
        issuer: IssuerPublicKey,
        /// E.
        device: DevicePublicKey,
    },
    /// Suite 3: the admin key is with the signer.
    AesAdminKey,
}

impl DeviceKeys {
    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self {
            Self::P256Ecdsa { .. } => Suite::P256Ecdsa,
            Self::P256EcdhMac { .. } => Suite::P256EcdhMac,
            Self::AesAdminKey => Suite::AesAdminKey,
        }
    }

    /// Q; `None` in suite 3.
    #[must_use]
    pub const fn issuer(&self) -> Option<&IssuerPublicKey> {
        match self {
            Self::P256Ecdsa { issuer } | Self::P256EcdhMac { issuer, .. } => Some(issuer),
            Self::AesAdminKey => None,
        }
    }

    /// SHA-256 of Q; 32 zero bytes in suite 3.
    #[must_use]
    pub fn issuer_hash(&self) -> [u8; 32] {
        self.issuer().map_or([0; 32], IssuerPublicKey::hash)
    }
}

/// A registered device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredDevice {
    /// Its Device ID.
    pub id: DeviceId,
    /// Its owner.
    pub owner: UserId,
    /// The slot, 0 to 15; 0 in suite 3, whose challenge names none.
    pub slot: u8,
    /// Suite and keys.
    pub keys: DeviceKeys,
    /// The unlock counter at registration; `None` in suite 3.
    pub counter: Option<u32>,
    /// The slot's rotation number.
    pub rotation: u32,
    /// When it was registered; set by the desk.
    pub registered_at: UnixTime,
    /// Whether it is no longer in use.
    pub retired: bool,
    /// Its other slots, as they were seen last: keys of others that could unlock it too.
    pub other_slots: Vec<DeviceSlot>,
    /// What people call it.
    pub label: Option<DeviceLabel>,
    /// When an operator last heard that it was unlocked; set by the desk.
    pub last_unlock: Option<UnixTime>,
}

/// A slot of a device beside the registered one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSlot {
    /// Its number, 0 to 15.
    pub slot: u8,
    /// Its suite.
    pub suite: Suite,
    /// Q; `None` in suite 3.
    pub issuer: Option<IssuerPublicKey>,
    /// Its rotation number.
    pub rotation: u32,
}

/// A device as whoever manages devices sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Its Device ID.
    pub id: DeviceId,
    /// Its owner; `None` where they were erased.
    pub owner: Option<User>,
    /// The registered slot, 0 to 15.
    pub slot: u8,
    /// Its suite.
    pub suite: Suite,
    /// Q of the slot; `None` in suite 3.
    pub issuer: Option<IssuerPublicKey>,
    /// Whether Q is the desk's present key; otherwise the device is to be rotated. `None` in suite 3.
    pub issuer_present: Option<bool>,
    /// The slot's rotation number.
    pub rotation: u32,
    /// When it was registered.
    pub registered_at: UnixTime,
    /// Whether it is no longer in use.
    pub retired: bool,
    /// Its other slots, as they were seen last.
    pub other_slots: Vec<DeviceSlot>,
    /// What people call it.
    pub label: Option<DeviceLabel>,
    /// When an operator last heard that it was unlocked.
    pub last_unlock: Option<UnixTime>,
    /// How many codes may still be good for it.
    pub open_codes: usize,
    /// A backup was put in place since a code was authorised for it: there may be more.
    pub unknown_since_backup: bool,
}

/// A device as enrolment left it.
pub struct NewDevice {
    /// Its Device ID.
    pub id: DeviceId,
    /// Its owner.
    pub owner: UserId,
    /// The slot, 0 to 15; 0 in suite 3.
    pub slot: u8,
    /// Suite and public keys.
    pub keys: DeviceKeys,
    /// The admin key: there in suite 3, `None` in the others.
    pub admin_key: Option<AdminKey>,
    /// The unlock counter, 0 after enrolment; `None` in suite 3.
    pub counter: Option<u32>,
    /// The slot's rotation number, 0 after enrolment.
    pub rotation: u32,
    /// Its other slots.
    pub other_slots: Vec<DeviceSlot>,
    /// What people call it.
    pub label: Option<DeviceLabel>,
}

/// A user and their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The user.
    pub user: User,
    /// Their devices, retired ones too.
    pub devices: Vec<RegisteredDevice>,
}
