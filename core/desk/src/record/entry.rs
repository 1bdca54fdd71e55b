//! One entry and its canonical bytes: a CBOR map in the form of RFC 8949, section 4.2.1, with the keys of
//! docs/protocol/audit.md.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::DeskEvent;
use crate::log::{Origin, Range, TreeHead};
use crate::{PersonNumber, RequestId, UnixTime};

/// The version of the entry format.
pub const ENTRY_VERSION: u8 = 2;
/// The highest key.
const LAST_KEY: u64 = 25;
const ORIGIN: &str = "fido-unlock/";
const TEXT_LABEL: &[u8] = b"fido-unlock/1 text\0";

/// A log's random id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct LogId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl LogId {
    /// The name of the log in its checkpoints: `fido-unlock/` and the id in 32 hexadecimal digits.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of_log(&self.0)
    }

    /// The head of the log while `range` is its tree.
    pub(crate) fn head(&self, range: &Range) -> TreeHead {
        TreeHead {
            origin: self.origin(),
            size: range.size(),
            root: range.root(),
        }
    }

    /// The id in the name of a log; `None` where it is not the name of a desk's.
    ///
    /// ```
    /// use fido_unlock_desk::record::LogId;
    ///
    /// let id = LogId([0xA1; 16]);
    /// assert_eq!(LogId::of_origin(id.origin().as_str()), Some(id));
    /// assert_eq!(LogId::of_origin("fido-unlock/A1"), None);
    /// ```
    #[must_use]
    pub fn of_origin(origin: &str) -> Option<Self> {
        let number = u128::from_str_radix(origin.strip_prefix(ORIGIN)?, 16).ok()?;
        let id = Self(number.to_be_bytes());
        (id.origin().as_str() == origin).then_some(id)
    }
}

/// Bytes that are not an entry in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// Not such a map, or not in canonical form.
    #[error("not an audit entry in canonical form")]
    Malformed,
    /// A later version of the format, or an event or key of one.
    #[error("an audit entry of a later version")]
    Version,
}

impl HasCode for EntryFault {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::AuditBroken,
            Self::Version => ErrorCode::StoreVersion,
        }
    }
}

