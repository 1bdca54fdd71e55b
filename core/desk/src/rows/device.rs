//! Devices, and what the desk learned of them from their challenges.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::suite::{DevicePublicKey, IssuerPublicKey, Suite};
use minicbor::{Decode, Encode};

use super::{Era, Row};
use crate::ports::{Derived, List, Listed, Table};
use crate::typed_text::folded;
use crate::{
    DeviceKeys, DeviceLabel, DeviceSlot, PersonNumber, RegisteredDevice, RequestId, UnixTime, UserId,
};

/// A slot as enrolment or a later look at the device found it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SlotPart {
    #[n(0)]
    slot: u8,
    #[n(1)]
    suite: u8,
    #[cbor(n(2), with = "minicbor::bytes")]
    issuer: Option<[u8; 33]>,
    #[n(3)]
    rotation: u32,
}

/// A registered device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct DeviceRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) id: [u8; 10],
    #[n(1)]
    pub(crate) owner: PersonNumber,
    #[n(2)]
    pub(crate) slot: u8,
    #[n(3)]
    suite: u8,
    #[cbor(n(4), with = "minicbor::bytes")]
    issuer: Option<[u8; 33]>,
    #[cbor(n(5), with = "minicbor::bytes")]
    device_key: Option<[u8; 33]>,
    #[n(6)]
    pub(crate) counter: Option<u32>,
    #[n(7)]
    pub(crate) rotation: u32,
    #[n(8)]
    pub(crate) registered_at: UnixTime,
    #[n(9)]
    pub(crate) retired: bool,
    #[n(10)]
    pub(crate) others: Vec<SlotPart>,
    #[n(11)]
    pub(crate) label: Option<String>,
}

impl DeviceRow {
    pub(crate) fn new(device: &RegisteredDevice, owner: PersonNumber) -> Self {
        let (issuer, device_key) = match &device.keys {
            DeviceKeys::P256Ecdsa { issuer } => (Some(issuer), None),
            DeviceKeys::P256EcdhMac { issuer, device } => (Some(issuer), Some(device)),
            DeviceKeys::AesAdminKey => (None, None),
        };
        let others = device.other_slots.iter().map(|other| SlotPart {
            slot: other.slot,
            suite: other.suite.number(),
            issuer: other.issuer.as_ref().map(|issuer| *issuer.as_compressed()),
            rotation: other.rotation,
        });
        Self {
            id: *device.id.as_bytes(),
            owner,
            slot: device.slot,
            suite: device.keys.suite().number(),
            issuer: issuer.map(|key| *key.as_compressed()),
            device_key: device_key.map(|key| *key.as_compressed()),
            counter: device.counter,
            rotation: device.rotation,
            registered_at: device.registered_at,
            retired: device.retired,
            others: others.collect(),
            label: device.label.as_ref().map(|label| label.as_str().into()),
        }
    }

    /// `None` where it is none, which no row that the desk wrote has.
    pub(crate) fn suite(&self) -> Option<Suite> {
        Suite::from_number(self.suite)
    }

    /// `None` where suite and keys do not fit, which no row that the desk wrote has. Each key costs a square root:
    /// [`DeviceRow::suite`] does not.
    pub(crate) fn keys(&self) -> Option<DeviceKeys> {
        let issuer = || IssuerPublicKey::from_compressed(self.issuer.as_ref()?).ok();
        let device = || DevicePublicKey::from_compressed(self.device_key.as_ref()?).ok();
        Some(match self.suite()? {
            Suite::P256Ecdsa => DeviceKeys::P256Ecdsa { issuer: issuer()? },
            Suite::P256EcdhMac => DeviceKeys::P256EcdhMac {
                issuer: issuer()?,
                device: device()?,
            },
            Suite::AesAdminKey => DeviceKeys::AesAdminKey,
        })
    }

    /// Its slots beside the registered one, as they were seen last.
    pub(crate) fn other_slots(&self) -> Option<Vec<DeviceSlot>> {
        let other = |part: &SlotPart| {
            let issuer = part
                .issuer
                .map(|key| IssuerPublicKey::from_compressed(&key))
                .transpose();
            Some(DeviceSlot {
                slot: part.slot,
                suite: Suite::from_number(part.suite)?,
                issuer: issuer.ok()?,
                rotation: part.rotation,
            })
        };
        self.others.iter().map(other).collect()
    }

