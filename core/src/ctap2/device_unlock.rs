//! `authenticatorDeviceUnlock` (0x55): requests and answers, in key order (docs/protocol.md, "The
//! vendor command").

use alloc::vec::Vec;

use crate::challenge::Challenge;
use crate::device_id::DeviceId;
use crate::pin_protocol::{CoseKey, PinProtocol};
use crate::response::ResponseCode;
use crate::suite::Suite;

/// Subcommand numbers (request key 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SubCommand {
    /// State, for an app that may not open the FIDO interface.
    GetInfo = 1,
    /// The pending challenge, or a new one.
    GetChallenge = 2,
    /// Response and new PIN.
    Unlock = 3,
    /// Would an unlock work? FIDO interface only.
    Probe = 4,
    /// All slots at once; seals. FIDO interface only.
    Enroll = 5,
    /// A new issuer key for one slot. FIDO interface only.
    RotateIssuer = 6,
}

/// A slot as `getInfo` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// 0 to 15; slot 0 may be the offline recovery key.
    pub slot: u8,
    /// What the slot's key is for.
    pub suite: Suite,
    /// [`crate::suite::IssuerPublicKey::fingerprint`] of Q; `None` in suite 3.
    pub fingerprint: Option<[u8; 16]>,
    /// How often this slot was rotated.
    pub rotation: u32,
}

/// The answer of `getInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockInfo {
    /// Whether a PIN is set.
    pub pin_set: bool,
    /// `pinRetries`.
    pub pin_retries: u8,
    /// CTAP2_ERR_PIN_AUTH_BLOCKED until re-plugged.
    pub pin_auth_blocked: bool,
    /// `uvRetries`, where there is built-in user verification.
    pub uv_retries: Option<u8>,
    /// PIN/UV protocols that this library knows, in the device's order.
    pub protocols: Vec<PinProtocol>,
    /// `minPINLength` in code points.
    pub min_pin_length: u8,
    /// `maxPINLength` in bytes.
    pub max_pin_length: u8,
    /// `forcePINChange`.
    pub force_pin_change: bool,
    /// `pinComplexityPolicy`.
    pub pin_complexity_policy: bool,
    /// `maxMsgSize` in bytes.
    pub max_msg_size: u32,
    /// The unlock counter, 32 bits.
    pub unlock_counter: u32,
    /// Enrolled and sealed until reset.
    pub sealed: bool,
    /// The enrolled slots.
    pub slots: Vec<SlotInfo>,
    /// The Device ID; over the vendor interface only while the PIN is blocked.
    pub device_id: Option<DeviceId>,
    /// Five wrong responses since power-up: 0x34 until re-plugged.
    pub unlock_blocked: bool,
    /// Whether an unlock wants a touch.
    pub touch: bool,
}

/// `getChallenge`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeRequest {
    /// The slot that the response will come from.
    pub slot: u8,
    /// Whose key agreement key is wanted.
    pub protocol: PinProtocol,
    /// Throw the pending challenge away; needs a touch.
    pub renew: bool,
}

/// The answer of `getChallenge`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeResponse {
    /// The pending challenge.
    pub challenge: Challenge,
    /// The Device ID.
    pub device_id: DeviceId,
    /// The slot's suite.
    pub suite: Suite,
    /// The slot.
    pub slot: u8,
    /// The protocol's key agreement key; new after each wrong response and each power-up.
    pub key_agreement: CoseKey,
}

/// `unlock`.
pub struct UnlockRequest {
    /// The challenge that the response answers; refused unless it is the pending one.
    pub challenge: Challenge,
    /// The response.
    pub response: ResponseCode,
    /// The PIN/UV protocol of the next three.
    pub protocol: PinProtocol,
    /// The platform's key agreement key.
    pub platform_key: CoseKey,
    /// encrypt(shared secret, padded new PIN): 64 or 80 bytes.
    pub new_pin_enc: Vec<u8>,
    /// authenticate(shared secret, "fido-unlock/1 unlock" ‖ 00 ‖ challenge ‖ len(response) ‖
    /// response ‖ newPinEnc), the length as one byte.
    pub pin_uv_auth_param: Vec<u8>,
}
