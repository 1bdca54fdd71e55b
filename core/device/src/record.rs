//! The unlock record in flash, as canonical CBOR:
//!
//! {1: version, 2: Device ID, 3: e, 4: [{1: slot, 2: suite, 3: key, 4: rotation}], 5: unlock counter, 6: nonce,
//! 7: whether an unlock spent it, 8: vendor interface off, 9: forcePINChange after an unlock over the vendor
//! interface, 10: epoch}

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::EnrollOptions;
use fido_unlock_protocol::secret::AdminKey;
use fido_unlock_protocol::suite::p256_ecdh_mac::DeviceSecretKey;
use fido_unlock_protocol::suite::{DeviceVerifier, IssuerPublicKey, Suite};
use fido_unlock_protocol::{Challenge, ChallengeNonce, DeviceId};
use zeroize::Zeroizing;

const VERSION: u64 = 1;

/// A slot's key.
pub(super) enum SlotKey {
    P256Ecdsa(IssuerPublicKey),
    P256EcdhMac(IssuerPublicKey),
    AesAdminKey(AdminKey),
}

impl SlotKey {
    pub(super) fn p256(suite: Suite, issuer: IssuerPublicKey) -> Option<Self> {
        match suite {
            Suite::P256Ecdsa => Some(Self::P256Ecdsa(issuer)),
            Suite::P256EcdhMac => Some(Self::P256EcdhMac(issuer)),
            Suite::AesAdminKey => None,
        }
    }

    pub(super) fn suite(&self) -> Suite {
        match self {
            Self::P256Ecdsa(_) => Suite::P256Ecdsa,
            Self::P256EcdhMac(_) => Suite::P256EcdhMac,
            Self::AesAdminKey(_) => Suite::AesAdminKey,
        }
    }

    pub(super) fn issuer(&self) -> Option<&IssuerPublicKey> {
        match self {
            Self::P256Ecdsa(issuer) | Self::P256EcdhMac(issuer) => Some(issuer),
            Self::AesAdminKey(_) => None,
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::P256Ecdsa(issuer) | Self::P256EcdhMac(issuer) => Value::bytes(&issuer.to_wire()),
            Self::AesAdminKey(key) => Value::bytes(key.expose_bytes()),
        }
    }
}

pub(super) struct Slot {
    pub(super) number: u8,
    pub(super) key: SlotKey,
    pub(super) rotation: u32,
}

/// What the challenges of all slots are made from.
#[derive(Clone, Copy)]
pub(super) enum Nonce {
    /// There never was one, or a rotation or a roll-back ended it.
    None,
    /// The challenges made from it are pending.
    Pending(ChallengeNonce),
    /// An unlock ended it.
    Spent(ChallengeNonce),
}

impl Nonce {
    pub(super) fn pending(self) -> Option<ChallengeNonce> {
        match self {
            Self::Pending(nonce) => Some(nonce),
            Self::None | Self::Spent(_) => None,
        }
    }

    pub(super) fn kept(self) -> Option<ChallengeNonce> {
        match self {
            Self::Pending(nonce) | Self::Spent(nonce) => Some(nonce),
            Self::None => None,
        }
    }

    /// Whether an unlock ended exactly this challenge.
    pub(super) fn was_spent_on(self, challenge: &[u8]) -> bool {
        matches!(self, Self::Spent(nonce) if nonce.made(challenge))
    }
}

pub(super) struct Record {
    pub(super) device_id: DeviceId,
    pub(super) device_key: DeviceSecretKey,
    pub(super) slots: Vec<Slot>,
    pub(super) unlock_counter: u32,
    pub(super) nonce: Nonce,
    pub(super) options: EnrollOptions,
    /// The monotonic counter at the last write.
    pub(super) epoch: u32,
}

