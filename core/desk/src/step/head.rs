//! The head: one row that says how far the log reaches and what the map holds, under the desk's own key.

use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::ports::{Entropy, EntropyError};
use hmac::{Hmac, KeyInit, Mac};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::UnixTime;
use crate::log::Range;
use crate::map::Digest;
use crate::ports::StorageError;
use crate::record::LogId;
use crate::rows::Era;

const HEAD_VERSION: u8 = 1;
const LABEL: &[u8] = b"fido-unlock/1 head\0";
const NO_PASSKEY: &[u8] = b"fido-unlock/1 no passkey\0";

/// The key under which the head stands: 32 random bytes. It lies with the issuer keys and is in memory of the desk's
/// own process alone; whoever has it and can write to the database can make the desk believe anything.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// From its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new one.
    ///
    /// # Errors
    /// [`EntropyError`] without random bytes.
    pub fn generate(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let mut key = Self([0; 32]);
        entropy.fill(&mut key.0)?;
        Ok(key)
    }

    /// Its bytes, to be wrapped with the issuer keys.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Credential ids that are nobody's, for a name that has no passkey: the same each time, one or two, of lengths that
    /// authenticators' own have. HMAC-SHA-256(seal key, "fido-unlock/1 no passkey" ‖ 00 ‖ number (1 byte) ‖ name).
    pub(crate) fn nobodys_passkeys(&self, name: &str) -> Vec<Vec<u8>> {
        let block = |number: u8| -> [u8; 32] {
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
                return [0; 32];
            };
            let mac = mac.chain_update(NO_PASSKEY).chain_update([number]);
            mac.chain_update(name).finalize().into_bytes().into()
        };
        let [kind, ..] = block(0);
        let made = |first: u8| {
            let [length, ..] = block(first);
            let length = match length % 4 {
                0 => 16,
                1 => 20,
                2 => 32,
                _ => 64,
            };
            let bytes = (1..=2).flat_map(|more| block(first.wrapping_add(more)));
            bytes.take(length).collect()
        };
        let count = if kind % 4 == 0 { 2 } else { 1 };
        [10, 20].into_iter().take(count).map(made).collect()
    }

    fn mac(&self, body: &[u8]) -> Option<Hmac<Sha256>> {
        Some(
            Hmac::<Sha256>::new_from_slice(&self.0)
                .ok()?
                .chain_update(LABEL)
                .chain_update(body),
        )
    }
}

impl core::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SealKey")
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Body {
    #[n(0)]
    version: u8,
    #[n(1)]
    log_id: LogId,
    #[cbor(n(2), with = "minicbor::bytes")]
    range: Vec<u8>,
    #[cbor(n(3), with = "minicbor::bytes")]
    map_root: Digest,
    #[n(4)]
    at: UnixTime,
    #[n(5)]
    era: Era,
}

/// How the desk stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) log_id: LogId,
    /// How far the log reaches.
    pub(crate) range: Range,
    /// The root of the map over all rows.
    pub(crate) map_root: Digest,
    /// The time of the last entry.
    pub(crate) at: UnixTime,
    pub(crate) era: Era,
}

impl Head {
    /// Its row: an array of the head's map and HMAC-SHA-256("fido-unlock/1 head" ‖ 00 ‖ that map) under the key.
    pub(crate) fn to_bytes(&self, key: &SealKey) -> Vec<u8> {
        let body = Body {
            version: HEAD_VERSION,
            log_id: self.log_id,
            range: self.range.to_bytes(),
            map_root: self.map_root,
            at: self.at,
            era: self.era,
        };
        let mac = minicbor::to_vec(&body)
            .ok()
            .and_then(|bytes| key.mac(&bytes))
            .map_or([0; 32], |mac| mac.finalize().into_bytes().into());
        minicbor::to_vec((body, ByteArray::from(mac))).unwrap_or_default()
    }

    /// From [`Head::to_bytes`], and from nothing else.
    pub(crate) fn from_bytes(bytes: &[u8], key: &SealKey) -> Result<Self, StorageError> {
        let tampered = || StorageError::Tampered {
            detail: "the head".into(),
        };
        let mut d = minicbor::Decoder::new(bytes);
        d.array().map_err(|_| tampered())?;
        let (from, to) = (d.position(), d.skip().map(|()| d.position()));
        let body = to.ok().and_then(|to| bytes.get(from..to)).ok_or_else(tampered)?;
        let mac: ByteArray<32> = d.decode().map_err(|_| tampered())?;
        // In constant time, and before anything else of it is believed.
        key.mac(body)
            .ok_or_else(tampered)?
            .verify_slice(&mac[..])
            .map_err(|_| tampered())?;
        let body: Body = minicbor::decode(body).map_err(|_| tampered())?;
        if body.version != HEAD_VERSION {
            return Err(StorageError::Version {
                detail: format!("the head has version {}", body.version),
            });
        }
        let head = Self {
            log_id: body.log_id,
            range: Range::from_bytes(&body.range).map_err(|_| tampered())?,
            map_root: body.map_root,
            at: body.at,
            era: body.era,
        };
        // Nothing more, and in no other form.
        if head.to_bytes(key) == bytes {
            Ok(head)
        } else {
            Err(tampered())
        }
    }
}
