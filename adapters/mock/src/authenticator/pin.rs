//! The PIN's volatile state and the checks on it (CTAP 2.1 §6.5.2, §6.5.5): key agreement keys,
//! mismatch count and pinUvAuthToken die with power.

use core::time::Duration;
use std::sync::Arc;

use fido_unlock_device::ports::{ClientPin, PinState};
use fido_unlock_host::ports::Ticks;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::pin_protocol::{
    CoseKey, KeyAgreementKey, PADDED_PIN_LENGTH, PinProtocol, hash_pin, unpad_pin,
};
use fido_unlock_protocol::secret::SharedSecret;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::entropy::SharedEntropy;
use crate::state::{State, Store, StoredPin};

/// pinUvAuthToken permissions (CTAP 2.1 §6.5.5.7).
pub(crate) mod permission {
    pub(crate) const MAKE_CREDENTIAL: u8 = 0x01;
    pub(crate) const GET_ASSERTION: u8 = 0x02;
    pub(crate) const CREDENTIAL_MANAGEMENT: u8 = 0x04;
    pub(crate) const LARGE_BLOB_WRITE: u8 = 0x10;
    pub(crate) const AUTHENTICATOR_CONFIG: u8 = 0x20;
}

/// Wrong PINs in one power-up after which no further PIN is checked (§6.5.5.6).
const MAX_MISMATCHES: u8 = 3;
/// A token that was never used ends after this (§6.5.2.1, initial usage time limit).
const UNUSED_LIMIT: Duration = Duration::from_secs(30);
/// Every token ends after this (§6.5.2.1, maximum usage time period).
const USAGE_LIMIT: Duration = Duration::from_secs(600);
/// Longest PIN in bytes.
pub(crate) const MAX_PIN_LENGTH: u8 = 63;

/// What does not change while the authenticator lives.
#[derive(Clone)]
pub(crate) struct PinConfig {
    pub(crate) protocols: Vec<PinProtocol>,
    pub(crate) max_retries: u8,
    pub(crate) pin_complexity: bool,
    pub(crate) max_msg_size: u32,
}

struct Token {
    protocol: PinProtocol,
    value: Zeroizing<[u8; 32]>,
    permissions: u8,
    rp_id: Option<String>,
    begun: Duration,
    used: bool,
}

/// The PIN code of the authenticator.
pub(crate) struct PinModule {
    pub(crate) config: PinConfig,
    store: Store,
    entropy: SharedEntropy,
    ticks: Arc<dyn Ticks + Send + Sync>,
    keys: [Option<KeyAgreementKey>; 2],
    mismatches: u8,
    token: Option<Token>,
    unlocked: bool,
}

const fn slot(protocol: PinProtocol) -> usize {
    match protocol {
        PinProtocol::One => 0,
        PinProtocol::Two => 1,
    }
}

impl PinModule {
    pub(crate) fn new(
        config: PinConfig,
        store: Store,
        entropy: SharedEntropy,
        ticks: Arc<dyn Ticks + Send + Sync>,
    ) -> Self {
        Self {
            config,
            store,
            entropy,
            ticks,
            keys: [None, None],
            mismatches: 0,
            token: None,
            unlocked: false,
        }
    }

    pub(crate) fn power_cycle(&mut self) {
        self.keys = [None, None];
        self.mismatches = 0;
        self.token = None;
        self.unlocked = false;
    }

    /// This protocol's key agreement key (§6.5.5.4).
    pub(crate) fn key_agreement(&mut self, protocol: PinProtocol) -> Result<CoseKey, CtapStatus> {
        if !self.config.protocols.contains(&protocol) {
            return Err(CtapStatus::InvalidParameter);
        }
        let place = self.keys.get_mut(slot(protocol)).ok_or(CtapStatus::Other)?;
        if let Some(key) = place {
            return Ok(key.public());
        }
        let key = KeyAgreementKey::make(&mut self.entropy).map_err(|_| CtapStatus::Other)?;
        Ok(place.insert(key).public())
    }

    fn regenerate(&mut self, protocol: PinProtocol) {
        if let Some(place) = self.keys.get_mut(slot(protocol)) {
            *place = None;
        }
    }

    /// Whether an unlock was done since this was asked last.
    pub(crate) fn take_unlocked(&mut self) -> bool {
        core::mem::take(&mut self.unlocked)
    }

    pub(crate) fn is_auth_blocked(&self) -> bool {
        self.mismatches >= MAX_MISMATCHES
    }

