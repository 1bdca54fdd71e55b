//! The issuer's keys in the host's HSM or key service.

use std::sync::Arc;

use fido_unlock::desk::Authorised;
use fido_unlock::desk::ports::{self, SignerError};
use fido_unlock::ports::ProverError;
use fido_unlock::suite::{AuthoriseFields, IssuerPublicKey, p256_ecdh_mac, p256_ecdsa};
use fido_unlock::{AdminKey, DeviceId, ErrorCode, HasCode, Purpose, ResponseCode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::storage::Faults;
use crate::Suite;

/// An issuer key that the host's signer holds.
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
    /// The request, the sequence number of its first audit entry.
    pub request: u64,
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
    /// Makes the response. Suite 1: the ECDSA signature over `message` with SHA-256, r and s of 32 bytes
    /// each (either s will do; the library checks it under `issuer`). Suite 2: the 32 bytes of HMAC-SHA-256
    /// of `message` under the x-coordinate, 32 bytes, of ECDH with `device_key`
    /// (`CKM_ECDH1_DERIVE` with `CKD_NULL`, then `CKM_SHA256_HMAC`). Suite 3: the AES-ECB block of
    /// `message` under the device's admin key.
    fn respond(&self, task: SigningTask) -> Result<String, SigningError>;

    /// The issuer keys that it holds, of suites 1 and 2.
    fn issuers(&self) -> Result<Vec<IssuerInfo>, SigningError>;

    /// The Device ID of the device that has this admin key (suite 3: 16, 24 or 32 bytes), if any; found
    /// by a keyed fingerprint or in constant time.
    fn device_with_admin_key(&self, admin_key: String) -> Result<Option<String>, SigningError>;

    /// Stores the admin key of a suite-3 device, wrapped; replaces an earlier one.
    fn store_admin_key(&self, device_id: String, admin_key: String) -> Result<(), SigningError>;
}

impl SigningTask {
    fn of(authorised: &Authorised) -> Result<Self, SignerError> {
        let fields = authorised.fields();
        let message = match (&fields, authorised.aes_challenge()) {
            (_, Some(challenge)) => challenge.as_bytes().to_vec(),
            (Some(fields), None) => {
                fields.check()?;
                if fields.purpose != Purpose::Authorise {
                    return Err(SignerError::WrongSuite);
                }
                fields.message().to_vec()
            }
            (None, None) => return Err(SignerError::WrongSuite),
        };
        let device_key = |fields: &AuthoriseFields| Some(fields.device_key?.as_compressed().to_vec());
        Ok(Self {
            request: authorised.request().number().unwrap_or_default(),
            operator: authorised.operator().to_string(),
            user: authorised.user().to_string(),
            device_id: authorised.device().to_code(),
            suite: authorised.keys().suite().into(),
            slot: authorised.slot(),
            issuer: fields
                .as_ref()
                .map(|fields| fields.issuer.as_compressed().to_vec()),
            device_key: fields.as_ref().and_then(device_key),
            digest: Sha256::digest(&message).to_vec(),
            message,
        })
    }
}

/// [`ResponseSigner`] as core's port.
pub(super) struct HostSigner {
    pub signer: Arc<dyn ResponseSigner>,
    pub faults: Faults,
}

/// The host's signer or prover answered something else than was asked for; this says why.
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

/// What the host made, as a Response Code.
pub(crate) fn make_code(
    suite: Suite,
    issuer: Option<&IssuerPublicKey>,
    message: &[u8],
    made: &[u8],
) -> Result<ResponseCode, NotMade> {
    code(suite, issuer, message, made).ok_or(NotMade("what the program's signer made is no response"))
}

fn code(suite: Suite, issuer: Option<&IssuerPublicKey>, message: &[u8], made: &[u8]) -> Option<ResponseCode> {
    let response = |bytes: &[u8]| ResponseCode::from_bytes(suite.into(), bytes).ok();
    match suite {
        Suite::P256Ecdsa => {
            let signature = Zeroizing::new(p256_ecdsa::make_low_s(made)?);
            // A wrong key is found here, not by the person at the device.
            p256_ecdsa::verify(issuer?, message, &*signature).then(|| response(&*signature))?
        }
        Suite::P256EcdhMac => response(&*p256_ecdh_mac::truncate(made.try_into().ok()?)),
        Suite::AesAdminKey => response(made),
    }
}

impl ports::ResponseSigner for HostSigner {
    fn respond(&mut self, authorised: &Authorised) -> Result<ResponseCode, SignerError> {
        let task = SigningTask::of(authorised)?;
        let (suite, message) = (task.suite, task.message.clone());
        let made = decode_made(self.signer.respond(task)?)?;
        Ok(make_code(suite, authorised.keys().issuer(), &message, &made)?)
    }

    fn issuers(&self) -> Vec<ports::IssuerInfo> {
        let held = self.signer.issuers().unwrap_or_else(|error| {
            self.faults.note(SignerError::from(error).code());
            Vec::new()
        });
        let mut issuers: Vec<_> = held.iter().filter_map(issuer).collect();
        if issuers.len() != held.len() {
            self.faults.note(ErrorCode::InvalidPoint);
        }
        issuers.sort_by_key(|info| (info.slot, info.retired));
        issuers
    }

    fn check_admin_key(&self, device: &DeviceId, key: &AdminKey) -> Result<(), SignerError> {
        let Some(holder) = self.signer.device_with_admin_key(digits(key))? else {
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
        Ok(self.signer.store_admin_key(device.to_code(), digits(key))?)
    }
}

fn issuer(info: &IssuerInfo) -> Option<ports::IssuerInfo> {
    Some(ports::IssuerInfo {
        slot: info.slot,
        suite: info.suite.into(),
        public: IssuerPublicKey::from_compressed(&info.public_key).ok()?,
        retired: info.retired,
    })
}
