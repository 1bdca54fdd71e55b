//! One entry and its canonical bytes: a CBOR map in RFC 8949 §4.2.1 form with these keys.
//!
//! | key | field | type |
//! | --- | --- | --- |
//! | 1 | version, 1 | unsigned |
//! | 2 | log id | 16 bytes |
//! | 3 | sequence number, from 0 | unsigned |
//! | 4 | hash of the entry before; 32 zero bytes in entry 0 | 32 bytes |
//! | 5 | time, Unix seconds | unsigned |
//! | 6 | event number | unsigned |
//! | 7 | operator | text |
//! | 8 | user | text |
//! | 9 | Device ID | 10 bytes |
//! | 10 | request | unsigned |
//! | 11 | error number | unsigned |
//! | 12 | challenge | 18 or 16 bytes |
//! | 13 | SHA-256 of the Response Code's bytes | 32 bytes |
//! | 14 | verification method | unsigned |
//! | 15 | who vouches: 1 machine, 2 operator | unsigned |
//! | 16 | SHA-256 of the evidence | 32 bytes |
//! | 17 | SHA-256 of the issuer's public key Q | 32 bytes |
//! | 18 | suite | unsigned |
//! | 19 | slot | unsigned |
//! | 20 | unlock counter's low 16 bits | unsigned |
//! | 21 | second operator | text |
//! | 22 | detail | text |
//! | 23 | sequence number of the alarm that is acknowledged | unsigned |
//!
//! Keys 1 to 6 are always there, the others where they mean something. The hash of an entry is
//! SHA-256("fido-unlock/1 audit" ‖ 00 ‖ canonical bytes).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use minicbor::decode::Decoder;
use minicbor::encode::Encoder;
use sha2::{Digest, Sha256};

use super::AuditEvent;
use crate::typed_text::without_codes;
use crate::{OperatorId, RequestId, UnixTime, UserId};

/// The version of the entry format.
pub const ENTRY_VERSION: u8 = 1;
/// Longer details are cut.
const LONGEST_DETAIL: usize = 400;
const HASH_LABEL: &[u8] = b"fido-unlock/1 audit\0";

/// A log's random id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(pub [u8; 16]);

/// Bytes that are not an entry in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Not such a map, or not in canonical form.
    #[error("not an audit entry in canonical form")]
    Malformed,
    /// A later version of the format, or an event or key of one.
    #[error("an audit entry of a later version")]
    Version,
}

impl HasCode for EntryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::AuditBroken,
            Self::Version => ErrorCode::StoreVersion,
        }
    }
}

/// An entry. It never holds a PIN, a Response Code or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The log.
    pub log_id: LogId,
    /// Its place, from 0.
    pub sequence: u64,
    /// [`AuditEntry::hash`] of the entry before; zeros in the first.
    pub previous: [u8; 32],
    /// When.
    pub at: UnixTime,
    /// What.
    pub event: AuditEvent,
    /// By whom.
    pub operator: Option<OperatorId>,
    /// Whose device.
    pub user: Option<UserId>,
    /// Which device.
    pub device: Option<DeviceId>,
    /// In which request.
    pub request: Option<RequestId>,
    /// The number of a row of the error table.
    pub error: Option<u16>,
    /// The challenge's 18 or 16 bytes.
    pub challenge: Option<Vec<u8>>,
    /// SHA-256 of the Response Code's bytes.
    pub code_sha256: Option<[u8; 32]>,
    /// [`VerificationMethod::number`](crate::VerificationMethod::number).
    pub method: Option<u8>,
    /// [`Vouched::number`](crate::Vouched::number).
    pub vouched: Option<u8>,
    /// SHA-256 of the evidence.
    pub evidence: Option<[u8; 32]>,
    /// SHA-256 of Q.
    pub issuer: Option<[u8; 32]>,
    /// Suite number.
    pub suite: Option<u8>,
    /// Slot.
    pub slot: Option<u8>,
    /// Low 16 bits of the unlock counter.
    pub counter: Option<u16>,
    /// Who approved.
    pub second_operator: Option<OperatorId>,
    /// Reason, ticket, search text or note.
    pub detail: Option<String>,
    /// The alarm that is acknowledged, by the sequence number of its entry.
    pub alarm: Option<u64>,
}

