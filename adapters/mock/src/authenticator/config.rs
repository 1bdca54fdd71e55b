//! `authenticatorConfig` (CTAP 2.1 §6.11): toggleAlwaysUv and setMinPINLength.

use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::{CtapStatus, command};

use super::params::{map, optional, protocol, required};
use super::pin::{MAX_PIN_LENGTH, Rp, permission};
use super::{Answer, SoftAuthenticator};

const TOGGLE_ALWAYS_UV: u64 = 0x02;
const SET_MIN_PIN_LENGTH: u64 = 0x03;
/// `maxRPIDsForSetMinPINLength`.
pub(super) const MAX_RP_IDS: usize = 4;

impl SoftAuthenticator {
    pub(super) fn config(&mut self, params: &Value) -> Answer {
        let sub_command = required(params.get(1), Value::as_u64)?;
        let sub_params = optional(params.get(2), map)?;
        let Some(sub_byte) = u8::try_from(sub_command)
            .ok()
            .filter(|_| matches!(sub_command, TOGGLE_ALWAYS_UV | SET_MIN_PIN_LENGTH))
        else {
            return Err(CtapStatus::InvalidParameter);
        };
        let state = self.store.state()?;
        if state.pin.is_some() || state.always_uv {
            let Some(param) = optional(params.get(4), Value::as_bytes)? else {
                return Err(CtapStatus::PuatRequired);
            };
            let protocol = protocol(params.get(3), &self.pin.config.protocols)?;
            let mut message = vec![0xFF; 32];
            message.extend_from_slice(&[command::CONFIG, sub_byte]);
            if let Some(sub_params) = sub_params {
                message.extend_from_slice(&sub_params.to_bytes());
            }
            self.pin.authorise(
                protocol,
                &message,
                param,
                permission::AUTHENTICATOR_CONFIG,
                Rp::Any,
            )?;
        }
        if sub_command == TOGGLE_ALWAYS_UV {
            self.store.update(|state| {
                state.always_uv = !state.always_uv;
                Ok(None)
            })
        } else {
            self.set_min_pin_length(sub_params)
        }
    }

    fn set_min_pin_length(&mut self, params: Option<&Value>) -> Answer {
        let field = |key| params.and_then(|params| params.get(key));
        let new = optional(field(1), Value::as_u64)?;
        let force = optional(field(3), Value::as_bool)?.unwrap_or(false);
        let rp_ids = optional(field(2), Value::as_array)?
            .map(|list| {
                let text = |rp_id: &Value| rp_id.as_text().map(String::from);
                list.iter().map(text).collect::<Option<Vec<_>>>()
            })
            .map(|list| list.ok_or(CtapStatus::CborUnexpectedType))
            .transpose()?;
        if rp_ids.as_ref().is_some_and(|list| list.len() > MAX_RP_IDS) {
            return Err(CtapStatus::KeyStoreFull);
        }
        let forced = self.store.update(|state| {
            if let Some(new) = new {
                let new = u8::try_from(new)
                    .ok()
                    .filter(|new| (state.min_pin_length..=MAX_PIN_LENGTH).contains(new))
                    .ok_or(CtapStatus::PinPolicyViolation)?;
                state.min_pin_length = new;
                // A PIN that is now too short must be changed.
                state.force_pin_change |= state.pin.as_ref().is_some_and(|pin| pin.code_points < new);
            }
            if force {
                if state.pin.is_none() {
                    return Err(CtapStatus::PinNotSet);
                }
                state.force_pin_change = true;
            }
            if let Some(rp_ids) = rp_ids {
                state.min_pin_length_rp_ids = rp_ids;
            }
            Ok(state.force_pin_change)
        })?;
        if forced {
            self.pin.drop_tokens();
        }
        Ok(None)
    }
}
