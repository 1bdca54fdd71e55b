//! Suite 2, `P256-ECDH-MAC`: HMAC-SHA-256 (RFC 2104) under the x-coordinate of an ECDH on P-256
//! (SP 800-56A rev. 3 §5.7.1.2), of which the first 100 bits are the response.

use hmac::{Hmac, KeyInit, Mac};
use p256::{PublicKey, SecretKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{DevicePublicKey, IssuerPublicKey, SuiteError};
use crate::curve;
use crate::ports::{Entropy, EntropyError};

/// Bytes of a response, of which the last 4 bits are zero.
pub const RESPONSE_LENGTH: usize = 13;
/// Bytes of a whole HMAC, the proof of a rotation.
pub const MAC_LENGTH: usize = 32;
/// Of the last byte of a response only the high 4 bits count: 12 × 8 + 4 = 100.
const LAST_BYTE_MASK: u8 = 0xF0;

/// Z, what issuer and device share: fixed for the pair of keys, as secret as either.
///
/// ```compile_fail
/// fn print(z: &fido_unlock_protocol::suite::p256_ecdh_mac::SharedZ) { println!("{z:?}"); }
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedZ([u8; 32]);

impl SharedZ {
    /// From its 32 bytes, for vectors: a desk stores no Z.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The issuer's way: q and E.
    ///
    /// # Errors
    /// [`SuiteError::Point`].
    pub fn derive(issuer: &SecretKey, device: &DevicePublicKey) -> Result<Self, SuiteError> {
        Ok(Self::derive_raw(issuer, &device.to_public_key()?))
    }

    fn derive_raw(secret: &SecretKey, peer: &PublicKey) -> Self {
        Self(*curve::shared_x(secret, peer))
    }

    /// The 32 bytes, for vectors.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256(Z, `message`) whole: the proof of a rotation.
    ///
    /// # Errors
    /// [`SuiteError::Failed`] never happens: HMAC takes every key.
    pub fn mac(&self, message: &[u8]) -> Result<Zeroizing<[u8; MAC_LENGTH]>, SuiteError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| SuiteError::Failed)?;
        mac.update(message);
        Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// The response: the first 100 bits of [`SharedZ::mac`].
    ///
    /// # Errors
    /// As [`SharedZ::mac`].
    pub fn respond(&self, message: &[u8]) -> Result<Zeroizing<[u8; RESPONSE_LENGTH]>, SuiteError> {
        Ok(truncate(&*self.mac(message)?))
    }

    /// Whether `response` is the one, in constant time (its length is not hidden).
    #[must_use]
    pub fn verify(&self, message: &[u8], response: &[u8]) -> bool {
        self.respond(message)
            .is_ok_and(|right| right.as_slice().ct_eq(response).into())
    }

    /// Whether `proof` is the whole HMAC, in constant time (its length is not hidden).
    #[must_use]
    pub fn verify_mac(&self, message: &[u8], proof: &[u8]) -> bool {
        self.mac(message)
            .is_ok_and(|right| right.as_slice().ct_eq(proof).into())
    }
}

/// The first 100 bits of an HMAC as a response: 13 bytes, the low 4 bits of the last one zero. For
/// signers that make the HMAC elsewhere (an HSM).
#[must_use]
pub fn truncate(mac: &[u8; MAC_LENGTH]) -> Zeroizing<[u8; RESPONSE_LENGTH]> {
    let mut out = Zeroizing::new([0; RESPONSE_LENGTH]);
    out.iter_mut().zip(mac).for_each(|(to, from)| *to = *from);
    if let Some(last) = out.last_mut() {
        *last &= LAST_BYTE_MASK;
    }
    out
}

/// e, made on the device at enrolment; it never leaves it and serves nothing else.
///
/// ```compile_fail
/// fn print(e: &fido_unlock_protocol::suite::DeviceSecretKey) { println!("{e:?}"); }
/// ```
// The scalar is wiped on drop by `p256`.
pub struct DeviceSecretKey(SecretKey);

impl DeviceSecretKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`EntropyError`].
    pub fn make(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        curve::make_scalar(entropy).map(Self)
    }

    /// From its 32 bytes (big-endian), as flash holds them; `None` when they are 0 or not below n.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        SecretKey::from_slice(bytes).ok().map(Self)
    }

    /// The 32 bytes (big-endian), for the device's own flash.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// E.
    #[must_use]
    pub fn public(&self) -> DevicePublicKey {
        DevicePublicKey::from_secret_key(&self.0)
    }

    /// The device's way to Z: e and Q.
    ///
    /// # Errors
    /// [`SuiteError::Point`].
    pub fn derive_z(&self, issuer: &IssuerPublicKey) -> Result<SharedZ, SuiteError> {
        Ok(SharedZ::derive_raw(&self.0, &issuer.to_public_key()?))
    }
}