impl AuditEntry {
    /// An entry without log, place and time, which the chain gives it.
    #[must_use]
    pub(crate) const fn of(event: AuditEvent) -> Self {
        Self {
            log_id: LogId([0; 16]),
            sequence: 0,
            previous: [0; 32],
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
            detail: None,
            alarm: None,
        }
    }

    /// Sets the detail, cut to its longest; a Response Code that was typed into it is left out.
    pub(crate) fn detail(mut self, text: &str) -> Self {
        let text = without_codes(text);
        let mut end = text.len().min(LONGEST_DETAIL);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        self.detail = text
            .get(..end)
            .filter(|text| !text.is_empty())
            .map(ToString::to_string);
        self
    }

    fn optional_fields(&self) -> usize {
        [
            self.operator.is_some(),
            self.user.is_some(),
            self.device.is_some(),
            self.request.is_some(),
            self.error.is_some(),
            self.challenge.is_some(),
            self.code_sha256.is_some(),
            self.method.is_some(),
            self.vouched.is_some(),
            self.evidence.is_some(),
            self.issuer.is_some(),
            self.suite.is_some(),
            self.slot.is_some(),
            self.counter.is_some(),
            self.second_operator.is_some(),
            self.detail.is_some(),
            self.alarm.is_some(),
        ]
        .into_iter()
        .filter(|there| *there)
        .count()
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Writing to a `Vec` cannot fail.
        let _ = self.encode(&mut Encoder::new(&mut out));
        out
    }

    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let fields = 6_usize.saturating_add(self.optional_fields());
        e.map(u64::try_from(fields).unwrap_or(u64::MAX))?;
        e.u8(1)?.u8(ENTRY_VERSION)?;
        e.u8(2)?.bytes(&self.log_id.0)?;
        e.u8(3)?.u64(self.sequence)?;
        e.u8(4)?.bytes(&self.previous)?;
        e.u8(5)?.u64(self.at.0)?;
        e.u8(6)?.u16(self.event.number())?;
        if let Some(value) = &self.operator {
            e.u8(7)?.str(value.as_str())?;
        }
        if let Some(value) = &self.user {
            e.u8(8)?.str(value.as_str())?;
        }
        if let Some(value) = &self.device {
            e.u8(9)?.bytes(value.as_bytes())?;
        }
        if let Some(value) = self.request {
            e.u8(10)?.u64(value.number().unwrap_or(u64::MAX))?;
        }
        if let Some(value) = self.error {
            e.u8(11)?.u16(value)?;
        }
        let bytes = [
            (12, self.challenge.as_deref()),
            (13, self.code_sha256.as_ref().map(|hash| hash.as_slice())),
        ];
        for (key, value) in bytes {
            if let Some(value) = value {
                e.u8(key)?.bytes(value)?;
            }
        }
        for (key, value) in [(14, self.method), (15, self.vouched)] {
            if let Some(value) = value {
                e.u8(key)?.u8(value)?;
            }
        }
        for (key, value) in [(16, &self.evidence), (17, &self.issuer)] {
            if let Some(value) = value {
                e.u8(key)?.bytes(value)?;
            }
        }
        for (key, value) in [(18, self.suite), (19, self.slot)] {
            if let Some(value) = value {
                e.u8(key)?.u8(value)?;
            }
        }
        if let Some(value) = self.counter {
            e.u8(20)?.u16(value)?;
        }
        if let Some(value) = &self.second_operator {
            e.u8(21)?.str(value.as_str())?;
        }
        if let Some(value) = &self.detail {
            e.u8(22)?.str(value)?;
        }
        if let Some(value) = self.alarm {
            e.u8(23)?.u64(value)?;
        }
        Ok(())
    }

    /// From canonical bytes.
    ///
    /// # Errors
    /// [`EntryError`] when they are of a later version, no entry, or not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry = Self::decode(&mut Decoder::new(bytes))?;
        // What an entry would be written as is the only form that is read.
        if entry.to_bytes() == bytes {
            Ok(entry)
        } else {
            Err(EntryError::Malformed)
        }
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, EntryError> {
        let fields = d.map().ok().flatten().ok_or(EntryError::Malformed)?;
        let mut entry = Self::of(AuditEvent::LogCreated);
        let mut event = None;
        for _ in 0..fields {
            match d.u64()? {
                1 if d.u64()? != u64::from(ENTRY_VERSION) => return Err(EntryError::Version),
                1 => {}
                2 => entry.log_id = LogId(array(d)?),
                3 => entry.sequence = d.u64()?,
                4 => entry.previous = array(d)?,
                5 => entry.at = UnixTime(d.u64()?),
                6 => event = Some(AuditEvent::from_number(d.u16()?).ok_or(EntryError::Version)?),
                7 => entry.operator = Some(OperatorId::recorded(d.str()?).ok_or(EntryError::Malformed)?),
                8 => entry.user = Some(UserId::recorded(d.str()?).ok_or(EntryError::Malformed)?),
                9 => entry.device = Some(DeviceId::from_bytes(array(d)?)),
                10 => entry.request = Some(RequestId::counted(d.u64()?)),
                11 => entry.error = Some(d.u16()?),
                12 => entry.challenge = Some(challenge(d.bytes()?)?),
                13 => entry.code_sha256 = Some(array(d)?),
                14 => entry.method = Some(d.u8()?),
                15 => entry.vouched = Some(d.u8()?),
                16 => entry.evidence = Some(array(d)?),
                17 => entry.issuer = Some(array(d)?),
                18 => entry.suite = Some(d.u8()?),
                19 => entry.slot = Some(d.u8()?),
                20 => entry.counter = Some(d.u16()?),
                21 => {
                    entry.second_operator = Some(OperatorId::recorded(d.str()?).ok_or(EntryError::Malformed)?)
                }
                22 => entry.detail = Some(detail(d.str()?)?),
                23 => entry.alarm = Some(d.u64()?),
                0 | 24.. => return Err(EntryError::Version),
            }
        }
        entry.event = event.ok_or(EntryError::Malformed)?;
        Ok(entry)
    }

    /// SHA-256("fido-unlock/1 audit" ‖ 00 ‖ canonical bytes).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash_bytes(&self.to_bytes())
    }
}