    /// §6.5.5.4: the shared secret with a COSE key from a request.
    pub(crate) fn shared_secret(
        &mut self,
        protocol: PinProtocol,
        platform_key: &fido_unlock_protocol::ctap2::cbor::Value,
    ) -> Result<SharedSecret, CtapStatus> {
        let platform_key = CoseKey::from_value(platform_key).map_err(|_| CtapStatus::InvalidParameter)?;
        // Without a key nobody asked for one, and no platform can know the one that is made now.
        self.key_agreement(protocol)?;
        self.keys
            .get(slot(protocol))
            .and_then(Option::as_ref)
            .ok_or(CtapStatus::Other)?
            .decapsulate(protocol, &platform_key)
            .map_err(|_| CtapStatus::InvalidParameter)
    }

    /// Whether PINs are looked at at all: CTAP2_ERR_PIN_BLOCKED or CTAP2_ERR_PIN_AUTH_BLOCKED.
    pub(crate) fn check_not_blocked(&self, state: &State) -> Result<(), CtapStatus> {
        if state.pin_retries == 0 {
            return Err(CtapStatus::PinBlocked);
        }
        if self.is_auth_blocked() {
            return Err(CtapStatus::PinAuthBlocked);
        }
        Ok(())
    }

    /// §6.5.5.7.1: uses up one try, then compares; the try is given back when the PIN is right.
    pub(crate) fn check_pin(
        &mut self,
        protocol: PinProtocol,
        secret: &SharedSecret,
        pin_hash_enc: &[u8],
    ) -> Result<(), CtapStatus> {
        let (stored, retries) = self.store.update(|state| {
            state.pin_retries = state.pin_retries.checked_sub(1).ok_or(CtapStatus::PinBlocked)?;
            let pin = state.pin.clone().ok_or(CtapStatus::PinNotSet)?;
            Ok((pin, state.pin_retries))
        })?;
        let matches = protocol
            .decrypt(secret, pin_hash_enc)
            .is_ok_and(|hash| bool::from(hash.ct_eq(&stored.hash)));
        if !matches {
            self.mismatches = self.mismatches.saturating_add(1);
            self.regenerate(protocol);
            return Err(match (retries, self.is_auth_blocked()) {
                (0, _) => CtapStatus::PinBlocked,
                (_, true) => CtapStatus::PinAuthBlocked,
                (_, false) => CtapStatus::PinInvalid,
            });
        }
        self.mismatches = 0;
        let max_retries = self.config.max_retries;
        self.store.update(|state| {
            state.pin_retries = max_retries;
            Ok(())
        })
    }

    /// §6.5.5.5: opens `newPinEnc` and checks the PIN against the device's rules.
    pub(crate) fn open_new_pin(
        &self,
        protocol: PinProtocol,
        secret: &SharedSecret,
        new_pin_enc: &[u8],
        min_pin_length: u8,
    ) -> Result<StoredPin, CtapStatus> {
        let padded = protocol
            .decrypt(secret, new_pin_enc)
            .map_err(|_| CtapStatus::PinAuthInvalid)?;
        if padded.len() != PADDED_PIN_LENGTH {
            return Err(CtapStatus::InvalidParameter);
        }
        let pin = unpad_pin(&padded).ok_or(CtapStatus::PinPolicyViolation)?;
        let text = core::str::from_utf8(pin).map_err(|_| CtapStatus::PinPolicyViolation)?;
        let code_points = u8::try_from(text.chars().count()).map_err(|_| CtapStatus::PinPolicyViolation)?;
        if code_points < min_pin_length || !self.pin_allowed(pin) {
            return Err(CtapStatus::PinPolicyViolation);
        }
        Ok(StoredPin {
            hash: *hash_pin(pin),
            code_points,
        })
    }

    /// §6.5.5.7: ends every token and makes a new one, which it gives.
    pub(crate) fn begin_token(
        &mut self,
        protocol: PinProtocol,
        permissions: u8,
        rp_id: Option<&str>,
    ) -> Result<Zeroizing<[u8; 32]>, CtapStatus> {
        self.token = None;
        let value = Zeroizing::new(self.entropy.array().map_err(|_| CtapStatus::Other)?);
        self.token = Some(Token {
            protocol,
            value: value.clone(),
            permissions,
            rp_id: rp_id.map(String::from),
            begun: self.ticks.now(),
            used: false,
        });
        Ok(value)
    }

    pub(crate) fn drop_tokens(&mut self) {
        self.token = None;
    }

    /// Whether the token that was given last is still good.
    pub(crate) fn has_token(&mut self) -> bool {
        self.live_token().is_some()
    }

