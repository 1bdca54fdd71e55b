//! Probe and rotation with keys that are elsewhere: an [`IssuerProver`] makes what the device needs.
//! FIDO interface only.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::device_unlock::{ProbeChallenge, RotateRequest, SlotInfo, UnlockInfo};
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::ports::{IssuerProver, ProverError};
use fido_unlock_protocol::suite::{
    AuthoriseFields, DevicePublicKey, IssuerPublicKey, ProbeTask, Purpose, RECOVERY_SLOT, RotateFields,
    RotationRole, RotationTask, Suite, SuiteError,
};

use super::enroll::{ProbePassed, probe, rotate_issuer};
use super::{CtapUnlockDevice, ProbeError, RotateError, RotateRefusal};
use crate::ports::{Call, NeverCancel, NoProgress, Transport, UnlockDevice};

/// Why a probe with a prover did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeWithError {
    /// The probe itself.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The prover.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The named keys do not match the device or each other.
    #[error(transparent)]
    Suite(#[from] SuiteError),
}

impl HasCode for ProbeWithError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Probe(error) => error.code(),
            Self::Prover(error) => error.code(),
            Self::Suite(error) => error.code(),
        }
    }
}

/// Why a rotation with a prover failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateWithError {
    /// The rotation itself.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The prover.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The named keys do not match the device or each other.
    #[error(transparent)]
    Suite(#[from] SuiteError),
}

impl HasCode for RotateWithError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Rotate(error) => error.code(),
            Self::Prover(error) => error.code(),
            Self::Suite(error) => error.code(),
        }
    }
}

/// [`probe`] with the key of `issuer` behind a prover. `device_key`: E, as enrolment gave it.
///
/// # Errors
/// [`ProbeWithError`].
pub fn probe_with<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    slot: u8,
    issuer: IssuerPublicKey,
    device_key: DevicePublicKey,
    prover: &mut dyn IssuerProver,
    call: &mut Call<'_>,
) -> Result<ProbePassed, ProbeWithError> {
    let respond = |asked: &ProbeChallenge| {
        let suite = asked.challenge.suite();
        let fields = AuthoriseFields {
            purpose: Purpose::Probe,
            suite,
            device_id: asked.device_id,
            issuer,
            device_key: (suite == Suite::P256EcdhMac).then_some(device_key),
            challenge: asked.challenge,
        };
        Ok::<_, ProbeWithError>(prover.prove_probe(&ProbeTask::new(slot, fields)?)?)
    };
    probe(device, slot, respond, call)
}

/// A rotation as a station plans it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPlan {
    /// The slot whose key changes, 0 to 15.
    pub slot: u8,
    /// Q of the slot now, as it is registered.
    pub old_issuer: IssuerPublicKey,
    /// The slot's new Q; `None` closes the slot until the device is reset.
    pub new_issuer: Option<IssuerPublicKey>,
    /// Q of the recovery key in slot 0, if that key authorises the rotation; `None`: the slot's own key.
    pub recovery: Option<IssuerPublicKey>,
    /// E, from the registry; required if a key of suite 2 makes a proof.
    pub device_key: Option<DevicePublicKey>,
}

