//! `getInfo`: all that an app needs without the FIDO interface.

use alloc::vec::Vec;

use super::MalformedAnswer;
use crate::ctap2::cbor::Value;
use crate::device_id::DeviceId;
use crate::pin_protocol::PinProtocol;
use crate::suite::Suite;

/// The version of this answer (key 1).
const VERSION: u64 = 1;

/// A slot as `getInfo` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// Key 1: 0 to 15; slot 0 may be the offline recovery key.
    pub slot: u8,
    /// Key 2: what the slot's key is for.
    pub suite: Suite,
    /// Key 3: [`crate::suite::IssuerPublicKey::fingerprint`] of Q; absent in suite 3.
    pub fingerprint: Option<[u8; 16]>,
    /// Key 4: how often this slot was rotated; absent is 0.
    pub rotation: u32,
}

/// The answer of `getInfo`, in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockInfo {
    /// Key 2: whether a PIN is set.
    pub pin_set: bool,
    /// Key 3: `pinRetries`.
    pub pin_retries: u8,
    /// Key 4: CTAP2_ERR_PIN_AUTH_BLOCKED until re-plugged.
    pub pin_auth_blocked: bool,
    /// Key 5: `uvRetries`, if there is built-in user verification.
    pub uv_retries: Option<u8>,
    /// Key 6: PIN/UV protocols that this library knows, in the device's order.
    pub protocols: Vec<PinProtocol>,
    /// Key 7: `minPINLength` in code points.
    pub min_pin_length: u8,
    /// Key 8: `maxPINLength` in bytes.
    pub max_pin_length: u8,
    /// Key 9: `forcePINChange`.
    pub force_pin_change: bool,
    /// Key 10: `pinComplexityPolicy`.
    pub pin_complexity_policy: bool,
    /// Key 11: `maxMsgSize` in bytes.
    pub max_msg_size: u32,
    /// Key 12: the unlock counter, 32 bits.
    pub unlock_counter: u32,
    /// Key 13: enrolled and sealed until reset.
    pub sealed: bool,
    /// Key 14: the enrolled slots.
    pub slots: Vec<SlotInfo>,
    /// How many more slots it holds whose suite this library does not know; only the host fills this in.
    pub unknown_slots: usize,
    /// Key 15: the Device ID; over the vendor interface only while the PIN is blocked.
    pub device_id: Option<DeviceId>,
    /// Key 16: five wrong responses since power-up: 0x34 until re-plugged.
    pub unlock_blocked: bool,
    /// Key 17: whether an unlock needs a touch.
    pub touch: bool,
    /// Key 18: how many slots one enrolment may fill, at least 2.
    pub max_slots: u8,
    /// Key 19, if the request named a challenge: whether an unlock ended exactly that one. Also `None` from a
    /// device that does not tell.
    pub spent: Option<bool>,
}

