//! A vendor's device with its own command set: what the unlock needs from it, implemented in the host's language.

use std::sync::Arc;

use fido_unlock::ctap2::DEFAULT_MAX_MSG_SIZE;
use fido_unlock::ctap2::device_unlock::{self, ChallengeResponse};
use fido_unlock::host::DeviceError;
use fido_unlock::pin_protocol::{self, CoseKey};
use fido_unlock::{Challenge, ResponseCode};

use crate::call::DeviceCall;
use crate::types::{SlotInfo, Suite};

/// A PIN/UV auth protocol (CTAP 2.1 §6.5.6, §6.5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PinProtocol {
    /// PIN/UV Auth Protocol One.
    One,
    /// PIN/UV Auth Protocol Two.
    Two,
}

impl From<pin_protocol::PinProtocol> for PinProtocol {
    fn from(protocol: pin_protocol::PinProtocol) -> Self {
        match protocol {
            pin_protocol::PinProtocol::One => Self::One,
            pin_protocol::PinProtocol::Two => Self::Two,
        }
    }
}

impl From<PinProtocol> for pin_protocol::PinProtocol {
    fn from(protocol: PinProtocol) -> Self {
        match protocol {
            PinProtocol::One => Self::One,
            PinProtocol::Two => Self::Two,
        }
    }
}

/// A key agreement key: a point on P-256.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeyAgreement {
    /// 32 bytes.
    pub x: Vec<u8>,
    /// 32 bytes.
    pub y: Vec<u8>,
}

/// `getInfo`: what a device says about itself.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UnlockInfo {
    /// Whether a PIN is set.
    pub pin_set: bool,
    /// Tries left; 0 is blocked for good.
    pub pin_retries: u8,
    /// Whether it refuses PINs until it is plugged in again.
    pub pin_auth_blocked: bool,
    /// Tries left for the fingerprint sensor, if there is one.
    pub uv_retries: Option<u8>,
    /// Its PIN/UV protocols, the preferred one first.
    pub protocols: Vec<PinProtocol>,
    /// `minPINLength` in code points.
    pub min_pin_length: u8,
    /// `maxPINLength` in bytes; CTAP allows no more than 63.
    pub max_pin_length: u8,
    /// `forcePINChange`.
    pub force_pin_change: bool,
    /// `pinComplexityPolicy`: it has further rules for PINs.
    pub pin_complexity_policy: bool,
    /// How many times it has been unlocked.
    pub unlock_counter: u32,
    /// Enrolled, and sealed against other issuers until reset.
    pub sealed: bool,
    /// Its key slots.
    pub slots: Vec<SlotInfo>,
    /// The Device ID's 10 bytes, if the device gives it.
    pub device_id: Option<Vec<u8>>,
    /// Whether five Response Codes were wrong since it was plugged in.
    pub unlock_blocked: bool,
    /// Whether an unlock requires a touch.
    pub needs_touch: bool,
    /// Whether an unlock ended exactly the challenge that was asked about; `None` where none was, or the device cannot
    /// tell. Then only the Device ID and the counter show what became of an unlock whose answer was lost.
    #[uniffi(default = None)]
    pub spent: Option<bool>,
}

/// `getChallenge`: what a device answers.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingChallenge {
    /// 18 bytes; 16 in suite 3.
    pub challenge: Vec<u8>,
    /// The slot's suite; in suites 1 and 2 the challenge names it too.
    pub suite: Suite,
    /// The slot; in suites 1 and 2 the challenge names it too.
    pub slot: u8,
    /// The Device ID's 10 bytes.
    pub device_id: Vec<u8>,
    /// The protocol's key; new after each wrong response and each power-up.
    pub key_agreement: KeyAgreement,
}

