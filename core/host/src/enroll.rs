//! Enrolment, its self-test, and a new issuer key. FIDO interface only.

use alloc::vec::Vec;

use crate::stack::clear_stack_below;
use fido_unlock_protocol::AdminKey;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::device_unlock::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, KeyAgreementRequest,
    KeyAgreementResponse, ProbeChallenge, ProbeRequest, RotateRequest, SubCommand, UnlockInfo, pad_admin_key,
};
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::pin_protocol::{CoseKey, PinProtocol, encapsulate};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::suite::IssuerPublicKey;
use fido_unlock_protocol::suite::aes_admin_key::is_known_default;
use fido_unlock_protocol::{DeviceId, ResponseCode, SharedSecret};

use super::{CtapUnlockDevice, DeviceError, EnrollRefusal, RotateRefusal};
use crate::ports::{Call, Transport, UnlockDevice};

/// The key of one slot.
pub enum PlannedKey<'a> {
    /// Suite 1.
    P256Ecdsa(IssuerPublicKey),
    /// Suite 2.
    P256EcdhMac(IssuerPublicKey),
    /// Suite 3: goes to the device encrypted.
    AesAdminKey(&'a AdminKey),
}

/// What a device is to be enrolled with.
pub struct EnrollPlan<'a> {
    /// Slot number (0 to 15) and key, at least one.
    pub slots: &'a [(u8, PlannedKey<'a>)],
    /// What the device does differently from then on.
    pub options: EnrollOptions,
    /// The protocol of a suite-3 key and of `token`.
    pub protocol: PinProtocol,
    /// A pinUvAuthToken with `acfg`, where the device has a PIN or credentials.
    pub token: Option<&'a [u8]>,
}

/// Why a device was not enrolled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrollError {
    /// The device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// It must not be enrolled so.
    #[error(transparent)]
    Refused(#[from] EnrollRefusal),
}

impl HasCode for EnrollError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Refused(refusal) => (*refusal).code(),
        }
    }
}

impl EnrollError {
    /// What `enroll` was answered with.
    fn of(error: DeviceError) -> Self {
        match error {
            DeviceError::Status(CtapStatus::NotAllowed) => EnrollRefusal::Sealed.into(),
            DeviceError::Status(CtapStatus::PuatRequired | CtapStatus::UnauthorizedPermission) => {
                EnrollRefusal::NotPermitted.into()
            }
            other => other.into(),
        }
    }
}

/// Enrols and seals; the device asks for a touch.
///
/// # Errors
/// [`EnrollError`]; a known default admin key before anything is sent (the device refuses it too).
pub fn enroll<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &EnrollPlan<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<EnrollResponse, EnrollError> {
    let answer = enroll_plan(device, plan, entropy, call);
    clear_stack_below();
    answer
}

#[inline(never)]
fn enroll_plan<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &EnrollPlan<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<EnrollResponse, EnrollError> {
    let protocol = plan.protocol;
    let is_default =
        |key: &PlannedKey<'_>| matches!(key, PlannedKey::AesAdminKey(key) if is_known_default(key));
    if plan.slots.iter().any(|(_, key)| is_default(key)) {
        return Err(EnrollRefusal::AdminKeyDefault.into());
    }
    let wants_secret = plan
        .slots
        .iter()
        .any(|(_, key)| matches!(key, PlannedKey::AesAdminKey(_)));
    let agreed = match wants_secret {
        true => Some(agree(device, protocol, entropy, call)?),
        false => None,
    };
    let mut slots = Vec::new();
    for (slot, key) in plan.slots {
        let key = match (key, &agreed) {
            (PlannedKey::P256Ecdsa(issuer), _) => EnrollKey::P256Ecdsa(*issuer),
            (PlannedKey::P256EcdhMac(issuer), _) => EnrollKey::P256EcdhMac(*issuer),
            (PlannedKey::AesAdminKey(key), Some((_, secret))) => {
                let encrypted = protocol.encrypt(secret, &pad_admin_key(key), entropy);
                EnrollKey::AesAdminKey(encrypted.map_err(DeviceError::from)?)
            }
            (PlannedKey::AesAdminKey(_), None) => continue,
        };
        slots.push(EnrollSlot { slot: *slot, key });
    }
    let mut request = EnrollRequest {
        slots,
        options: plan.options,
        protocol: (wants_secret || plan.token.is_some()).then_some(protocol),
        platform_key: agreed.map(|(key, _)| key),
        pin_uv_auth_param: None,
    };
    if let Some(token) = plan.token {
        let param = protocol.authenticate_with_key(token, &request.auth_message());
        request.pin_uv_auth_param = Some(param.map_err(|_| DeviceError::Malformed("no pinUvAuthToken"))?);
    }
    let map = device
        .exchange_map(SubCommand::Enroll, &request.to_message(), call)
        .map_err(EnrollError::of)?;
    Ok(EnrollResponse::from_value(&map).map_err(DeviceError::from)?)
}