impl UnlockInfo {
    /// The answer's map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let slots = self.slots.iter().map(SlotInfo::to_value).collect::<Vec<_>>();
        let protocols = self
            .protocols
            .iter()
            .map(|protocol| Value::from(protocol.number()))
            .collect::<Vec<_>>();
        Value::int_map([
            (1, Some(Value::Unsigned(VERSION))),
            (2, Some(self.pin_set.into())),
            (3, Some(self.pin_retries.into())),
            (4, Some(self.pin_auth_blocked.into())),
            (5, self.uv_retries.map(Value::from)),
            (6, Some(protocols.into())),
            (7, Some(self.min_pin_length.into())),
            (8, Some(self.max_pin_length.into())),
            (9, Some(self.force_pin_change.into())),
            (10, Some(self.pin_complexity_policy.into())),
            (11, Some(self.max_msg_size.into())),
            (12, Some(self.unlock_counter.into())),
            (13, Some(self.sealed.into())),
            (14, Some(slots.into())),
            (15, self.device_id.map(|id| Value::bytes(id.as_bytes()))),
            (16, Some(self.unlock_blocked.into())),
            (17, Some(self.touch.into())),
            (18, Some(self.max_slots.into())),
            (19, self.spent.map(Value::from)),
        ])
    }

    /// From the answer's map. Unknown keys, unknown protocols and slots of an unknown suite are
    /// skipped.
    ///
    /// # Errors
    /// [`MalformedAnswer`] when a field is missing or out of range, or the version is another.
    pub fn from_value(map: &Value) -> Result<Self, MalformedAnswer> {
        let field = |key| map.get(key).ok_or(MalformedAnswer("getInfo: a field is missing"));
        let wrong = MalformedAnswer("getInfo: a field has the wrong type or range");
        let flag = |key| field(key)?.as_bool().ok_or(wrong);
        let byte = |key| {
            field(key)?
                .as_u64()
                .and_then(|n| u8::try_from(n).ok())
                .ok_or(wrong)
        };
        let word = |key| {
            field(key)?
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .ok_or(wrong)
        };
        let array = |key| field(key)?.as_array().ok_or(wrong);
        if field(1)?.as_u64() != Some(VERSION) {
            return Err(MalformedAnswer(
                "getInfo: a version that this software does not know",
            ));
        }
        let mut slots = Vec::new();
        let all = array(14)?;
        for slot in all {
            slots.extend(SlotInfo::from_value(slot).map_err(|()| wrong)?);
        }
        Ok(Self {
            pin_set: flag(2)?,
            pin_retries: byte(3)?,
            pin_auth_blocked: flag(4)?,
            uv_retries: map.get(5).map(|_| byte(5)).transpose()?,
            protocols: array(6)?
                .iter()
                .filter_map(|n| PinProtocol::from_number(n.as_u64()?))
                .collect(),
            min_pin_length: byte(7)?,
            max_pin_length: byte(8)?,
            force_pin_change: flag(9)?,
            pin_complexity_policy: flag(10)?,
            max_msg_size: word(11)?,
            unlock_counter: word(12)?,
            sealed: flag(13)?,
            unknown_slots: all.len() - slots.len(),
            slots,
            device_id: map
                .get(15)
                .map(|id| {
                    id.as_bytes()
                        .and_then(|id| id.try_into().ok())
                        .map(DeviceId::from_bytes)
                        .ok_or(wrong)
                })
                .transpose()?,
            unlock_blocked: flag(16)?,
            touch: flag(17)?,
            max_slots: byte(18)?,
            spent: map.get(19).map(|_| flag(19)).transpose()?,
        })
    }

    /// Whether the PIN is blocked for good: the one state in which an unlock is possible.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.pin_set && self.pin_retries == 0
    }
}

impl SlotInfo {
    fn to_value(&self) -> Value {
        Value::int_map([
            (1, Some(self.slot.into())),
            (2, Some(self.suite.number().into())),
            (3, self.fingerprint.map(|print| Value::bytes(&print))),
            (4, (self.rotation > 0).then(|| self.rotation.into())),
        ])
    }

    /// `None` for a suite that is not known.
    fn from_value(map: &Value) -> Result<Option<Self>, ()> {
        let number = |key| map.get(key).and_then(Value::as_u64);
        let byte = |key| number(key).and_then(|n| u8::try_from(n).ok()).ok_or(());
        let Some(suite) = Suite::from_number(byte(2)?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            // Above it a session could not be kept over a restart.
            slot: Some(byte(1)?).filter(|slot| *slot < 16).ok_or(())?,
            suite,
            fingerprint: map
                .get(3)
                .map(|p| p.as_bytes().and_then(|p| p.try_into().ok()).ok_or(()))
                .transpose()?,
            rotation: number(4).map_or(Ok(0), |n| u32::try_from(n).map_err(|_| ()))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_0_to_15() {
        let slot = |number: u8| Value::int_map([(1, Some(number.into())), (2, Some(1u64.into()))]);
        assert_eq!(
            SlotInfo::from_value(&slot(15)).map(|slot| slot.map(|slot| slot.slot)),
            Ok(Some(15))
        );
        assert_eq!(SlotInfo::from_value(&slot(16)), Err(()));
        assert_eq!(SlotInfo::from_value(&slot(255)), Err(()));
    }
}
