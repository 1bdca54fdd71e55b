//! Credentials: the ID, the keys made from it, and what a discoverable one stores.
//!
//! A credential ID is version (1 byte) ‖ flags (1) ‖ nonce (16) ‖ MAC (32). The signing key and the
//! hmac-secret keys are made from the device's master secret, the nonce and the RP ID: not from the
//! PIN, so an unlock leaves every credential as it was.

use fido_unlock_protocol::ctap2::cbor::Value;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::SigningKey;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Master;

/// Bytes in a credential ID.
pub const ID_LENGTH: usize = 50;
const VERSION: u8 = 1;
const DISCOVERABLE: u8 = 0x10;
const HMAC_SECRET: u8 = 0x20;

/// `credProtect` (CTAP 2.1 §12.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Protection {
    /// userVerificationOptional.
    UvOptional = 1,
    /// userVerificationOptionalWithCredentialIDList.
    UvOptionalWithIdList = 2,
    /// userVerificationRequired.
    UvRequired = 3,
}

impl Protection {
    /// From its number in the extension.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::UvOptional),
            2 => Some(Self::UvOptionalWithIdList),
            3 => Some(Self::UvRequired),
            _ => None,
        }
    }
}

/// A credential whose ID was made by this device, for this RP.
pub struct CredentialKey {
    master: Master,
    rp_id_hash: [u8; 32],
    flags: u8,
    nonce: [u8; 16],
}

impl CredentialKey {
    /// A new credential from 16 random bytes.
    #[must_use]
    pub fn make(
        master: &Master,
        rp_id: &str,
        nonce: [u8; 16],
        discoverable: bool,
        hmac_secret: bool,
        protection: Protection,
    ) -> Self {
        Self {
            master: master.clone(),
            rp_id_hash: Sha256::digest(rp_id).into(),
            flags: protection as u8
                | if discoverable { DISCOVERABLE } else { 0 }
                | if hmac_secret { HMAC_SECRET } else { 0 },
            nonce,
        }
    }

    /// Opens an ID; `None` when it is not of this device and RP.
    #[must_use]
    pub fn open(master: &Master, rp_id: &str, id: &[u8]) -> Option<Self> {
        let (head, rest) = id.split_first_chunk::<2>()?;
        let (nonce, mac) = rest.split_first_chunk::<16>()?;
        let [VERSION, flags] = *head else { return None };
        let key = Self {
            master: master.clone(),
            rp_id_hash: Sha256::digest(rp_id).into(),
            flags,
            nonce: *nonce,
        };
        bool::from(key.mac().ct_eq(mac)).then_some(key)
    }

    /// The ID, [`ID_LENGTH`] bytes.
    #[must_use]
    pub fn id(&self) -> Vec<u8> {
        let mut id = vec![VERSION, self.flags];
        id.extend_from_slice(&self.nonce);
        id.extend_from_slice(&*self.mac());
        id
    }

    /// Whether its private side is listed in flash.
    #[must_use]
    pub fn is_discoverable(&self) -> bool {
        self.flags & DISCOVERABLE != 0
    }

    /// Whether it was made with the hmac-secret extension.
    #[must_use]
    pub fn has_hmac_secret(&self) -> bool {
        self.flags & HMAC_SECRET != 0
    }

    /// Its `credProtect`.
    #[must_use]
    pub fn protection(&self) -> Protection {
        // The MAC has been checked, so the bits are what `make` wrote.
        Protection::from_number(u64::from(self.flags & 0x0F)).unwrap_or(Protection::UvRequired)
    }

    /// The ES256 signing key.
    #[must_use]
    pub fn signing_key(&self) -> Option<SigningKey> {
        // A random 32-byte string is no valid scalar once in 2^32.
        (0..8).find_map(|count| SigningKey::from_slice(&*self.derive(b"ES256", &[count])).ok())
    }

    /// hmac-secret's CredRandom with or without user verification (CTAP 2.1 §12.5).
    #[must_use]
    pub fn cred_random(&self, user_verified: bool) -> Zeroizing<[u8; 32]> {
        self.derive(b"CredRandom", &[user_verified.into()])
    }