    fn live_token(&mut self) -> Option<&mut Token> {
        let now = self.ticks.now();
        let is_over = |token: &Token| {
            let age = now.saturating_sub(token.begun);
            age >= USAGE_LIMIT || (!token.used && age >= UNUSED_LIMIT)
        };
        if self.token.as_ref().is_some_and(is_over) {
            self.token = None;
        }
        self.token.as_mut()
    }

    /// Checks `pinUvAuthParam` over `message`, the permission, and the RP ID that the token is bound
    /// to. With `rp_id`, a token without one becomes bound to it.
    pub(crate) fn authorise(
        &mut self,
        protocol: PinProtocol,
        message: &[u8],
        param: &[u8],
        permission: u8,
        rp_id: Rp<'_>,
    ) -> Result<(), CtapStatus> {
        let token = self.live_token().ok_or(CtapStatus::PinAuthInvalid)?;
        let rp_fits = match (&rp_id, token.rp_id.as_deref()) {
            (Rp::Any, _) | (_, None) => true,
            (Rp::None, Some(_)) => false,
            (Rp::Bind(asked) | Rp::Same(asked), Some(bound)) => *asked == bound,
        };
        let fits = token.protocol == protocol
            && protocol.verify_with_key(&*token.value, message, param)
            && token.permissions & permission != 0
            && rp_fits;
        if !fits {
            return Err(CtapStatus::PinAuthInvalid);
        }
        token.used = true;
        if let (Rp::Bind(asked), None) = (rp_id, &token.rp_id) {
            token.rp_id = Some(asked.to_owned());
        }
        Ok(())
    }

    /// §6.5.2.1: after a touch was used up, the token serves only the writing of large blobs.
    pub(crate) fn spend_presence(&mut self) {
        if let Some(token) = &mut self.token {
            token.permissions &= permission::LARGE_BLOB_WRITE;
        }
    }
}

/// What a command asks of a token's RP ID.
#[derive(Clone, Copy)]
pub(crate) enum Rp<'a> {
    /// Nothing.
    Any,
    /// The token must not be bound.
    None,
    /// The token must be bound to this one, or becomes so.
    Bind(&'a str),
    /// The token must be bound to this one or to none.
    Same(&'a str),
}

impl ClientPin for PinModule {
    fn pin_state(&self) -> PinState {
        // Unreadable flash shows at the unlock's own first read; nothing here looks unblocked.
        let state = self.store.load_state().ok().flatten();
        let state = state.as_ref();
        PinState {
            pin_set: state.is_some_and(|state| state.pin.is_some()),
            pin_retries: state.map_or(0, |state| state.pin_retries),
            pin_auth_blocked: self.is_auth_blocked(),
            uv_retries: None,
            protocols: self.config.protocols.clone(),
            min_pin_length: state.map_or(MAX_PIN_LENGTH, |state| state.min_pin_length),
            max_pin_length: MAX_PIN_LENGTH,
            force_pin_change: state.is_some_and(|state| state.force_pin_change),
            pin_complexity_policy: self.config.pin_complexity,
            max_msg_size: self.config.max_msg_size,
            has_credentials: state.is_none_or(|state| state.credential_made),
        }
    }

    fn verify_acfg_token(
        &mut self,
        protocol: PinProtocol,
        message: &[u8],
        param: &[u8],
    ) -> Result<(), CtapStatus> {
        self.authorise(
            protocol,
            message,
            param,
            permission::AUTHENTICATOR_CONFIG,
            Rp::Any,
        )
    }

    fn pin_allowed(&self, pin: &[u8]) -> bool {
        !self.config.pin_complexity || is_complex(pin)
    }

    fn pin_hash(&self) -> Option<[u8; 16]> {
        let state = self.store.load_state().ok().flatten()?;
        state.pin.as_ref().map(|pin| pin.hash)
    }

    fn after_unlock(&mut self) {
        self.mismatches = 0;
        self.token = None;
        self.unlocked = true;
    }
}

/// A device's own rule: neither one character repeated nor a run such as 4567 or dcba.
fn is_complex(pin: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(pin) else {
        return false;
    };
    let characters: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps: Vec<i64> = characters
        .windows(2)
        .filter_map(|pair| Some(pair.last()? - pair.first()?))
        .collect();
    !(-1..=1).any(|step| steps.iter().all(|&other| other == step))
}

#[cfg(test)]
mod tests {
    use super::is_complex;

    #[test]
    fn runs_and_repeats_are_not_complex() {
        for pin in ["1111", "1234", "dcba", "", "é"] {
            assert!(!is_complex(pin.as_bytes()), "{pin}");
        }
        for pin in ["1357", "1243", "112233"] {
            assert!(is_complex(pin.as_bytes()), "{pin}");
        }
    }
}
