//! The issuer's keys in the host's HSM or key service.

use std::sync::Arc;

use fido_unlock::desk::ports::{self, SignerError};
use fido_unlock::desk::{self, DeviceKeys};
use fido_unlock::ports::ProverError;
use fido_unlock::{AdminKey, DeviceId};
use zeroize::Zeroizing;

#[cfg(feature = "files")]
use super::KeyFolder;
use crate::issuer_prover::issuer_key;
use crate::{Suite, UnlockError};

/// An issuer's public key.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct IssuerInfo {
    /// The slot that it serves, 0 to 15.
    pub slot: u8,
    /// The one suite that it serves: 1 or 2.
    pub suite: Suite,
    /// Q as a compressed point of 33 bytes.
    pub public_key: Vec<u8>,
    /// Whether a newer key has taken its place; it then serves only devices not rotated yet.
    pub retired: bool,
}

/// An authorised response that is to be made. Only the desk makes it, after all its checks and after the
/// "authorised" entry is on disk. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SigningTask {
    /// The request.
    pub request: String,
    /// The operator.
    pub operator: String,
    /// The device's owner.
    pub user: String,
    /// The device.
    pub device_id: String,
    /// The suite, which says what is to be made.
    pub suite: Suite,
    /// The slot whose key is to be used; not used in suite 3.
    pub slot: u8,
    /// Q of the key to be used, a compressed point of 33 bytes; absent in suite 3.
    pub issuer: Option<Vec<u8>>,
    /// E, the device's public key, a compressed point of 33 bytes; in suite 2 only.
    pub device_key: Option<Vec<u8>>,
    /// Suites 1 and 2: the message M of docs/protocol.md, which begins with "fido-unlock/1 authorise".
    /// Suite 3: the challenge's 16 bytes.
    pub message: Vec<u8>,
    /// SHA-256 of the message, for an HSM that takes a digest in suite 1.
    pub digest: Vec<u8>,
}

/// Why the host's signer made no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SigningError {
    /// It has no such issuer key, or no admin key for this device.
    #[error("no such key")]
    KeyMissing,
    /// It does not serve this suite.
    #[error("another suite")]
    WrongSuite,
    /// It cannot be reached.
    #[error("unavailable with {code}")]
    Unavailable {
        /// Its own error number, such as a PKCS#11 return value.
        code: i64,
    },
    /// It refused.
    #[error("refused with {code}")]
    Refused {
        /// Its own error number, such as a PKCS#11 return value.
        code: i64,
    },
    /// It threw something else.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SigningError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

/// Where the number comes from.
fn detail(code: i64) -> String {
    format!("the program's signer ({code:#x})")
}

impl From<SigningError> for ProverError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::KeyMissing => Self::KeyMissing,
            SigningError::WrongSuite => Self::WrongSuite,
            SigningError::Unavailable { code } => Self::Unavailable { detail: detail(code) },
            SigningError::Refused { code } => Self::Failed { detail: detail(code) },
            SigningError::HostFailed => Self::HostFailed,
        }
    }
}

impl From<SigningError> for SignerError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::KeyMissing => Self::KeyMissing,
            SigningError::WrongSuite => Self::WrongSuite,
            SigningError::Unavailable { code } => Self::Unavailable { detail: detail(code) },
            SigningError::Refused { code } => Self::Failed { detail: detail(code) },
            SigningError::HostFailed => Self::HostFailed,
        }
    }
}

/// Makes responses with keys that the library never sees. Answers and admin keys are secrets, so they
/// cross as lower-case hexadecimal digits, which are wiped on this side.
#[uniffi::export(with_foreign)]
pub trait ResponseSigner: Send + Sync {
    /// Makes the answer. It may be asked again for the same task. Suite 1: the ECDSA signature over `message` with SHA-256, r and s of 32 bytes
    /// each (either s will do; the library checks it under `issuer`). Suite 2: the 32 bytes of HMAC-SHA-256
    /// of `message` under the x-coordinate, 32 bytes, of ECDH with `device_key`
    /// (`CKM_ECDH1_DERIVE` with `CKD_NULL`, then `CKM_SHA256_HMAC`). Suite 3: the AES-ECB block of
    /// `message` under the device's admin key.
    fn sign(&self, task: SigningTask) -> Result<String, SigningError>;

    /// The Device ID of the device that has this admin key (suite 3: 16, 24 or 32 bytes), if any; found
    /// by a keyed fingerprint or in constant time.
    fn device_with_admin_key(&self, admin_key: String) -> Result<Option<String>, SigningError>;

    /// Stores the admin key of a suite-3 device, wrapped; replaces an earlier one.
    fn store_admin_key(&self, device_id: String, admin_key: String) -> Result<(), SigningError>;
}

