//! The authenticator's own `authenticatorClientPIN`, as far as the unlock needs it.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::pin_protocol::PinProtocol;

/// The PIN's state, as `getInfo` of the unlock command reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinState {
    /// Whether a PIN is set.
    pub pin_set: bool,
    /// `pinRetries`: tries left before the PIN is blocked for good.
    pub pin_retries: u8,
    /// Three wrong PINs in this power-up: CTAP2_ERR_PIN_AUTH_BLOCKED until re-plugged.
    pub pin_auth_blocked: bool,
    /// `uvRetries`, `None` without built-in user verification.
    pub uv_retries: Option<u8>,
    /// PIN/UV protocols in order of preference.
    pub protocols: Vec<PinProtocol>,
    /// `minPINLength` in code points.
    pub min_pin_length: u8,
    /// `maxPINLength` in bytes: 63 but for odd devices.
    pub max_pin_length: u8,
    /// `forcePINChange`.
    pub force_pin_change: bool,
    /// `pinComplexityPolicy`: the device has its own rules.
    pub pin_complexity_policy: bool,
    /// `maxMsgSize` in bytes.
    pub max_msg_size: u32,
    /// Whether any discoverable or non-discoverable credential was made since reset.
    pub has_credentials: bool,
}

/// What the unlock asks of the authenticator's PIN code.
pub trait ClientPin {
    /// The state now, read from where it is really kept (never a cached copy).
    fn pin_state(&self) -> PinState;

    /// Checks a `pinUvAuthParam` over `message` under a token with the `acfg` permission.
    ///
    /// # Errors
    /// CTAP2_ERR_PIN_AUTH_INVALID, or what the token check gives.
    fn verify_acfg_token(
        &mut self,
        protocol: PinProtocol,
        message: &[u8],
        param: &[u8],
    ) -> Result<(), CtapStatus>;

    /// Whether the device's own rules take this PIN (the length is already checked).
    fn pin_allowed(&self, pin: &[u8]) -> bool;

    /// The present PIN's stored hash, for the "not the old PIN" rule of `forcePINChange`.
    fn pin_hash(&self) -> Option<[u8; 16]>;

    /// After the commit: clears the volatile mismatch count, drops every pinUvAuthToken (persistent ones too), and
    /// ends what other commands have begun (a list of credentials, a large blob).
    fn after_unlock(&mut self);
}
