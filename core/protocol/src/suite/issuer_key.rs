//! The issuer's key in software: one key, one suite.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use p256::SecretKey;
use p256::ecdsa::SigningKey;
use zeroize::Zeroizing;

use super::p256_ecdh_mac::SharedZ;
use super::{AuthoriseFields, IssuerPublicKey, Suite, SuiteError, aes_admin_key, p256_ecdsa};
#[cfg(feature = "alloc")]
use super::{DevicePublicKey, RotateFields};
use crate::challenge::AesChallenge;
use crate::curve::make_scalar;
use crate::ports::{Entropy, EntropyError};
use crate::secret::{AdminKey, ResponseCode};

/// The key of one slot, which serves one suite and nothing else; wiped on drop.
///
/// ```compile_fail
/// fn print(key: &fido_unlock_protocol::suite::IssuerKey) { println!("{key:?}"); }
/// ```
pub struct IssuerKey(Inner);

enum Inner {
    Ecdsa(SigningKey),
    /// With Q, which would be a multiplication before each response.
    EcdhMac(SecretKey, IssuerPublicKey),
    Aes(AdminKey),
}

impl IssuerKey {
    /// Makes a new P-256 key for suite 1 or 2.
    ///
    /// # Errors
    /// [`MakeKeyError`].
    pub fn make_p256(suite: Suite, entropy: &mut dyn Entropy) -> Result<Self, MakeKeyError> {
        if suite == Suite::AesAdminKey {
            return Err(MakeKeyError::Suite(SuiteError::WrongSuite));
        }
        let secret = make_scalar(entropy)?;
        Self::from_secret_key(suite, secret).ok_or(MakeKeyError::Suite(SuiteError::WrongSuite))
    }

    /// From the scalar, 32 bytes big-endian; `None` in suite 3 or when it is 0 or not below n.
    #[must_use]
    pub fn from_p256_scalar(suite: Suite, scalar: &[u8; 32]) -> Option<Self> {
        Self::from_secret_key(suite, SecretKey::from_slice(scalar).ok()?)
    }

    fn from_secret_key(suite: Suite, secret: SecretKey) -> Option<Self> {
        match suite {
            Suite::P256Ecdsa => Some(Self(Inner::Ecdsa(secret.into()))),
            Suite::P256EcdhMac => {
                let public = IssuerPublicKey::from_secret_key(&secret);
                Some(Self(Inner::EcdhMac(secret, public)))
            }
            Suite::AesAdminKey => None,
        }
    }

    /// A device's admin key, for suite 3.
    #[must_use]
    pub fn admin_key(key: AdminKey) -> Self {
        Self(Inner::Aes(key))
    }

    /// The suite that it serves.
    #[must_use]
    pub fn suite(&self) -> Suite {
        match self.0 {
            Inner::Ecdsa(_) => Suite::P256Ecdsa,
            Inner::EcdhMac(..) => Suite::P256EcdhMac,
            Inner::Aes(_) => Suite::AesAdminKey,
        }
    }

    /// Q; `None` in suite 3.
    #[must_use]
    pub fn public(&self) -> Option<IssuerPublicKey> {
        match &self.0 {
            Inner::Ecdsa(key) => Some(IssuerPublicKey::from_public_key(&key.verifying_key().into())),
            Inner::EcdhMac(_, public) => Some(*public),
            Inner::Aes(_) => None,
        }
    }

    /// The scalar, 32 bytes big-endian, for a key file; `None` in suite 3.
    #[must_use]
    pub fn expose_p256_scalar(&self) -> Option<Zeroizing<[u8; 32]>> {
        match &self.0 {
            Inner::Ecdsa(key) => Some(Zeroizing::new(key.to_bytes().into())),
            Inner::EcdhMac(key, _) => Some(Zeroizing::new(key.to_bytes().into())),
            Inner::Aes(_) => None,
        }
    }

    /// The admin key, for a key file; `None` in suites 1 and 2.
    #[must_use]
    pub fn expose_admin_key(&self) -> Option<&AdminKey> {
        match &self.0 {
            Inner::Aes(key) => Some(key),
            Inner::Ecdsa(_) | Inner::EcdhMac(..) => None,
        }
    }

