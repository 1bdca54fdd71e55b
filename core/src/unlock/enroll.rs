//! Enrolment, its self-test, and a new issuer key. FIDO interface only.

use alloc::vec::Vec;

use super::pin_token::agree;
use super::{CtapUnlockDevice, DeviceError};
use crate::ctap2::device_unlock::{
    EnrollKey, EnrollOptions, EnrollRequest, EnrollResponse, EnrollSlot, ProbeChallenge, ProbeRequest,
    RotateRequest, SubCommand, pad_admin_key,
};
use crate::pin_protocol::PinProtocol;
use crate::ports::{Call, Entropy, Transport};
use crate::response::ResponseCode;
use crate::secret::AdminKey;
use crate::suite::IssuerPublicKey;

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
/// [`ErrorCode::Sealed`](crate::ErrorCode::Sealed),
/// [`ErrorCode::EnrolmentRefused`](crate::ErrorCode::EnrolmentRefused), and the other
/// [`DeviceError`]s.
pub fn enroll<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &EnrollPlan<'_>,
    entropy: &mut dyn Entropy,
    call: &mut Call<'_>,
) -> Result<EnrollResponse, DeviceError> {
    let protocol = plan.protocol;
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

/// A probe that the device took: its present Q is the one that made the response.
pub struct ProbePassed {
    slot: u8,
}

impl ProbePassed {
    /// The slot that was probed.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }
}

/// "Would an unlock work?" Suites 1 and 2. `respond` makes the response under the probe label.
///
/// # Errors
/// [`ErrorCode::ProbeFailed`](crate::ErrorCode::ProbeFailed), whatever `respond` gives, and the
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
    Ok(ProbePassed { slot })
}

/// Gives a slot a new issuer key, or closes it; the device asks for a touch. The proofs come from
/// [`IssuerKey::prove_rotation`](crate::suite::IssuerKey::prove_rotation).
///
/// # Errors
/// [`ErrorCode::RotationRefused`](crate::ErrorCode::RotationRefused), and the other
/// [`DeviceError`]s.
pub fn rotate_issuer<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    request: &RotateRequest<'_>,
    call: &mut Call<'_>,
) -> Result<(), DeviceError> {
    device
        .exchange(SubCommand::RotateIssuer, &request.to_message(), call)
        .map(drop)
}