impl<C> Encode<C> for DeskEvent {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u16(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DeskEvent {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_number(d.u16()?).ok_or_else(|| minicbor::decode::Error::unknown_variant(0))
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeskEntry {
    /// [`ENTRY_VERSION`].
    #[n(1)]
    pub version: u8,
    /// The log.
    #[n(2)]
    pub log_id: LogId,
    /// Its place, from 0.
    #[n(3)]
    pub sequence: u64,
    /// The step that it belongs to: 16 random bytes, the same in all entries of one transaction.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub step: [u8; 16],
    /// When.
    #[n(5)]
    pub at: UnixTime,
    /// What.
    #[n(6)]
    pub event: DeskEvent,
    /// By whom.
    #[n(7)]
    pub operator: Option<PersonNumber>,
    /// Whose device, or about whom.
    #[n(8)]
    pub user: Option<PersonNumber>,
    /// Which device: 10 bytes.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub device: Option<[u8; 10]>,
    /// In which request.
    #[n(10)]
    pub request: Option<RequestId>,
    /// The number of a row of the error table.
    #[n(11)]
    pub error: Option<u16>,
    /// The challenge's 18 or 16 bytes.
    #[cbor(n(12), with = "minicbor::bytes")]
    pub challenge: Option<Vec<u8>>,
    /// SHA-256 of the Response Code's bytes.
    #[cbor(n(13), with = "minicbor::bytes")]
    pub code_sha256: Option<[u8; 32]>,
    /// [`VerificationMethod::number`](crate::VerificationMethod::number).
    #[n(14)]
    pub method: Option<u8>,
    /// [`Vouched::number`](crate::Vouched::number).
    #[n(15)]
    pub vouched: Option<u8>,
    /// SHA-256 of the evidence.
    #[cbor(n(16), with = "minicbor::bytes")]
    pub evidence: Option<[u8; 32]>,
    /// SHA-256 of Q.
    #[cbor(n(17), with = "minicbor::bytes")]
    pub issuer: Option<[u8; 32]>,
    /// Suite number.
    #[n(18)]
    pub suite: Option<u8>,
    /// Slot.
    #[n(19)]
    pub slot: Option<u8>,
    /// Low 16 bits of the unlock counter.
    #[n(20)]
    pub counter: Option<u16>,
    /// Who approved, or whom it is about.
    #[n(21)]
    pub second_operator: Option<PersonNumber>,
    /// [`text_hash`] of a reason, ticket, search text or note.
    #[cbor(n(22), with = "minicbor::bytes")]
    pub text: Option<[u8; 32]>,
    /// The alarm that is raised or acknowledged, by its number.
    #[n(23)]
    pub alarm: Option<u64>,
    /// How many.
    #[n(24)]
    pub count: Option<u32>,
    /// The slot's rotation number.
    #[n(25)]
    pub rotation: Option<u32>,
}

/// SHA-256("fido-unlock/1 text" ‖ 00 ‖ salt ‖ text in UTF-8). The salt, 32 random bytes, is kept beside the text and
/// erased with it: without it nobody can find out a text by trying.
#[must_use]
pub fn text_hash(salt: &[u8; 32], text: &str) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(TEXT_LABEL)
        .chain_update(salt)
        .chain_update(text);
    hash.finalize().into()
}

/// Whether a map has a key that this version does not know.
fn has_later_key(bytes: &[u8]) -> bool {
    let mut d = minicbor::Decoder::new(bytes);
    let Ok(Some(pairs)) = d.map() else { return false };
    (0..pairs)
        .map_while(|_| d.u64().and_then(|key| d.skip().map(|()| key)).ok())
        .any(|key| key == 0 || key > LAST_KEY)
}

impl DeskEntry {
    /// An entry without log, place, step and time, which the step gives it.
    #[must_use]
    pub(crate) const fn of(event: DeskEvent) -> Self {
        Self {
            version: ENTRY_VERSION,
            log_id: LogId([0; 16]),
            sequence: 0,
            step: [0; 16],
            at: UnixTime(0),
            event,
            operator: None,
            user: None,
            device: None,
            request: None,
            error: None,
            challenge: None,
            code_sha256: None,
            method: None,
            vouched: None,
            evidence: None,
            issuer: None,
            suite: None,
            slot: None,
            counter: None,
            second_operator: None,
            text: None,
            alarm: None,
            count: None,
            rotation: None,
        }
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.device.map(DeviceId::from_bytes)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to a `Vec` cannot fail.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// From canonical bytes.
    ///
    /// # Errors
    /// [`EntryFault`] when they are of a later version, no entry, or not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryFault> {
        // The version is the first key, so that it is read whatever follows.
        let mut d = minicbor::Decoder::new(bytes);
        let version = d.map().and_then(|_| d.u8()).and_then(|key| Ok((key, d.u64()?)));
        match version {
            Ok((1, version)) if version == u64::from(ENTRY_VERSION) => {}
            Ok((1, version)) if version > u64::from(ENTRY_VERSION) => return Err(EntryFault::Version),
            _ => return Err(EntryFault::Malformed),
        }
        if has_later_key(bytes) {
            return Err(EntryFault::Version);
        }
        let entry: Self = minicbor::decode(bytes).map_err(|error| {
            if error.is_unknown_variant() {
                EntryFault::Version
            } else {
                EntryFault::Malformed
            }
        })?;
        let lengths = entry.challenge.as_ref().map(Vec::len);
        // What an entry would be written as is the only form that is read.
        if entry.to_bytes() == bytes && matches!(lengths, None | Some(16 | 18)) {
            Ok(entry)
        } else {
            Err(EntryFault::Malformed)
        }
    }
}
