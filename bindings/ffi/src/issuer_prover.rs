//! Probe and rotation by an issuer's key in the host's HSM or key service.

use std::sync::Arc;

use fido_unlock::ports::{self, ProverError};
use fido_unlock::suite::{self, DevicePublicKey, IssuerPublicKey, p256_ecdsa};
use fido_unlock::{ErrorCode, ResponseCode, Suite as CoreSuite, host};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::desk::{NotMade, decode_made};
use crate::{SigningError, Suite, UnlockError};

/// A response to a probe that is to be made: it shows that an unlock would work and unlocks nothing. It holds no
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ProbeTask {
    /// The device.
    pub device_id: String,
    /// The suite, which says what is to be made: 1 or 2.
    pub suite: Suite,
    /// The slot whose key is to be used.
    pub slot: u8,
    /// Q of that key, a compressed point of 33 bytes.
    pub issuer: Vec<u8>,
    /// E, the device's public key, a compressed point of 33 bytes; in suite 2 only.
    pub device_key: Option<Vec<u8>>,
    /// The message M of docs/protocol.md, which begins with "fido-unlock/1 probe".
    pub message: Vec<u8>,
    /// SHA-256 of the message, for an HSM that takes a digest in suite 1.
    pub digest: Vec<u8>,
}

/// Which of the two keys of a rotation is to prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RotationRole {
    /// The key that allows it: the slot's present one, or the recovery key.
    Authorising,
    /// The key that the slot gets.
    New,
}

/// A proof of a rotation that is to be made: with it the device accepts `new_issuer`, so make sure that this is
/// one of your keys. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RotationTask {
    /// Which of the two proofs.
    pub role: RotationRole,
    /// Q of the key to be used, a compressed point of 33 bytes.
    pub signing_key: Vec<u8>,
    /// The suite of that key, which says what is to be made: 1 or 2.
    pub signing_suite: Suite,
    /// E, the device's public key, a compressed point of 33 bytes; for a key of suite 2 only.
    pub device_key: Option<Vec<u8>>,
    /// The device.
    pub device_id: String,
    /// The suite of the slot that is rotated.
    pub suite: Suite,
    /// The slot that is rotated.
    pub slot: u8,
    /// The slot whose key allows it: the same one, or 0.
    pub authorising_slot: u8,
    /// Q of the slot as it is, a compressed point of 33 bytes.
    pub old_issuer: Vec<u8>,
    /// Q of the slot as it becomes; absent where it is closed.
    pub new_issuer: Option<Vec<u8>>,
    /// The slot's new rotation number.
    pub rotation: u32,
    /// The message R of docs/protocol/suites.md, which begins with "fido-unlock/1 rotate".
    pub message: Vec<u8>,
    /// SHA-256 of the message, for an HSM that takes a digest in suite 1.
    pub digest: Vec<u8>,
}

/// Makes the proofs, other than Response Codes, that a device requires from an issuer's key. The library never
/// sees the key. Answers are lower-case hexadecimal digits, made in the same way for both. Suite 1: the ECDSA
/// signature over `message` with SHA-256, r and s of 32 bytes each (either s will do; the library checks
/// it under the key). Suite 2: the 32 bytes of HMAC-SHA-256 of `message` under the x-coordinate, 32 bytes,
/// of ECDH with `device_key`.
#[uniffi::export(with_foreign)]
pub trait IssuerProver: Send + Sync {
    /// Makes the response to a probe.
    fn prove_probe(&self, task: ProbeTask) -> Result<String, SigningError>;

    /// Makes one of the two proofs of a rotation.
    fn prove_rotation(&self, task: RotationTask) -> Result<String, SigningError>;
}