/// `getKeyAgreement`, then `encapsulate`: the platform key and the shared secret.
fn agree<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    protocol: PinProtocol,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<(CoseKey, SharedSecret), DeviceError> {
    let request = KeyAgreementRequest { protocol };
    let map = device.exchange_map(SubCommand::GetKeyAgreement, &request.to_message(), call)?;
    let answer = KeyAgreementResponse::from_value(&map)?;
    Ok(encapsulate(protocol, &answer.key_agreement, entropy)?)
}

/// A probe that one device accepted: the key that made the response belongs to its present Q.
pub struct ProbePassed {
    slot: u8,
    device_id: DeviceId,
    fingerprint: Option<[u8; 16]>,
}

impl ProbePassed {
    /// The slot that was probed.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// The device that was probed.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        self.device_id
    }

    /// Whether a device is the one that was probed, with the same Q in that slot.
    pub(super) fn is_of(&self, info: &UnlockInfo) -> bool {
        info.device_id == Some(self.device_id)
            && fingerprint(info, self.slot).is_some_and(|print| Some(print) == self.fingerprint)
    }
}

/// Why a probe did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The response is not valid: an unlock would not work.
    #[error("{}", ErrorCode::ProbeFailed)]
    Failed,
}

impl HasCode for ProbeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Failed => ErrorCode::ProbeFailed,
        }
    }
}

impl ProbeError {
    /// What `probe` was answered with.
    fn of(error: DeviceError) -> Self {
        match error {
            DeviceError::Status(CtapStatus::WrongResponse) => Self::Failed,
            other => other.into(),
        }
    }
}

/// "Would an unlock work?" Suites 1 and 2. `respond` makes the response under the probe label; for a key
/// elsewhere there is [`probe_with`](super::probe_with).
///
/// # Errors
/// [`ProbeError`], and whatever `respond` gives.
pub fn probe<T: Transport, E: From<ProbeError>>(
    device: &mut CtapUnlockDevice<T>,
    slot: u8,
    respond: impl FnOnce(&ProbeChallenge) -> Result<ResponseCode, E>,
    call: &mut Call<'_>,
) -> Result<ProbePassed, E> {
    let ask = ProbeRequest { slot, response: None };
    let map = device
        .exchange_map(SubCommand::Probe, &ask.to_message(), call)
        .map_err(ProbeError::of)?;
    let challenge = ProbeChallenge::from_value(&map).map_err(|error| ProbeError::Device(error.into()))?;
    let response = respond(&challenge)?;
    let answer = ProbeRequest {
        slot,
        response: Some(&response),
    };
    device
        .exchange(SubCommand::Probe, &answer.to_message(), call)
        .map_err(ProbeError::of)?;
    let info = device.info(call).map_err(ProbeError::Device)?;
    Ok(ProbePassed {
        slot,
        device_id: challenge.device_id,
        fingerprint: fingerprint(&info, slot),
    })
}

fn fingerprint(info: &UnlockInfo, slot: u8) -> Option<[u8; 16]> {
    info.slots.iter().find(|s| s.slot == slot)?.fingerprint
}

/// Why a rotation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// The device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The device, or what it holds, does not allow it.
    #[error(transparent)]
    Refused(#[from] RotateRefusal),
}

impl HasCode for RotateError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Refused(refusal) => (*refusal).code(),
        }
    }
}

/// Gives a slot a new issuer key, or closes it; the device asks for a touch. The proofs come from
/// [`IssuerKey::prove_rotation`](fido_unlock_protocol::suite::IssuerKey::prove_rotation), or by [`rotate_with`](super::rotate_with) from
/// a prover.
///
/// # Errors
/// [`RotateRefusal::Proof`]; [`DeviceError::Status`] for what the request itself has wrong, such as the
/// closing of the only slot; and the other [`DeviceError`]s.
pub fn rotate_issuer<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    request: &RotateRequest<'_>,
    call: &mut Call<'_>,
) -> Result<(), RotateError> {
    match device.exchange(SubCommand::RotateIssuer, &request.to_message(), call) {
        Ok(_) => Ok(()),
        Err(DeviceError::Status(CtapStatus::WrongResponse)) => Err(RotateRefusal::Proof.into()),
        Err(other) => Err(other.into()),
    }
}