/// `unlock`: all but the response.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UnlockRequest {
    /// The challenge that the response answers: 18 bytes, 16 in suite 3.
    pub challenge: Vec<u8>,
    /// The protocol of the other fields.
    pub protocol: PinProtocol,
    /// The platform's key agreement key.
    pub platform_key: KeyAgreement,
    /// The new PIN, padded to 64 bytes and encrypted: 64 bytes, 80 in protocol two.
    pub new_pin_enc: Vec<u8>,
    /// The MAC over challenge, response and `new_pin_enc`: 16 bytes, 32 in protocol two.
    pub pin_uv_auth_param: Vec<u8>,
}

/// Why a device that the host implements failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum UnlockDeviceError {
    /// It refused.
    #[error("refused with {number}")]
    Refused {
        /// A number of docs/errors.md that a device can mean: 105 for a wrong response, 111 for a touch that was
        /// refused, 307 if its own rules refuse the PIN. Any other number becomes 119.
        number: u16,
    },
    /// Its answer makes no sense.
    #[error("malformed answer")]
    Malformed,
    /// No device is there.
    #[error("no device")]
    NoDevice,
    /// The system refuses to open it.
    #[error("permission denied: {path}")]
    PermissionDenied {
        /// The device, as the system names it.
        path: String,
    },
    /// Only an elevated process may open it.
    #[error("needs elevation")]
    NeedsElevation,
    /// Another program holds it.
    #[error("busy")]
    Busy,
    /// It was pulled, or the card was taken away.
    #[error("gone")]
    Gone,
    /// No answer within the time given.
    #[error("no answer in time")]
    TimedOut,
    /// `DeviceCall.is_cancelled` said so, and the device was told.
    #[error("cancelled")]
    Cancelled,
    /// The system's call failed.
    #[error("failed with {code}")]
    Failed {
        /// The system's error number.
        code: i64,
    },
    /// It threw something else.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for UnlockDeviceError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

/// A vendor's device with a command set of its own: three commands, each of which blocks until the device has
/// answered, on the thread that made the call.
#[uniffi::export(with_foreign)]
pub trait UnlockDevice: Send + Sync {
    /// The state; this only reads. `challenge`: its bytes, if [`UnlockInfo::spent`] is wanted for it.
    fn info(
        &self,
        challenge: Option<Vec<u8>>,
        call: Arc<DeviceCall>,
    ) -> Result<UnlockInfo, UnlockDeviceError>;

    /// The pending challenge of a slot, with that protocol's key. `renew`: discard the pending one, which requires
    /// a touch; refuse with 128 if there was none.
    fn challenge(
        &self,
        slot: u8,
        protocol: PinProtocol,
        renew: bool,
        call: Arc<DeviceCall>,
    ) -> Result<PendingChallenge, UnlockDeviceError>;

    /// Response and new PIN. `response`: its 64, 13 or 16 bytes as hexadecimal digits; a secret, keep it no longer
    /// than the call. If the answer is lost, throw what happened (`Gone`, `TimedOut`): the library then asks `info`
    /// what became of the unlock.
    fn unlock(
        &self,
        request: UnlockRequest,
        response: String,
        call: Arc<DeviceCall>,
    ) -> Result<(), UnlockDeviceError>;
}

impl UnlockRequest {
    pub(crate) fn of(request: &device_unlock::UnlockRequest<'_>) -> Self {
        Self {
            challenge: request.challenge.as_bytes().to_vec(),
            protocol: request.protocol.into(),
            platform_key: KeyAgreement {
                x: request.platform_key.x.to_vec(),
                y: request.platform_key.y.to_vec(),
            },
            new_pin_enc: request.new_pin_enc.clone(),
            pin_uv_auth_param: request.pin_uv_auth_param.clone(),
        }
    }
}

/// The response in the form in which the port gets it; from then on the text belongs to the host.
pub(crate) fn response_digits(response: &ResponseCode) -> String {
    base16ct::lower::encode_string(response.expose_bytes())
}

fn array<const N: usize>(bytes: Vec<u8>, what: &'static str) -> Result<[u8; N], DeviceError> {
    bytes.try_into().map_err(|_| DeviceError::Malformed(what))
}

fn device_id(bytes: Vec<u8>) -> Result<fido_unlock::DeviceId, DeviceError> {
    Ok(fido_unlock::DeviceId::from_bytes(array(
        bytes,
        "a Device ID has 10 bytes",
    )?))
}

