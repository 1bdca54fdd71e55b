//! `enroll`: every slot at once; the device is sealed from then on, until reset.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::map::{field, optional, slot_number};
use super::{MalformedAnswer, SubCommand, key, message};
use crate::ctap2::CtapStatus;
use crate::ctap2::cbor::Value;
use crate::device_id::DeviceId;
use crate::pin_protocol::{CoseKey, PinProtocol};
use crate::secret::AdminKey;
use crate::suite::{DevicePublicKey, IssuerPublicKey, Suite};

/// Precedes the parameters that `pinUvAuthParam` covers.
const LABEL: &[u8] = b"fido-unlock/1 enroll\0";
/// Plaintext bytes of an admin key: its length in one byte, the key, zeros.
pub const PADDED_ADMIN_KEY_LENGTH: usize = 48;

/// An admin key encrypted for `enroll`: 48 bytes.
#[must_use]
pub fn pad_admin_key(admin_key: &AdminKey) -> Zeroizing<Vec<u8>> {
    let bytes = admin_key.expose_bytes();
    let mut out = Zeroizing::new(Vec::with_capacity(PADDED_ADMIN_KEY_LENGTH));
    out.push(u8::try_from(bytes.len()).unwrap_or(0));
    out.extend_from_slice(bytes);
    out.resize(PADDED_ADMIN_KEY_LENGTH, 0);
    out
}

/// The key in such a block; `None` when length or padding is wrong.
#[must_use]
pub fn unpad_admin_key(padded: &[u8]) -> Option<AdminKey> {
    if padded.len() != PADDED_ADMIN_KEY_LENGTH {
        return None;
    }
    let (length, rest) = padded.split_first()?;
    let (bytes, padding) = rest.split_at_checked((*length).into())?;
    if padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    AdminKey::new(bytes)
}

/// A slot's key on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrollKey {
    /// Suite 1: Q.
    P256Ecdsa(IssuerPublicKey),
    /// Suite 2: Q.
    P256EcdhMac(IssuerPublicKey),
    /// Suite 3: encrypt(shared secret, [`pad_admin_key`]): 48 or 64 bytes.
    AesAdminKey(Vec<u8>),
}

impl EnrollKey {
    /// The suite that it is for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self {
            Self::P256Ecdsa(_) => Suite::P256Ecdsa,
            Self::P256EcdhMac(_) => Suite::P256EcdhMac,
            Self::AesAdminKey(_) => Suite::AesAdminKey,
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::P256Ecdsa(key) | Self::P256EcdhMac(key) => Value::bytes(&key.to_wire()),
            Self::AesAdminKey(encrypted) => Value::bytes(encrypted),
        }
    }

    fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, CtapStatus> {
        let point = || IssuerPublicKey::from_wire(bytes).map_err(|_| CtapStatus::InvalidParameter);
        Ok(match suite {
            Suite::P256Ecdsa => Self::P256Ecdsa(point()?),
            Suite::P256EcdhMac => Self::P256EcdhMac(point()?),
            Suite::AesAdminKey => Self::AesAdminKey(bytes.to_vec()),
        })
    }
}

/// One slot of `enroll`: {1: slot, 2: suite, 3: key}.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollSlot {
    /// Key 1: 0 to 15; slot 0 may be the offline recovery key.
    pub slot: u8,
    /// Keys 2 and 3.
    pub key: EnrollKey,
}

/// What the device does differently from then on: {1: …, 2: …}.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnrollOptions {
    /// Key 1: the vendor interface serves nothing.
    pub vendor_interface_off: bool,
    /// Key 2: an unlock over the vendor interface sets `forcePINChange`.
    pub force_pin_change: bool,
}

/// `enroll`'s request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollRequest {
    /// Key 10: at least one slot.
    pub slots: Vec<EnrollSlot>,
    /// Key 11; absent when both are false.
    pub options: EnrollOptions,
    /// Key 3: protocol of the encrypted admin keys and of `pin_uv_auth_param`, where there are any.
    pub protocol: Option<PinProtocol>,
    /// Key 7: the platform key that the admin keys are encrypted with.
    pub platform_key: Option<CoseKey>,
    /// Key 4: authenticate(pinUvAuthToken with `acfg`, [`EnrollRequest::auth_message`]).
    pub pin_uv_auth_param: Option<Vec<u8>>,
}