    /// What a token that holds this key answers: in suite 1 the signature (r ‖ s, 64 bytes, low-S), in suite 2 the whole
    /// HMAC (32 bytes), of which a response is the beginning.
    ///
    /// # Errors
    /// As [`IssuerKey::respond`].
    #[cfg(feature = "alloc")]
    pub fn answer(&self, fields: &AuthoriseFields) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        if fields.suite != self.suite() {
            return Err(SuiteError::WrongSuite);
        }
        fields.check()?;
        if self.public() != Some(fields.issuer) {
            return Err(SuiteError::OtherKey);
        }
        let message = fields.message();
        match &self.0 {
            Inner::Ecdsa(key) => Ok(Zeroizing::new(p256_ecdsa::respond(key, &message)?.to_vec())),
            Inner::EcdhMac(key, _) => {
                let device_key = fields.device_key.ok_or(SuiteError::DeviceKey)?;
                let mac = SharedZ::derive(key, &device_key)?.mac(&message)?;
                Ok(Zeroizing::new(mac.to_vec()))
            }
            Inner::Aes(_) => Err(SuiteError::WrongSuite),
        }
    }

    /// The response of suite 1 or 2.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`] when the fields are of another suite; [`SuiteError::OtherKey`]
    /// when `issuer` is not [`IssuerKey::public`]; those of [`AuthoriseFields::check`].
    pub fn respond(&self, fields: &AuthoriseFields) -> Result<ResponseCode, SuiteError> {
        if fields.suite != self.suite() {
            return Err(SuiteError::WrongSuite);
        }
        fields.check()?;
        if self.public() != Some(fields.issuer) {
            return Err(SuiteError::OtherKey);
        }
        let message = fields.message();
        match &self.0 {
            Inner::Ecdsa(key) => {
                let signature = Zeroizing::new(p256_ecdsa::respond(key, &message)?);
                response(Suite::P256Ecdsa, &*signature)
            }
            Inner::EcdhMac(key, _) => {
                let device_key = fields.device_key.ok_or(SuiteError::DeviceKey)?;
                let bytes = SharedZ::derive(key, &device_key)?.respond(&message)?;
                response(Suite::P256EcdhMac, &*bytes)
            }
            Inner::Aes(_) => Err(SuiteError::WrongSuite),
        }
    }

    /// The response of suite 3.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`] when the key is not an admin key.
    pub fn respond_aes(&self, challenge: &AesChallenge) -> Result<ResponseCode, SuiteError> {
        match &self.0 {
            Inner::Aes(key) => {
                let bytes = aes_admin_key::respond(key, challenge.as_bytes())?;
                response(Suite::AesAdminKey, &*bytes)
            }
            Inner::Ecdsa(_) | Inner::EcdhMac(..) => Err(SuiteError::WrongSuite),
        }
    }

    /// The proof of a rotation, as the authorising or as the new key: 64 bytes (suite 1) or 32
    /// (suite 2), by this key's own suite. `device_key`: E, wanted when this key is of suite 2.
    ///
    /// # Errors
    /// [`SuiteError::WrongSuite`] for an admin key, and for a new key that is not of the rotated
    /// slot's suite; [`SuiteError::OtherKey`] when the key is neither the old nor the new one and no
    /// other slot authorises; [`SuiteError::DeviceKey`]; those of [`RotateFields::check`].
    #[cfg(feature = "alloc")]
    pub fn prove_rotation(
        &self,
        fields: &RotateFields,
        device_key: Option<&DevicePublicKey>,
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        fields.check()?;
        let public = self.public().ok_or(SuiteError::WrongSuite)?;
        let own_slot = fields.new_issuer == Some(public) || fields.old_issuer == public;
        if own_slot && self.suite() != fields.suite {
            return Err(SuiteError::WrongSuite);
        }
        if !own_slot && fields.authorising_slot == fields.slot {
            return Err(SuiteError::OtherKey);
        }
        let message = fields.message();
        match &self.0 {
            Inner::Ecdsa(key) => Ok(Zeroizing::new(p256_ecdsa::respond(key, &message)?.to_vec())),
            Inner::EcdhMac(key, _) => {
                let device_key = device_key.ok_or(SuiteError::DeviceKey)?;
                let mac = SharedZ::derive(key, device_key)?.mac(&message)?;
                Ok(Zeroizing::new(mac.to_vec()))
            }
            Inner::Aes(_) => Err(SuiteError::WrongSuite),
        }
    }
}

fn response(suite: Suite, bytes: &[u8]) -> Result<ResponseCode, SuiteError> {
    ResponseCode::from_bytes(suite, bytes).map_err(|_| SuiteError::Failed)
}

/// Why no key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MakeKeyError {
    /// Suite 3 has no P-256 key.
    #[error(transparent)]
    Suite(SuiteError),
    /// The random source failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl crate::error::HasCode for MakeKeyError {
    fn code(&self) -> crate::error::ErrorCode {
        match self {
            Self::Suite(error) => error.code(),
            Self::Entropy(error) => error.code(),
        }
    }
}