/// A plan to give a slot a new key, or to close it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RotationPlan {
    /// The slot whose key changes, 0 to 15.
    pub slot: u8,
    /// Q of the slot now, as it is registered: a compressed point of 33 bytes.
    pub old_issuer: Vec<u8>,
    /// Q of the slot as it becomes, of the same suite; absent closes the slot until the device is reset.
    pub new_issuer: Option<Vec<u8>>,
    /// E, the device's public key, a compressed point of 33 bytes, from enrolment or the registry.
    pub device_key: Vec<u8>,
    /// Q of the recovery key in slot 0, where that one is to allow it; absent: the slot's own key.
    #[uniffi(default = None)]
    pub recovery: Option<Vec<u8>>,
}

pub(crate) fn issuer_key(bytes: &[u8]) -> Result<IssuerPublicKey, UnlockError> {
    Ok(IssuerPublicKey::from_compressed(bytes).map_err(|_| ErrorCode::InvalidPoint)?)
}

pub(crate) fn device_key(bytes: &[u8]) -> Result<DevicePublicKey, UnlockError> {
    Ok(DevicePublicKey::from_compressed(bytes).map_err(|_| ErrorCode::InvalidPoint)?)
}

impl RotationPlan {
    pub(crate) fn to_core(&self) -> Result<host::RotationPlan, UnlockError> {
        let optional = |key: &Option<Vec<u8>>| key.as_deref().map(issuer_key).transpose();
        Ok(host::RotationPlan {
            slot: self.slot,
            old_issuer: issuer_key(&self.old_issuer)?,
            new_issuer: optional(&self.new_issuer)?,
            recovery: optional(&self.recovery)?,
            device_key: Some(device_key(&self.device_key)?),
        })
    }
}

/// [`IssuerProver`] as core's port.
pub(crate) struct HostProver(pub Arc<dyn IssuerProver>);

impl ports::IssuerProver for HostProver {
    fn prove_probe(&mut self, task: &suite::ProbeTask) -> Result<ResponseCode, ProverError> {
        let fields = task.fields();
        let message = fields.message();
        let answer = self.0.prove_probe(ProbeTask {
            device_id: fields.device_id.to_code(),
            suite: fields.suite.into(),
            slot: task.slot(),
            issuer: fields.issuer.as_compressed().to_vec(),
            device_key: fields.device_key.map(|key| key.as_compressed().to_vec()),
            digest: Sha256::digest(&message).to_vec(),
            message: message.to_vec(),
        })?;
        let made = decode_made(answer)?;
        let code = fields.accept(&made);
        Ok(code.ok_or(NotMade("what the program's signer made is no response"))?)
    }

    fn prove_rotation(&mut self, task: &suite::RotationTask) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        let fields = task.fields();
        let message = fields.message();
        let with_device_key = task.signing_suite() == CoreSuite::P256EcdhMac;
        let answer = self.0.prove_rotation(RotationTask {
            role: match task.role() {
                suite::RotationRole::Authorising => RotationRole::Authorising,
                suite::RotationRole::New => RotationRole::New,
            },
            signing_key: task.signing_key().as_compressed().to_vec(),
            signing_suite: task.signing_suite().into(),
            device_key: task
                .device_key()
                .filter(|_| with_device_key)
                .map(|key| key.as_compressed().to_vec()),
            device_id: fields.device_id.to_code(),
            suite: fields.suite.into(),
            slot: fields.slot,
            authorising_slot: fields.authorising_slot,
            old_issuer: fields.old_issuer.as_compressed().to_vec(),
            new_issuer: fields.new_issuer.map(|key| key.as_compressed().to_vec()),
            rotation: fields.rotation,
            digest: Sha256::digest(&message).to_vec(),
            message: message.to_vec(),
        })?;
        let made = decode_made(answer)?;
        match task.signing_suite() {
            CoreSuite::P256Ecdsa => match p256_ecdsa::make_low_s(&made) {
                Some(low) => Ok(Zeroizing::new(low.to_vec())),
                None => Err(NotMade("what the program's signer made is no signature").into()),
            },
            _ => Ok(made),
        }
    }
}
