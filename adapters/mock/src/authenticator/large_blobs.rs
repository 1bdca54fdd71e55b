//! `authenticatorLargeBlobs` (CTAP 2.1 §6.10): one opaque array, read and written in fragments.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::params::{optional, protocol};
use super::pin::{Rp, permission};
use super::{Answer, SoftAuthenticator};

/// The command byte.
pub(super) const COMMAND: u8 = 0x0C;
/// `maxSerializedLargeBlobArray`: 1024 bytes at least.
pub(super) const MAX_LARGE_BLOBS: usize = 2048;
/// What a message needs beside its fragment (§6.10.2: maxFragmentLength is maxMsgSize − 64).
const OVERHEAD: usize = 64;
/// The array ends in so much of its SHA-256; the empty one has one byte more.
const HASH_LENGTH: usize = 16;

/// An array of which some fragments have come.
pub(super) struct BlobWrite {
    bytes: Vec<u8>,
    length: usize,
}

impl SoftAuthenticator {
    pub(super) fn large_blobs(&mut self, params: &Value) -> Answer {
        let number = |value| {
            optional(value, Value::as_u64).map(|n| n.map(|n| usize::try_from(n).unwrap_or(usize::MAX)))
        };
        let offset = number(params.get(3))?.ok_or(CtapStatus::InvalidParameter)?;
        let length = number(params.get(4))?;
        match (number(params.get(1))?, optional(params.get(2), Value::as_bytes)?) {
            (Some(count), None) => {
                let unwanted = [4, 5, 6].iter().any(|&key| params.get(key).is_some());
                if unwanted {
                    return Err(CtapStatus::InvalidParameter);
                }
                self.read_large_blobs(offset, count)
            }
            (None, Some(fragment)) => self.write_large_blobs(params, offset, length, fragment),
            _ => Err(CtapStatus::InvalidParameter),
        }
    }

    fn max_fragment(&self) -> usize {
        usize::try_from(self.pin.config.max_msg_size)
            .unwrap_or(usize::MAX)
            .saturating_sub(OVERHEAD)
    }

    fn read_large_blobs(&self, offset: usize, count: usize) -> Answer {
        if count > self.max_fragment() {
            return Err(CtapStatus::InvalidLength);
        }
        let state = self.store.state()?;
        let rest = state
            .large_blobs
            .get(offset..)
            .ok_or(CtapStatus::InvalidParameter)?;
        let fragment = rest.get(..count).unwrap_or(rest);
        Ok(Some(Value::int_map([(1, Some(Value::bytes(fragment)))])))
    }

    fn write_large_blobs(
        &mut self,
        params: &Value,
        offset: usize,
        length: Option<usize>,
        fragment: &[u8],
    ) -> Answer {
        if fragment.len() > self.max_fragment() {
            return Err(CtapStatus::InvalidLength);
        }
        let mut write = match (offset, length) {
            (0, Some(length)) if length > MAX_LARGE_BLOBS => return Err(CtapStatus::LargeBlobStorageFull),
            (0, Some(length)) if length > HASH_LENGTH => BlobWrite {
                bytes: Vec::new(),
                length,
            },
            (0, _) | (_, Some(_)) => return Err(CtapStatus::InvalidParameter),
            (_, None) => self
                .blob_write
                .take()
                .filter(|write| write.bytes.len() == offset)
                .ok_or(CtapStatus::InvalidSeq)?,
        };
        let state = self.store.state()?;
        if state.pin.is_some() || state.always_uv {
            let Some(param) = optional(params.get(5), Value::as_bytes)? else {
                return Err(CtapStatus::PuatRequired);
            };
            let protocol = protocol(params.get(6), &self.pin.config.protocols)?;
            let place = u32::try_from(offset).map_err(|_| CtapStatus::InvalidParameter)?;
            let mut message = vec![0xFF; 32];
            message.extend_from_slice(&[COMMAND, 0]);
            message.extend_from_slice(&place.to_le_bytes());
            message.extend_from_slice(&Sha256::digest(fragment));
            self.pin
                .authorise(protocol, &message, param, permission::LARGE_BLOB_WRITE, Rp::Any)?;
        }
        if write.bytes.len() + fragment.len() > write.length {
            return Err(CtapStatus::InvalidParameter);
        }
        write.bytes.extend_from_slice(fragment);
        if write.bytes.len() < write.length {
            self.blob_write = Some(write);
            return Ok(None);
        }
        let (array, hash) = write
            .bytes
            .split_last_chunk::<HASH_LENGTH>()
            .ok_or(CtapStatus::IntegrityFailure)?;
        let digest = Sha256::digest(array);
        if !digest
            .get(..HASH_LENGTH)
            .is_some_and(|own| bool::from(own.ct_eq(hash)))
        {
            return Err(CtapStatus::IntegrityFailure);
        }
        self.store.update(|state| {
            state.large_blobs = write.bytes;
            Ok(None)
        })
    }
}
