//! What the authenticator keeps across power cycles, as CBOR in [`crate::flash::Flash`].

mod credential;
mod store;

use fido_unlock_protocol::ctap2::cbor::Value;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use credential::{CredentialKey, DiscoverableCredential, ID_LENGTH, Protection};
pub(crate) use credential::{cose_es256, descriptor};
pub use store::{StateError, Storage, Store};

/// Layout of [`State`] in flash.
const VERSION: u64 = 1;
/// An empty CBOR array, then the first 16 bytes of its SHA-256 (CTAP 2.1 §6.10).
const EMPTY_LARGE_BLOBS: [u8; 17] = [
    0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9, 0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C,
];

/// The PIN as CTAP 2.1 §6.5.5.5 stores it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct StoredPin {
    /// LEFT(SHA-256(PIN), 16).
    pub hash: [u8; 16],
    /// Length in Unicode code points.
    pub code_points: u8,
}

/// Everything that lives in flash. One commit replaces it as a whole.
#[derive(Clone)]
pub struct State {
    /// The device's secret, made at reset; every credential key comes from it, none from the PIN.
    pub master: Master,
    /// The PIN, `None` until one is set.
    pub pin: Option<StoredPin>,
    /// `pinRetries`: lowered before a PIN is compared, so that a power cut gives no free try.
    pub pin_retries: u8,
    /// `minPINLength` in code points.
    pub min_pin_length: u8,
    /// RP IDs that may read `minPINLength` by the extension of that name (CTAP 2.1 §12.4).
    pub min_pin_length_rp_ids: Vec<String>,
    /// `forcePINChange`.
    pub force_pin_change: bool,
    /// `alwaysUv`.
    pub always_uv: bool,
    /// The signature counter, one for all credentials (WebAuthn §6.1.1).
    pub sign_count: u32,
    /// Whether any credential, discoverable or not, was made since reset.
    pub credential_made: bool,
    /// The serialized large-blob array (CTAP 2.1 §6.10), opaque.
    pub large_blobs: Vec<u8>,
    /// The unlock's own record, opaque.
    pub unlock_record: Option<Vec<u8>>,
    /// Discoverable credentials, oldest first.
    pub credentials: Vec<DiscoverableCredential>,
}

/// 32 secret bytes that never leave the device.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Master(pub(crate) [u8; 32]);

impl State {
    /// As after a reset.
    #[must_use]
    pub fn fresh(master: [u8; 32], pin_retries: u8, min_pin_length: u8) -> Self {
        Self {
            master: Master(master),
            pin: None,
            pin_retries,
            min_pin_length,
            min_pin_length_rp_ids: Vec::new(),
            force_pin_change: false,
            always_uv: false,
            sign_count: 0,
            credential_made: false,
            large_blobs: EMPTY_LARGE_BLOBS.to_vec(),
            unlock_record: None,
            credentials: Vec::new(),
        }
    }

    /// The credential of this device and RP with that ID; a discoverable one must still be kept.
    #[must_use]
    pub fn find(&self, rp_id: &str, id: &[u8]) -> Option<CredentialKey> {
        let key = CredentialKey::open(&self.master, rp_id, id)?;
        let kept = || self.credentials.iter().any(|stored| stored.id == id);
        (!key.is_discoverable() || kept()).then_some(key)
    }

    /// The CBOR map that is stored.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let credentials: Vec<_> = self
            .credentials
            .iter()
            .map(DiscoverableCredential::to_value)
            .collect();
        let rp_ids: Vec<Value> = self
            .min_pin_length_rp_ids
            .iter()
            .map(|rp_id| rp_id.as_str().into())
            .collect();
        Value::int_map([
            (1, Some(VERSION.into())),
            (2, Some(Value::bytes(&self.master.0))),
            (3, self.pin.as_ref().map(|pin| Value::bytes(&pin.hash))),
            (4, self.pin.as_ref().map(|pin| pin.code_points.into())),
            (5, Some(self.pin_retries.into())),
            (6, Some(self.min_pin_length.into())),
            (7, Some(self.force_pin_change.into())),
            (8, Some(self.always_uv.into())),
            (9, Some(self.sign_count.into())),
            (10, Some(self.credential_made.into())),
            (11, self.unlock_record.as_deref().map(Value::bytes)),
            (12, Some(credentials.into())),
            (13, Some(rp_ids.into())),
            (14, Some(Value::bytes(&self.large_blobs))),
        ])
    }

    /// Reads what [`State::to_value`] wrote; `None` when anything is missing or out of range.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        if value.get(1)?.as_u64()? != VERSION {
            return None;
        }
        let pin = match (value.get(3), value.get(4)) {
            (None, None) => None,
            (Some(hash), Some(length)) => Some(StoredPin {
                hash: hash.as_bytes()?.try_into().ok()?,
                code_points: length.as_u64()?.try_into().ok()?,
            }),
            _ => return None,
        };
        Some(Self {
            master: Master(value.get(2)?.as_bytes()?.try_into().ok()?),
            pin,
            pin_retries: value.get(5)?.as_u64()?.try_into().ok()?,
            min_pin_length: value.get(6)?.as_u64()?.try_into().ok()?,
            force_pin_change: value.get(7)?.as_bool()?,
            always_uv: value.get(8)?.as_bool()?,
            sign_count: value.get(9)?.as_u64()?.try_into().ok()?,
            large_blobs: value.get(14)?.as_bytes()?.to_vec(),
            credential_made: value.get(10)?.as_bool()?,
            unlock_record: match value.get(11) {
                Some(record) => Some(record.as_bytes()?.to_vec()),
                None => None,
            },
            credentials: value
                .get(12)?
                .as_array()?
                .iter()
                .map(DiscoverableCredential::from_value)
                .collect::<Option<_>>()?,
            min_pin_length_rp_ids: value
                .get(13)?
                .as_array()?
                .iter()
                .map(|rp_id| rp_id.as_text().map(String::from))
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut state = State::fresh([7; 32], 8, 4);
        for _ in 0..2 {
            let value = state.to_value();
            let bytes = value.to_bytes();
            let again = State::from_value(&Value::parse(&bytes).unwrap()).unwrap();
            assert_eq!(again.to_value().to_bytes(), bytes);
            state.pin = Some(StoredPin {
                hash: [9; 16],
                code_points: 6,
            });
            state.unlock_record = Some(vec![1, 2, 3]);
            state.always_uv = true;
            state.min_pin_length_rp_ids.push("example.org".into());
            state.credentials.push(DiscoverableCredential {
                id: vec![5; ID_LENGTH],
                rp_id: "example.org".into(),
                rp_name: None,
                user_id: vec![1],
                user_name: Some("alex".into()),
                user_display_name: None,
                large_blob_key: true,
            });
        }
    }
}
