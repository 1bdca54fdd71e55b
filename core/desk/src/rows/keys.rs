//! Issuers' public keys.

use alloc::vec::Vec;

use fido_unlock_protocol::suite::{IssuerPublicKey, Suite};
use minicbor::{Decode, Encode};

use super::Row;
use crate::UnixTime;
use crate::ports::{IssuerInfo, Table};

/// An issuer's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct IssuerRow {
    #[n(0)]
    pub(crate) slot: u8,
    #[n(1)]
    suite: u8,
    #[cbor(n(2), with = "minicbor::bytes")]
    public: [u8; 33],
    #[n(3)]
    pub(crate) retired: bool,
    #[n(4)]
    pub(crate) since: UnixTime,
    /// Devices in use that take its codes; absent in a row that was written before they were counted.
    #[n(5)]
    pub(crate) devices: Option<u32>,
}

impl IssuerRow {
    pub(crate) fn new(info: &IssuerInfo, since: UnixTime) -> Self {
        Self {
            slot: info.slot,
            suite: info.suite.number(),
            public: *info.public.as_compressed(),
            retired: info.retired,
            since,
            devices: Some(0),
        }
    }

    /// `None` where it is none, which no row that the desk wrote has.
    pub(crate) fn suite(&self) -> Option<Suite> {
        Suite::from_number(self.suite)
    }

    pub(crate) fn info(&self) -> Option<IssuerInfo> {
        Some(IssuerInfo {
            slot: self.slot,
            suite: self.suite()?,
            public: IssuerPublicKey::from_compressed(&self.public).ok()?,
            retired: self.retired,
        })
    }
}

impl Row for IssuerRow {
    const TABLE: Table = Table::Issuers;
}

/// The keys of a slot, by hash: the present one, and retired ones, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SlotRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) present: Option<[u8; 32]>,
    #[n(1)]
    pub(crate) retired: Vec<minicbor::bytes::ByteArray<32>>,
}

impl Row for SlotRow {
    const TABLE: Table = Table::Slots;
}