    /// The key of the largeBlobKey extension (CTAP 2.1 §12.3).
    #[must_use]
    pub fn large_blob_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"largeBlobKey", &[])
    }

    fn mac(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"ID", &[VERSION, self.flags])
    }

    fn derive(&self, label: &[u8], parameter: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        // HMAC takes a key of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.master.0) {
            mac.update(label);
            mac.update(&[0]);
            mac.update(parameter);
            mac.update(&self.nonce);
            mac.update(&self.rp_id_hash);
            out.copy_from_slice(&mac.finalize().into_bytes());
        }
        out
    }
}

/// What flash keeps of a discoverable credential.
#[derive(Clone)]
pub struct DiscoverableCredential {
    /// Credential ID.
    pub id: Vec<u8>,
    /// RP ID.
    pub rp_id: String,
    /// `rp.name`.
    pub rp_name: Option<String>,
    /// `user.id`, 1 to 64 bytes.
    pub user_id: Vec<u8>,
    /// `user.name`.
    pub user_name: Option<String>,
    /// `user.displayName`.
    pub user_display_name: Option<String>,
    /// Whether it was made with the largeBlobKey extension.
    pub large_blob_key: bool,
}

impl DiscoverableCredential {
    /// The stored CBOR map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        Value::int_map([
            (1, Some(Value::bytes(&self.id))),
            (2, Some(self.rp_id.as_str().into())),
            (3, text(&self.rp_name)),
            (4, Some(Value::bytes(&self.user_id))),
            (5, text(&self.user_name)),
            (6, text(&self.user_display_name)),
            (7, Some(self.large_blob_key.into())),
        ])
    }

    /// Reads what [`DiscoverableCredential::to_value`] wrote.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_text).map(String::from);
        Some(Self {
            id: value.get(1)?.as_bytes()?.to_vec(),
            rp_id: text(2)?,
            rp_name: text(3),
            user_id: value.get(4)?.as_bytes()?.to_vec(),
            user_name: text(5),
            user_display_name: text(6),
            large_blob_key: value.get(7)?.as_bool()?,
        })
    }

    /// `PublicKeyCredentialUserEntity`; the names only if `with_names`.
    #[must_use]
    pub fn user(&self, with_names: bool) -> Value {
        let name = |name: &Option<String>| name.as_deref().filter(|_| with_names).map(Value::from);
        Value::text_map([
            ("id", Some(Value::bytes(&self.user_id))),
            ("name", name(&self.user_name)),
            ("displayName", name(&self.user_display_name)),
        ])
    }
}

/// `PublicKeyCredentialDescriptor` of an ID.
pub(crate) fn descriptor(id: &[u8]) -> Value {
    Value::text_map([
        ("id", Some(Value::bytes(id))),
        ("type", Some("public-key".into())),
    ])
}

/// An ES256 public key as COSE_Key (RFC 9053 §2.1, §7.1).
pub(crate) fn cose_es256(key: &SigningKey) -> Value {
    let point = fido_unlock_protocol::pin_protocol::CoseKey::from_public_key(&key.verifying_key().into());
    Value::int_map([
        (1, Some(Value::Unsigned(2))),
        (3, Some(Value::from(-7i64))),
        (-1, Some(Value::Unsigned(1))),
        (-2, Some(Value::bytes(&point.x))),
        (-3, Some(Value::bytes(&point.y))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_device_and_rp_open_an_id() {
        let master = Master([1; 32]);
        let made = CredentialKey::make(&master, "a.example", [2; 16], true, false, Protection::UvRequired);
        let id = made.id();
        assert_eq!(id.len(), ID_LENGTH);
        let opened = CredentialKey::open(&master, "a.example", &id).unwrap();
        assert_eq!(opened.protection(), Protection::UvRequired);
        assert!(opened.is_discoverable() && !opened.has_hmac_secret());
        assert_eq!(
            opened.signing_key().unwrap().to_bytes(),
            made.signing_key().unwrap().to_bytes()
        );
        assert_ne!(*opened.cred_random(true), *opened.cred_random(false));
        assert!(CredentialKey::open(&master, "b.example", &id).is_none());
        assert!(CredentialKey::open(&Master([3; 32]), "a.example", &id).is_none());
        for place in 0..id.len() {
            let mut changed = id.clone();
            changed[place] ^= 1;
            assert!(
                CredentialKey::open(&master, "a.example", &changed).is_none(),
                "{place}"
            );
            assert!(CredentialKey::open(&master, "a.example", &id[..place]).is_none());
        }
    }
}