impl EnrollRequest {
    fn to_value(&self, with_param: bool) -> Value {
        let slots: Vec<Value> = self
            .slots
            .iter()
            .map(|slot| {
                Value::int_map([
                    (1, Some(slot.slot.into())),
                    (2, Some(slot.key.suite().number().into())),
                    (3, Some(slot.key.to_value())),
                ])
            })
            .collect();
        let EnrollOptions {
            vendor_interface_off,
            force_pin_change,
        } = self.options;
        let options = Value::int_map([
            (1, vendor_interface_off.then_some(Value::Bool(true))),
            (2, force_pin_change.then_some(Value::Bool(true))),
        ]);
        Value::int_map([
            (key::SUB_COMMAND, SubCommand::Enroll.value()),
            (
                key::PIN_UV_AUTH_PROTOCOL,
                self.protocol.map(|protocol| protocol.number().into()),
            ),
            (
                key::PIN_UV_AUTH_PARAM,
                self.pin_uv_auth_param
                    .as_deref()
                    .filter(|_| with_param)
                    .map(Value::bytes),
            ),
            (
                key::KEY_AGREEMENT,
                self.platform_key.as_ref().map(CoseKey::to_value),
            ),
            (key::SLOTS, Some(slots.into())),
            (
                key::OPTIONS,
                (vendor_interface_off || force_pin_change).then_some(options),
            ),
        ])
    }

    /// Command byte and map.
    #[must_use]
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        message(&self.to_value(true))
    }

    /// What `pinUvAuthParam` covers: 32 × FF ‖ label ‖ 00 ‖ the request map without key 4.
    #[must_use]
    pub fn auth_message(&self) -> Vec<u8> {
        let mut out = alloc::vec![0xFF; 32];
        out.extend_from_slice(LABEL);
        out.extend_from_slice(&self.to_value(false).to_bytes());
        out
    }

    /// The parameters, on the device. A key that this version does not know is refused here: it would
    /// not be under the MAC.
    ///
    /// # Errors
    /// The status to answer.
    pub fn from_value(map: &Value) -> Result<Self, CtapStatus> {
        let mut slots = Vec::new();
        for slot in field(map, key::SLOTS, Value::as_array)? {
            slot.as_map().ok_or(CtapStatus::CborUnexpectedType)?;
            let number = field(slot, 1, Value::as_u64)?;
            let suite = field(slot, 2, Value::as_u64)?;
            let bytes = field(slot, 3, Value::as_bytes)?;
            let suite = u8::try_from(suite)
                .ok()
                .and_then(Suite::from_number)
                .ok_or(CtapStatus::InvalidParameter)?;
            slots.push(EnrollSlot {
                slot: slot_number(number)?,
                key: EnrollKey::from_bytes(suite, bytes)?,
            });
        }
        let options = match optional(map, key::OPTIONS, |value| value.as_map().map(|_| value))? {
            Some(options) => EnrollOptions {
                vendor_interface_off: optional(options, 1, Value::as_bool)?.unwrap_or(false),
                force_pin_change: optional(options, 2, Value::as_bool)?.unwrap_or(false),
            },
            None => EnrollOptions::default(),
        };
        let protocol = optional(map, key::PIN_UV_AUTH_PROTOCOL, Value::as_u64)?
            .map(|number| PinProtocol::from_number(number).ok_or(CtapStatus::InvalidParameter))
            .transpose()?;
        let platform_key = optional(map, key::KEY_AGREEMENT, |value| value.as_map().map(|_| value))?
            .map(|value| CoseKey::from_value(value).map_err(|_| CtapStatus::InvalidParameter))
            .transpose()?;
        let pin_uv_auth_param = optional(map, key::PIN_UV_AUTH_PARAM, Value::as_bytes)?.map(<[u8]>::to_vec);
        let request = Self {
            slots,
            options,
            protocol,
            platform_key,
            pin_uv_auth_param,
        };
        if request.to_value(true) == *map {
            Ok(request)
        } else {
            Err(CtapStatus::InvalidParameter)
        }
    }
}

/// `enroll`'s answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrollResponse {
    /// Key 1: the Device ID that the device made.
    pub device_id: DeviceId,
    /// Key 2: E, the device's own public key.
    pub device_key: DevicePublicKey,
}

impl EnrollResponse {
    /// The answer's map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::int_map([
            (1, Some(Value::bytes(self.device_id.as_bytes()))),
            (2, Some(Value::bytes(&self.device_key.to_wire()))),
        ])
    }

    /// From the answer's map.
    ///
    /// # Errors
    /// [`MalformedAnswer`].
    pub fn from_value(map: &Value) -> Result<Self, MalformedAnswer> {
        let wrong = MalformedAnswer("enroll: a field is missing or wrong");
        let bytes = |key| map.get(key).and_then(Value::as_bytes).ok_or(wrong);
        Ok(Self {
            device_id: DeviceId::from_bytes(bytes(1)?.try_into().map_err(|_| wrong)?),
            device_key: DevicePublicKey::from_wire(bytes(2)?).map_err(|_| wrong)?,
        })
    }
}