pub(super) fn hash_bytes(canonical: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(HASH_LABEL)
        .chain_update(canonical)
        .finalize()
        .into()
}

fn array<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], EntryError> {
    d.bytes()?.try_into().map_err(|_| EntryError::Malformed)
}

/// As on the wire: 18 bytes, or 16 in suite 3.
fn challenge(bytes: &[u8]) -> Result<Vec<u8>, EntryError> {
    match bytes.len() {
        16 | 18 => Ok(bytes.to_vec()),
        _ => Err(EntryError::Malformed),
    }
}

fn detail(text: &str) -> Result<String, EntryError> {
    if text.len() > LONGEST_DETAIL {
        return Err(EntryError::Malformed);
    }
    Ok(text.to_string())
}

impl From<minicbor::decode::Error> for EntryError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> AuditEntry {
        AuditEntry {
            log_id: LogId([7; 16]),
            sequence: 300,
            previous: [9; 32],
            at: UnixTime(1_790_000_000),
            event: AuditEvent::CodeMade,
            operator: OperatorId::new("desk-1"),
            user: UserId::new("u1"),
            device: Some(DeviceId::from_bytes([1; 10])),
            request: Some(RequestId::counted(4)),
            error: Some(101),
            challenge: Some(alloc::vec![2; 18]),
            code_sha256: Some([3; 32]),
            method: Some(1),
            vouched: Some(2),
            evidence: Some([4; 32]),
            issuer: Some([5; 32]),
            suite: Some(2),
            slot: Some(1),
            counter: Some(65535),
            second_operator: OperatorId::new("desk-2"),
            detail: Some("ticket 5".into()),
            alarm: Some(3),
        }
    }

    #[test]
    fn comes_back() {
        let entry = full();
        assert_eq!(AuditEntry::from_bytes(&entry.to_bytes()), Ok(entry));
        let small = AuditEntry::of(AuditEvent::LogCreated);
        assert_eq!(AuditEntry::from_bytes(&small.to_bytes()), Ok(small));
    }

    #[test]
    fn lengths_and_later_keys_are_judged() {
        let parsed = |change: fn(&mut AuditEntry)| {
            let mut entry = full();
            change(&mut entry);
            AuditEntry::from_bytes(&entry.to_bytes()).err()
        };
        assert_eq!(parsed(|entry| entry.challenge = Some(alloc::vec![2; 16])), None);
        for length in [0, 15, 17, 19] {
            let bytes = AuditEntry {
                challenge: Some(alloc::vec![2; length]),
                ..full()
            }
            .to_bytes();
            assert_eq!(AuditEntry::from_bytes(&bytes), Err(EntryError::Malformed));
        }
        assert_eq!(parsed(|entry| entry.detail = Some("x".repeat(400))), None);
        let long = parsed(|entry| entry.detail = Some("x".repeat(401)));
        assert_eq!(long, Some(EntryError::Malformed));
        // Key 0 before the version, key 300 behind the last one, version 300.
        let bytes = AuditEntry::of(AuditEvent::LogCreated).to_bytes();
        let before = [&[0xA7, 0, 0], &bytes[1..]].concat();
        let behind = [&[0xA7], &bytes[1..], &[0x19, 1, 44, 0]].concat();
        let later = [&[0xA6, 1, 0x19, 1, 44], &bytes[3..]].concat();
        for bytes in [before, behind, later] {
            assert_eq!(AuditEntry::from_bytes(&bytes), Err(EntryError::Version));
        }
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let bytes = full().to_bytes();
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(AuditEntry::from_bytes(&longer), Err(EntryError::Malformed));
        // Version 1 written as 18 01.
        let mut wide = bytes.clone();
        wide.splice(2..3, [0x18, 0x01]);
        assert_eq!(wide[..4], [0xB7, 0x01, 0x18, 0x01]);
        assert_eq!(AuditEntry::from_bytes(&wide), Err(EntryError::Malformed));
        let mut later = bytes.clone();
        later[2] = 2;
        assert_eq!(AuditEntry::from_bytes(&later), Err(EntryError::Version));
        for end in 0..bytes.len() {
            assert!(AuditEntry::from_bytes(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn a_response_code_is_left_out_of_a_detail() {
        use fido_unlock_protocol::{ResponseCode, Suite};
        let detail = |text: &str| AuditEntry::of(AuditEvent::Searched).detail(text).detail.unwrap();
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            let mut bytes = alloc::vec![0x5C; suite.response_length()];
            *bytes.last_mut().unwrap() = 0x50;
            let code = ResponseCode::from_bytes(suite, &bytes).unwrap().expose_code();
            assert_eq!(detail(&code), "[code]", "{suite:?}");
            assert_eq!(detail(&code.to_lowercase()), "[code]", "{suite:?}");
            if suite != Suite::P256Ecdsa {
                assert_eq!(
                    detail(&alloc::format!("she got {} today", *code)),
                    "she got [code] today"
                );
            }
        }
        let device = DeviceId::from_bytes([7; 10]).to_code();
        assert_eq!(detail(&device), device);
        assert_eq!(detail("ticket 17, two  spaces"), "ticket 17, two  spaces");
    }

    #[test]
    fn a_long_detail_is_cut_at_a_character() {
        let entry = AuditEntry::of(AuditEvent::Searched).detail(&"é".repeat(300));
        assert_eq!(entry.detail.unwrap().len(), 400);
        let odd = AuditEntry::of(AuditEvent::Searched).detail(&alloc::format!("a{}", "é".repeat(300)));
        assert_eq!(odd.detail.unwrap().len(), 399);
    }
}