pub(crate) fn to_info(info: UnlockInfo) -> Result<device_unlock::UnlockInfo, DeviceError> {
    let slots = info.slots.into_iter().map(|slot| {
        if slot.slot > 15 {
            return Err(DeviceError::Malformed("a slot is 0 to 15"));
        }
        Ok(device_unlock::SlotInfo {
            slot: slot.slot,
            suite: slot.suite.into(),
            fingerprint: slot
                .fingerprint
                .map(|print| array(print, "a fingerprint has 16 bytes"))
                .transpose()?,
            rotation: slot.rotation,
        })
    });
    Ok(device_unlock::UnlockInfo {
        pin_set: info.pin_set,
        pin_retries: info.pin_retries,
        pin_auth_blocked: info.pin_auth_blocked,
        uv_retries: info.uv_retries,
        protocols: info.protocols.into_iter().map(Into::into).collect(),
        min_pin_length: info.min_pin_length,
        max_pin_length: info.max_pin_length,
        force_pin_change: info.force_pin_change,
        pin_complexity_policy: info.pin_complexity_policy,
        // No CTAP message goes to this device.
        max_msg_size: u32::try_from(DEFAULT_MAX_MSG_SIZE).unwrap_or(u32::MAX),
        unlock_counter: info.unlock_counter,
        sealed: info.sealed,
        unknown_slots: 0,
        slots: slots.collect::<Result<_, _>>()?,
        device_id: info.device_id.map(device_id).transpose()?,
        unlock_blocked: info.unlock_blocked,
        touch: info.needs_touch,
        // Nothing of CTAP's enrolment goes to this device.
        max_slots: 0,
        spent: info.spent,
    })
}

pub(crate) fn to_challenge(answer: PendingChallenge) -> Result<ChallengeResponse, DeviceError> {
    let wrong = || DeviceError::Malformed("the challenge does not fit its suite and slot");
    let suite = answer.suite.into();
    let challenge = Challenge::from_bytes(suite, &answer.challenge).map_err(|_| wrong())?;
    if matches!(&challenge, Challenge::Line(line) if line.slot() != answer.slot) {
        return Err(wrong());
    }
    let coordinate = |bytes| array(bytes, "a coordinate has 32 bytes");
    Ok(ChallengeResponse {
        challenge,
        device_id: device_id(answer.device_id)?,
        suite,
        slot: answer.slot,
        key_agreement: CoseKey {
            x: coordinate(answer.key_agreement.x)?,
            y: coordinate(answer.key_agreement.y)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use fido_unlock::host::DeviceRefusal;
    use fido_unlock::{ErrorCode, Family, HasCode};

    use super::*;

    fn told(code: ErrorCode) -> DeviceError {
        let number = code.number();
        crate::UnlockDeviceError::Refused { number }.into()
    }

    /// A device's number stays itself where a device can refuse so; any other is an answer without a meaning.
    #[test]
    fn a_number_that_the_host_s_device_throws_is_a_refusal_of_a_device() {
        for refusal in DeviceRefusal::ALL {
            let code = refusal.code();
            if code.family() == Family::Device {
                assert_eq!(told(code), DeviceError::Refused(*refusal));
            }
        }
        for code in [ErrorCode::ForeignIssuer, ErrorCode::Sealed, ErrorCode::LastSlot] {
            assert_eq!(told(code), DeviceError::Refused(DeviceRefusal::Unexpected));
        }
        // As good as lost: the session then asks the unlock counter.
        for code in [ErrorCode::MalformedAnswer, ErrorCode::OutcomeUnknown] {
            assert_eq!(told(code).code(), ErrorCode::MalformedAnswer);
        }
        for code in [
            ErrorCode::PinTooShort,
            ErrorCode::ApprovalRefused,
            ErrorCode::Gone,
        ] {
            assert_eq!(told(code).code(), ErrorCode::HostFailed, "not a device's");
        }
    }
}