impl SigningTask {
    fn of(task: &desk::SigningTask) -> Result<Self, SignerError> {
        let to_sign = task.to_sign()?;
        let device_key = match task.keys() {
            DeviceKeys::P256EcdhMac { device, .. } => Some(device.as_compressed().to_vec()),
            DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
        };
        Ok(Self {
            request: task.request().to_string(),
            operator: task.operator().to_string(),
            user: task.user().to_string(),
            device_id: task.device().to_code(),
            suite: task.keys().suite().into(),
            slot: task.slot(),
            issuer: task.keys().issuer().map(|issuer| issuer.as_compressed().to_vec()),
            device_key,
            message: to_sign.as_bytes().to_vec(),
            digest: to_sign.digest().to_vec(),
        })
    }
}

/// Where a desk's issuer keys are: with a signer of the host's, or in a folder of key files.
#[derive(uniffi::Object)]
pub struct DeskSigner(Kept);

enum Kept {
    Host(Arc<dyn ResponseSigner>),
    #[cfg(feature = "files")]
    Folder(Arc<KeyFolder>),
}

#[uniffi::export]
impl DeskSigner {
    /// Of the host: an HSM or a key service.
    #[uniffi::constructor]
    #[must_use]
    pub fn host(signer: Arc<dyn ResponseSigner>) -> Arc<Self> {
        Arc::new(Self(Kept::Host(signer)))
    }
}

#[cfg(feature = "files")]
#[uniffi::export]
impl DeskSigner {
    /// The keys that are in a folder when a desk is opened.
    #[uniffi::constructor]
    #[must_use]
    pub fn folder(folder: Arc<KeyFolder>) -> Arc<Self> {
        Arc::new(Self(Kept::Folder(folder)))
    }
}

impl DeskSigner {
    /// As core's port, for one desk.
    pub(super) fn to_core(&self) -> Result<Box<dyn ports::Signer + Send>, UnlockError> {
        match &self.0 {
            Kept::Host(signer) => Ok(Box::new(HostSigner(Arc::clone(signer)))),
            #[cfg(feature = "files")]
            Kept::Folder(folder) => Ok(Box::new(folder.software_signer()?)),
        }
    }
}

/// [`ResponseSigner`] as core's port.
struct HostSigner(Arc<dyn ResponseSigner>);

/// What the host's signer or prover answered is not what was asked for; says why.
pub(crate) struct NotMade(pub &'static str);

impl From<NotMade> for SignerError {
    fn from(NotMade(detail): NotMade) -> Self {
        Self::Failed {
            detail: detail.into(),
        }
    }
}

impl From<NotMade> for ProverError {
    fn from(NotMade(detail): NotMade) -> Self {
        Self::Failed {
            detail: detail.into(),
        }
    }
}

fn digits(key: &AdminKey) -> String {
    base16ct::lower::encode_string(key.expose_bytes())
}

/// The bytes of what the host's signer answered.
pub(crate) fn decode_made(answer: String) -> Result<Zeroizing<Vec<u8>>, NotMade> {
    let answer = Zeroizing::new(answer);
    base16ct::mixed::decode_vec(&*answer)
        .map(Zeroizing::new)
        .map_err(|_| NotMade("the program's signer gave no hexadecimal digits"))
}

impl ports::Signer for HostSigner {
    fn sign(&mut self, task: &desk::SigningTask) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        Ok(decode_made(self.0.sign(SigningTask::of(task)?)?)?)
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        let Some(holder) = self.0.device_with_admin_key(digits(key))? else {
            return Ok(());
        };
        let other = DeviceId::parse(&holder).map_err(|_| NotMade("the program's signer named no device"))?;
        if other == *device {
            Ok(())
        } else {
            Err(SignerError::AdminKeyShared { other })
        }
    }

    fn store_admin_key(&mut self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        self.check_admin_key(device, key)?;
        Ok(self.0.store_admin_key(device.to_code(), digits(key))?)
    }
}

impl IssuerInfo {
    pub(super) fn to_core(&self) -> Result<ports::IssuerInfo, UnlockError> {
        Ok(ports::IssuerInfo {
            slot: self.slot,
            suite: self.suite.into(),
            public: issuer_key(&self.public_key)?,
            retired: self.retired,
        })
    }
}

impl From<&ports::IssuerInfo> for IssuerInfo {
    fn from(info: &ports::IssuerInfo) -> Self {
        Self {
            slot: info.slot,
            suite: info.suite.into(),
            public_key: info.public.as_compressed().to_vec(),
            retired: info.retired,
        }
    }
}