impl Record {
    pub(super) fn slot(&self, number: u8) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.number == number)
    }

    /// The pending challenge of a slot.
    pub(super) fn challenge(&self, slot: &Slot) -> Option<Challenge> {
        let nonce = self.nonce.pending()?;
        nonce.challenge(slot.key.suite(), slot.number, self.unlock_counter)
    }

    /// What a key of this device checks with.
    pub(super) fn verifier<'a>(&'a self, key: &'a SlotKey) -> DeviceVerifier<'a> {
        match key {
            SlotKey::P256Ecdsa(issuer) => DeviceVerifier::P256Ecdsa { issuer },
            SlotKey::P256EcdhMac(issuer) => DeviceVerifier::P256EcdhMac {
                issuer,
                device_key: &self.device_key,
            },
            SlotKey::AesAdminKey(key) => DeviceVerifier::AesAdminKey { key },
        }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let slots: Vec<Value> = self
            .slots
            .iter()
            .map(|slot| {
                Value::int_map([
                    (1, Some(slot.number.into())),
                    (2, Some(slot.key.suite().number().into())),
                    (3, Some(slot.key.to_value())),
                    (4, Some(slot.rotation.into())),
                ])
            })
            .collect();
        Value::int_map([
            (1, Some(Value::Unsigned(VERSION))),
            (2, Some(Value::bytes(self.device_id.as_bytes()))),
            (3, Some(Value::bytes(self.device_key.expose_bytes().as_slice()))),
            (4, Some(slots.into())),
            (5, Some(self.unlock_counter.into())),
            (6, self.nonce.kept().map(|nonce| Value::bytes(nonce.as_bytes()))),
            (
                7,
                match self.nonce {
                    Nonce::None => None,
                    Nonce::Pending(_) => Some(false.into()),
                    Nonce::Spent(_) => Some(true.into()),
                },
            ),
            (8, Some(self.options.vendor_interface_off.into())),
            (9, Some(self.options.force_pin_change.into())),
            (10, Some(self.epoch.into())),
        ])
        .to_bytes()
    }

    /// `None` when the bytes are not a record of this version: flash is broken, and nothing is
    /// guessed.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let map = Value::parse_canonical(bytes).ok()?;
        let number = |map: &Value, key| map.get(key).and_then(Value::as_u64);
        if number(&map, 1)? != VERSION {
            return None;
        }
        let mut slots = Vec::new();
        for slot in map.get(4)?.as_array()? {
            let suite = Suite::from_number(u8::try_from(number(slot, 2)?).ok()?)?;
            let key = slot.get(3)?.as_bytes()?;
            let key = match suite {
                Suite::AesAdminKey => SlotKey::AesAdminKey(AdminKey::new(key)?),
                _ => SlotKey::p256(suite, IssuerPublicKey::from_wire(key).ok()?)?,
            };
            slots.push(Slot {
                number: u8::try_from(number(slot, 1)?).ok()?,
                key,
                rotation: u32::try_from(number(slot, 4)?).ok()?,
            });
        }
        let nonce = match map.get(6) {
            Some(nonce) => {
                let nonce = ChallengeNonce::from_bytes(nonce.as_bytes()?.try_into().ok()?);
                match map.get(7)?.as_bool()? {
                    true => Nonce::Spent(nonce),
                    false => Nonce::Pending(nonce),
                }
            }
            None => Nonce::None,
        };
        Some(Self {
            device_id: DeviceId::from_bytes(map.get(2)?.as_bytes()?.try_into().ok()?),
            device_key: DeviceSecretKey::from_bytes(map.get(3)?.as_bytes()?.try_into().ok()?)?,
            slots,
            unlock_counter: u32::try_from(number(&map, 5)?).ok()?,
            nonce,
            options: EnrollOptions {
                vendor_interface_off: map.get(8)?.as_bool()?,
                force_pin_change: map.get(9)?.as_bool()?,
            },
            epoch: u32::try_from(number(&map, 10)?).ok()?,
        })
    }
}
