//! Enrolment, its self-test, and a new issuer key. FIDO interface only.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::device_unlock::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, ProbeChallenge, ProbeRequest,
    RotateRequest, SubCommand, UnlockInfo, pad_admin_key,
};
use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::pin_protocol::PinProtocol;
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::secret::{AdminKey, clear_stack_below};
use fido_unlock_protocol::suite::IssuerPublicKey;
use fido_unlock_protocol::suite::aes_admin_key::is_known_default;
use fido_unlock_protocol::{DeviceId, ResponseCode};

use super::pin_token::agree;
use super::{CtapUnlockDevice, DeviceError};
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

/// Enrols and seals; the device asks for a touch.
///
/// # Errors
/// [`ErrorCode::Sealed`], [`ErrorCode::EnrolmentRefused`], [`ErrorCode::AdminKeyDefault`] (before
/// anything is sent; the device refuses it too), and the other [`DeviceError`]s.
pub fn enroll<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &EnrollPlan<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<EnrollResponse, DeviceError> {
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
) -> Result<EnrollResponse, DeviceError> {
    let protocol = plan.protocol;
    let is_default =
        |key: &PlannedKey<'_>| matches!(key, PlannedKey::AesAdminKey(key) if is_known_default(key));
    if plan.slots.iter().any(|(_, key)| is_default(key)) {
        return Err(DeviceError::Refused(ErrorCode::AdminKeyDefault));
    }
    let wants_secret = plan
        .slots
        .iter()
        .any(|(_, key)| matches!(key, PlannedKey::AesAdminKey(_)));
    let agreed = match wants_secret {
        true => Some(agree(device.transport(), protocol, entropy, call)?),
        false => None,
    };
    let mut slots = Vec::new();
    for (slot, key) in plan.slots {
        let key = match (key, &agreed) {
            (PlannedKey::P256Ecdsa(issuer), _) => EnrollKey::P256Ecdsa(*issuer),
            (PlannedKey::P256EcdhMac(issuer), _) => EnrollKey::P256EcdhMac(*issuer),
            (PlannedKey::AesAdminKey(key), Some((_, secret))) => {
                EnrollKey::AesAdminKey(protocol.encrypt(secret, &pad_admin_key(key), entropy)?)
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
    let map = device.exchange_map(SubCommand::Enroll, &request.to_message(), call)?;
    Ok(EnrollResponse::from_value(&map)?)
}

/// A probe that one device took: its present Q is the one that made the response.
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

/// "Would an unlock work?" Suites 1 and 2. `respond` makes the response under the probe label; for a key
/// elsewhere there is [`probe_with`](super::probe_with).
///
/// # Errors
/// [`ErrorCode::ProbeFailed`], whatever `respond` gives, and the
/// other [`DeviceError`]s.
pub fn probe<T: Transport, E: From<DeviceError>>(
    device: &mut CtapUnlockDevice<T>,
    slot: u8,
    respond: impl FnOnce(&ProbeChallenge) -> Result<ResponseCode, E>,
    call: &mut Call<'_>,
) -> Result<ProbePassed, E> {
    let ask = ProbeRequest { slot, response: None };
    let map = device.exchange_map(SubCommand::Probe, &ask.to_message(), call)?;
    let challenge = ProbeChallenge::from_value(&map).map_err(DeviceError::from)?;
    let response = respond(&challenge)?;
    let answer = ProbeRequest {
        slot,
        response: Some(&response),
    };
    device.exchange(SubCommand::Probe, &answer.to_message(), call)?;
    Ok(ProbePassed {
        slot,
        device_id: challenge.device_id,
        fingerprint: fingerprint(&device.info(call)?, slot),
    })
}

fn fingerprint(info: &UnlockInfo, slot: u8) -> Option<[u8; 16]> {
    info.slots.iter().find(|s| s.slot == slot)?.fingerprint
}

/// Gives a slot a new issuer key, or closes it; the device asks for a touch. The proofs come from
/// [`IssuerKey::prove_rotation`](fido_unlock_protocol::suite::IssuerKey::prove_rotation), or by [`rotate_with`](super::rotate_with) from
/// a prover.
///
/// # Errors
/// [`ErrorCode::RotationRefused`]; [`DeviceError::Status`] for what the request itself has wrong, such
/// as the closing of the only slot; and the other [`DeviceError`]s.
pub fn rotate_issuer<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    request: &RotateRequest<'_>,
    call: &mut Call<'_>,
) -> Result<(), DeviceError> {
    device
        .exchange(SubCommand::RotateIssuer, &request.to_message(), call)
        .map(drop)
}