    /// What people call it.
    pub(crate) fn label(&self) -> Option<DeviceLabel> {
        DeviceLabel::recorded(self.label.as_deref()?)
    }

    /// As people know it; `owner` is its owner's id, `state` what was learned of it.
    pub(crate) fn registered(
        &self,
        owner: UserId,
        state: Option<&DeviceStateRow>,
    ) -> Option<RegisteredDevice> {
        Some(RegisteredDevice {
            id: DeviceId::from_bytes(self.id),
            owner,
            slot: self.slot,
            keys: self.keys()?,
            counter: self.counter,
            rotation: self.rotation,
            registered_at: self.registered_at,
            retired: self.retired,
            other_slots: self.other_slots()?,
            label: self.label(),
            last_unlock: state.and_then(|state| state.last_unlock),
        })
    }
}

impl Row for DeviceRow {
    const TABLE: Table = Table::Devices;

    fn derived(&self) -> Derived {
        Derived {
            listed: vec![Listed {
                list: List::DevicesOfUser,
                group: self.owner.0.to_vec(),
                order: Vec::new(),
            }],
            // As it is read out, without what people leave out.
            texts: vec![folded(&DeviceId::from_bytes(self.id).to_code().replace('-', ""))],
        }
    }
}

/// Whether a code that was given out may still be good. A code once shown does not expire on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum CodeState {
    /// Nothing is known.
    #[n(0)]
    Open,
    /// It was given up, which does not take it back.
    #[n(1)]
    Abandoned,
    /// An operator says that it was used.
    #[n(2)]
    Reported,
    /// A later challenge has the counter that only its use could give.
    #[n(3)]
    Proved,
    /// A later challenge of another nonce came: if that one is genuine, this code is void.
    #[n(4)]
    Superseded,
}

impl CodeState {
    /// Whether the device may take it still, as far as the desk knows.
    pub(crate) const fn may_be_good(self) -> bool {
        matches!(self, Self::Open | Self::Abandoned | Self::Superseded)
    }
}

/// A code that was given out for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct CodeRef {
    #[n(0)]
    pub(crate) request: RequestId,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) nonce: [u8; 14],
    /// The counter in its challenge; `None` in suite 3.
    #[n(2)]
    pub(crate) counter: Option<u16>,
    #[n(3)]
    pub(crate) operator: PersonNumber,
    #[n(4)]
    pub(crate) at: UnixTime,
    #[n(5)]
    pub(crate) state: CodeState,
}

/// What the desk learned of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct DeviceStateRow {
    /// The counter's low 16 bits that its next challenge should show.
    #[n(0)]
    pub(crate) expected: Option<u16>,
    /// The codes for it that may still be good, or that this is not yet certain of, oldest first.
    #[n(1)]
    pub(crate) codes: Vec<CodeRef>,
    /// The count of restored backups under which `expected` was learned; under another it is unknown.
    #[n(2)]
    pub(crate) counted_under: u32,
    /// The count of restored backups under which a code was authorised last, or the device registered; under another,
    /// challenges that were answered and codes that were counted may have been lost.
    #[n(3)]
    pub(crate) coded_under: u32,
    /// When an operator last heard that it was unlocked.
    #[n(4)]
    pub(crate) last_unlock: Option<UnixTime>,
}

impl DeviceStateRow {
    /// The counter's low 16 bits that the next challenge should show; `None` where nobody knows.
    pub(crate) fn expected(&self, era: Era) -> Option<u16> {
        self.expected.filter(|_| self.counted_under == era.restores)
    }

    /// Whether nothing is known of codes that were given out between a backup and its being put in place.
    pub(crate) const fn is_unknown(&self, era: Era) -> bool {
        self.coded_under != era.restores
    }
}

impl Row for DeviceStateRow {
    const TABLE: Table = Table::DeviceStates;
}

/// The device that a nonce was answered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct AnsweredRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) device: [u8; 10],
}

impl Row for AnsweredRow {
    const TABLE: Table = Table::Answered;
}
