//! An issuer's key in software, for an enrolment station.

use std::sync::Arc;

use fido_unlock::ports::Entropy;
use fido_unlock::suite::{self, AuthoriseFields, DevicePublicKey, IssuerPublicKey};
use fido_unlock::{AdminKey, DeviceChallenge, DeviceId, ErrorCode, Purpose, ResponseCode};
use fido_unlock_system::SystemEntropy;
use zeroize::Zeroizing;

use crate::{Suite, UnlockError};

/// An issuer's key: one key, one suite. It leaves this object only for an enrolment or a help desk's
/// key file.
#[derive(uniffi::Object)]
pub struct IssuerKey(pub(crate) suite::IssuerKey);

impl IssuerKey {
    fn public(&self) -> Result<IssuerPublicKey, UnlockError> {
        Ok(self.0.public().ok_or(ErrorCode::SignerSuite)?)
    }

    /// A response under one of the labels.
    pub(crate) fn answer(
        &self,
        purpose: Purpose,
        device_id: &str,
        device_key: &[u8],
        challenge: &str,
    ) -> Result<ResponseCode, UnlockError> {
        let suite = self.0.suite();
        let device_key = match suite {
            fido_unlock::Suite::P256EcdhMac => {
                Some(DevicePublicKey::from_compressed(device_key).map_err(|_| ErrorCode::InvalidPoint)?)
            }
            _ => None,
        };
        let fields = AuthoriseFields {
            purpose,
            suite,
            device_id: DeviceId::parse(device_id)?,
            issuer: self.public()?,
            device_key,
            challenge: DeviceChallenge::parse(challenge)?,
        };
        Ok(self.0.respond(&fields)?)
    }

    #[cfg(feature = "files")]
    /// A separate key with the same bytes.
    pub(crate) fn copy(&self) -> Result<suite::IssuerKey, UnlockError> {
        if let Some(key) = self.0.expose_admin_key() {
            let bytes = Zeroizing::new(key.expose_bytes().to_vec());
            let key = AdminKey::new(&bytes).ok_or(ErrorCode::InvalidArgument)?;
            return Ok(suite::IssuerKey::admin_key(key));
        }
        let scalar = self.0.expose_p256_scalar().ok_or(ErrorCode::SignerSuite)?;
        Ok(suite::IssuerKey::from_p256_scalar(self.0.suite(), &scalar).ok_or(ErrorCode::KeyFile)?)
    }
}

#[uniffi::export]
impl IssuerKey {
    /// A new key: P-256 in suites 1 and 2, AES-256 in suite 3.
    #[uniffi::constructor]
    pub fn make(suite: Suite) -> Result<Arc<Self>, UnlockError> {
        if suite != Suite::AesAdminKey {
            return Ok(Arc::new(Self(suite::IssuerKey::make_p256(
                suite.into(),
                &mut SystemEntropy,
            )?)));
        }
        let mut bytes = Zeroizing::new(vec![0; 32]);
        SystemEntropy.fill(&mut bytes)?;
        let key = AdminKey::new(&bytes).ok_or(ErrorCode::InvalidArgument)?;
        Ok(Arc::new(Self(suite::IssuerKey::admin_key(key))))
    }

    /// An existing suite-3 key: 16, 24 or 32 bytes, read in place.
    #[uniffi::constructor]
    pub fn admin_key(key: &[u8]) -> Result<Arc<Self>, UnlockError> {
        let key = AdminKey::new(key).ok_or(ErrorCode::InvalidArgument)?;
        Ok(Arc::new(Self(suite::IssuerKey::admin_key(key))))
    }

    /// What it is for.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.0.suite().into()
    }

    /// Q as a compressed point of 33 bytes; absent in suite 3.
    #[must_use]
    pub fn public_key(&self) -> Option<Vec<u8>> {
        self.0.public().map(|public| public.as_compressed().to_vec())
    }

    /// The first 16 bytes of SHA-256 of Q; absent in suite 3.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Vec<u8>> {
        self.0.public().map(|public| public.fingerprint().to_vec())
    }

    /// Answers "would an unlock work?", under the probe label, which unlocks nothing. `device_key`:
    /// E as a compressed point; `challenge`: a line.
    pub fn answer_probe(
        &self,
        device_id: String,
        device_key: Vec<u8>,
        challenge: String,
    ) -> Result<String, UnlockError> {
        let response = self.answer(Purpose::Probe, &device_id, &device_key, &challenge)?;
        Ok(String::clone(&response.expose_code()))
    }
}
