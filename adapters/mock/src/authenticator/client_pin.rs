//! `authenticatorClientPIN` (CTAP 2.1 §6.5.5).

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::secret::SharedSecret;
use subtle::ConstantTimeEq;

use super::params::{map, optional, protocol, required};
use super::pin::permission;
use super::{Answer, SoftAuthenticator};

const GET_PIN_RETRIES: u64 = 0x01;
const GET_KEY_AGREEMENT: u64 = 0x02;
const SET_PIN: u64 = 0x03;
const CHANGE_PIN: u64 = 0x04;
const GET_PIN_TOKEN: u64 = 0x05;
const GET_TOKEN_WITH_PERMISSIONS: u64 = 0x09;

/// The permissions that `getPinToken` gives.
const DEFAULT_PERMISSIONS: u8 = permission::MAKE_CREDENTIAL | permission::GET_ASSERTION;
/// All that this authenticator has commands for.
const KNOWN_PERMISSIONS: u8 = DEFAULT_PERMISSIONS
    | permission::CREDENTIAL_MANAGEMENT
    | permission::LARGE_BLOB_WRITE
    | permission::AUTHENTICATOR_CONFIG;

impl SoftAuthenticator {
    pub(super) fn client_pin(&mut self, params: &Value) -> Answer {
        match required(params.get(2), Value::as_u64)? {
            GET_PIN_RETRIES => self.get_pin_retries(),
            GET_KEY_AGREEMENT => {
                let protocol = self.pin_protocol(params)?;
                let key = self.pin.key_agreement(protocol)?;
                Ok(Some(Value::int_map([(1, Some(key.to_value()))])))
            }
            SET_PIN => self.set_pin(params),
            CHANGE_PIN => self.change_pin(params),
            GET_PIN_TOKEN => {
                if params.get(9).is_some() || params.get(10).is_some() {
                    return Err(CtapStatus::InvalidParameter);
                }
                self.get_token(params, DEFAULT_PERMISSIONS, None, CtapStatus::PinInvalid)
            }
            GET_TOKEN_WITH_PERMISSIONS => self.get_token_with_permissions(params),
            _ => Err(CtapStatus::InvalidSubcommand),
        }
    }

    fn pin_protocol(&self, params: &Value) -> Result<PinProtocol, CtapStatus> {
        protocol(params.get(1), &self.pin.config.protocols)
    }

    /// CTAP does not say what a device without a PIN answers; python-fido2's tests want this (README).
    fn get_pin_retries(&self) -> Answer {
        let state = self.store.state()?;
        if state.pin.is_none() {
            return Err(CtapStatus::PinNotSet);
        }
        let power_cycle = self.pin.is_auth_blocked() && state.pin_retries > 0;
        Ok(Some(Value::int_map([
            (3, Some(state.pin_retries.into())),
            (4, Some(power_cycle.into())),
        ])))
    }

    fn set_pin(&mut self, params: &Value) -> Answer {
        let protocol = self.pin_protocol(params)?;
        let platform_key = required(params.get(3), map)?;
        let param = required(params.get(4), Value::as_bytes)?;
        let new_pin_enc = required(params.get(5), Value::as_bytes)?;
        let state = self.store.state()?;
        if state.pin.is_some() {
            return Err(CtapStatus::PinAuthInvalid);
        }
        let secret = self.pin.shared_secret(protocol, platform_key)?;
        if !protocol.verify(&secret, new_pin_enc, param) {
            return Err(CtapStatus::PinAuthInvalid);
        }
        let pin = self
            .pin
            .open_new_pin(protocol, &secret, new_pin_enc, state.min_pin_length)?;
        let max_retries = self.pin.config.max_retries;
        self.store.update(|state| {
            state.pin = Some(pin);
            state.pin_retries = max_retries;
            state.force_pin_change = false;
            Ok(None)
        })
    }

    fn change_pin(&mut self, params: &Value) -> Answer {
        let protocol = self.pin_protocol(params)?;
        let platform_key = required(params.get(3), map)?;
        let param = required(params.get(4), Value::as_bytes)?;
        let new_pin_enc = required(params.get(5), Value::as_bytes)?;
        let pin_hash_enc = required(params.get(6), Value::as_bytes)?;
        let state = self.store.state()?;
        let old = state.pin.clone().ok_or(CtapStatus::PinNotSet)?;
        self.pin.check_not_blocked(&state)?;
        let secret = self.pin.shared_secret(protocol, platform_key)?;
        let message = [new_pin_enc, pin_hash_enc].concat();
        if !protocol.verify(&secret, &message, param) {
            return Err(CtapStatus::PinAuthInvalid);
        }
        self.pin.check_pin(protocol, &secret, pin_hash_enc)?;
        let new = self
            .pin
            .open_new_pin(protocol, &secret, new_pin_enc, state.min_pin_length)?;
        if state.force_pin_change && bool::from(new.hash.ct_eq(&old.hash)) {
            return Err(CtapStatus::PinPolicyViolation);
        }
        self.store.update(|state| {
            state.pin = Some(new);
            state.force_pin_change = false;
            Ok(())
        })?;
        self.pin.drop_tokens();
        Ok(None)
    }

    fn get_token_with_permissions(&mut self, params: &Value) -> Answer {
        let permissions = required(params.get(9), Value::as_u64)?;
        let rp_id = optional(params.get(10), Value::as_text)?;
        if permissions == 0 {
            return Err(CtapStatus::InvalidParameter);
        }
        let permissions = u8::try_from(permissions)
            .ok()
            .filter(|bits| bits & !KNOWN_PERMISSIONS == 0)
            .ok_or(CtapStatus::UnauthorizedPermission)?;
        if permissions & DEFAULT_PERMISSIONS != 0 && rp_id.is_none() {
            return Err(CtapStatus::MissingParameter);
        }
        self.get_token(params, permissions, rp_id, CtapStatus::PinPolicyViolation)
    }

    /// `change_first`: what it answers where the PIN must be changed first (§6.5.5.7.1 and §6.5.5.7.2, step 11).
    fn get_token(
        &mut self,
        params: &Value,
        permissions: u8,
        rp_id: Option<&str>,
        change_first: CtapStatus,
    ) -> Answer {
        let protocol = self.pin_protocol(params)?;
        let platform_key = required(params.get(3), map)?;
        let pin_hash_enc = required(params.get(6), Value::as_bytes)?;
        let state = self.store.state()?;
        if state.pin.is_none() {
            return Err(CtapStatus::PinNotSet);
        }
        self.pin.check_not_blocked(&state)?;
        let secret = self.pin.shared_secret(protocol, platform_key)?;
        self.pin.check_pin(protocol, &secret, pin_hash_enc)?;
        if state.force_pin_change {
            return Err(change_first);
        }
        let token = self.pin.begin_token(protocol, permissions, rp_id)?;
        let encrypted = self.encrypt(protocol, &secret, &*token)?;
        Ok(Some(Value::int_map([(2, Some(Value::bytes(&encrypted)))])))
    }

    pub(super) fn encrypt(
        &mut self,
        protocol: PinProtocol,
        secret: &SharedSecret,
        plain: &[u8],
    ) -> Result<Vec<u8>, CtapStatus> {
        protocol
            .encrypt(secret, plain, &mut self.entropy)
            .map_err(|_| CtapStatus::Other)
    }
}