/// [`rotate_issuer`] with both keys behind a prover; the device asks for a touch. Gives the slot's
/// new rotation number, for `Desk::record_rotation`.
/// Before anything is proven the device is compared with the plan. If its answer is lost, or says no, the device is
/// asked for the slot: a rotation that was done is told as done.
///
/// # Errors
/// [`RotateWithError`]: every [`RotateRefusal`], [`SuiteError::Rotation`], [`SuiteError::DeviceKey`], the
/// prover's, and the device's.
pub fn rotate_with<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &RotationPlan,
    prover: &mut dyn IssuerProver,
    call: &mut Call<'_>,
) -> Result<u32, RotateWithError> {
    let info = device.info(call).map_err(RotateError::Device)?;
    let not_enrolled = RotateError::Refused(RotateRefusal::NotEnrolled);
    let device_id = info.device_id.ok_or(not_enrolled)?;
    let slot = holds(&info, plan.slot, &plan.old_issuer)?;
    // The device refuses this too, but with the status of any wrong parameter.
    if plan.new_issuer.is_none() && info.slots.len() + info.unknown_slots == 1 {
        return Err(RotateError::Refused(RotateRefusal::LastSlot).into());
    }
    let (authorising_slot, signing_key, signing_suite) = match plan.recovery {
        None => (plan.slot, plan.old_issuer, slot.suite),
        Some(recovery) => (
            RECOVERY_SLOT,
            recovery,
            holds(&info, RECOVERY_SLOT, &recovery)?.suite,
        ),
    };
    let fields = RotateFields {
        suite: slot.suite,
        device_id,
        slot: plan.slot,
        authorising_slot,
        old_issuer: plan.old_issuer,
        new_issuer: plan.new_issuer,
        rotation: slot
            .rotation
            .checked_add(1)
            .ok_or(RotateError::Refused(RotateRefusal::NumberAtEnd))?,
    };
    fields.check()?;
    if plan.device_key.is_none() && [signing_suite, slot.suite].contains(&Suite::P256EcdhMac) {
        return Err(SuiteError::DeviceKey.into());
    }
    let mut prove = |role, signing_key, signing_suite| {
        let task = RotationTask::new(role, signing_key, signing_suite, fields, plan.device_key)?;
        let proof = prover.prove_rotation(&task)?;
        if task.may_prove(&proof) {
            Ok::<_, RotateWithError>(proof)
        } else {
            Err(ProverError::Failed {
                detail: "what was made is no proof by this key".into(),
            }
            .into())
        }
    };
    let authorisation = prove(RotationRole::Authorising, signing_key, signing_suite)?;
    let by_new = match plan.new_issuer {
        Some(key) => Some(prove(RotationRole::New, key, slot.suite)?),
        None => None,
    };
    let request = RotateRequest {
        slot: plan.slot,
        new_key: plan.new_issuer,
        authorising_slot,
        authorisation: &authorisation,
        new_authorisation: by_new.as_deref().map(Vec::as_slice),
    };
    match rotate_issuer(device, &request, call) {
        Err(error) if !was_rotated(device, plan, &fields, call) => Err(error.into()),
        _ => Ok(fields.rotation),
    }
}

/// Whether the slot is as the plan wants it. The answer may have been lost, or be the one to the same message once
/// more, sent again by a framing whose status word said that it had not been taken.
fn was_rotated<T: Transport>(
    device: &mut CtapUnlockDevice<T>,
    plan: &RotationPlan,
    fields: &RotateFields,
    call: &Call<'_>,
) -> bool {
    let mut progress = NoProgress;
    // That call may be over.
    let mut call = Call::new(call.ticks, Call::QUICK, &NeverCancel, &mut progress);
    let Ok(info) = device.info(&mut call) else {
        return false;
    };
    let found = info.slots.iter().find(|known| known.slot == plan.slot);
    info.device_id == Some(fields.device_id)
        && match (found, plan.new_issuer) {
            (None, None) => true,
            (Some(slot), Some(issuer)) => {
                slot.rotation == fields.rotation && slot.fingerprint == Some(issuer.fingerprint())
            }
            _ => false,
        }
}

/// The slot, if it holds this key.
fn holds<'i>(info: &'i UnlockInfo, slot: u8, issuer: &IssuerPublicKey) -> Result<&'i SlotInfo, RotateError> {
    let found = info.slots.iter().find(|known| known.slot == slot);
    let found = found.ok_or(RotateRefusal::SlotEmpty)?;
    if found.fingerprint == Some(issuer.fingerprint()) {
        Ok(found)
    } else {
        Err(RotateRefusal::ForeignIssuer.into())
    }
}
