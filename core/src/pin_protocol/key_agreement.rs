//! The ECDH part of both protocols: `encapsulate` and `decapsulate` (CTAP 2.1 §6.5.6, §6.5.7).

use alloc::vec::Vec;

use hkdf::Hkdf;
use p256::{NonZeroScalar, PublicKey, SecretKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{CoseKey, InvalidPoint, PinProtocol};
use crate::ports::{Entropy, EntropyError};
use crate::secret::SharedSecret;

/// One side's key pair; the scalar is wiped on drop (by `p256`).
pub struct KeyAgreementKey(SecretKey);

impl KeyAgreementKey {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// [`EntropyError`].
    pub fn make(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        // A random 32-byte string is no valid scalar once in 2^32; eight in a row is a broken source.
        for _ in 0..8 {
            let mut bytes = Zeroizing::new([0; 32]);
            entropy.fill(&mut *bytes)?;
            if let Ok(key) = SecretKey::from_slice(&*bytes) {
                return Ok(Self(key));
            }
        }
        Err(EntropyError)
    }

    /// From a fixed scalar of 32 bytes, for vectors; `None` when it is 0 or too large.
    #[must_use]
    pub fn from_scalar(bytes: &[u8; 32]) -> Option<Self> {
        SecretKey::from_slice(bytes).ok().map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> CoseKey {
        CoseKey::from_public_key(&self.0.public_key())
    }

    /// The shared secret with `peer`.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `peer` is not on the curve.
    pub fn decapsulate(&self, protocol: PinProtocol, peer: &CoseKey) -> Result<SharedSecret, InvalidPoint> {
        let peer = peer.to_public_key()?;
        Ok(derive(protocol, &self.0.to_nonzero_scalar(), &peer))
    }
}

/// Makes a platform key pair and the shared secret with the authenticator's `peer`.
///
/// # Errors
/// [`EncapsulateError`].
pub fn encapsulate(
    protocol: PinProtocol,
    peer: &CoseKey,
    entropy: &mut dyn Entropy,
) -> Result<(CoseKey, SharedSecret), EncapsulateError> {
    let key = KeyAgreementKey::make(entropy)?;
    let secret = key.decapsulate(protocol, peer)?;
    Ok((key.public(), secret))
}

/// Why [`encapsulate`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncapsulateError {
    /// The authenticator's key is not on the curve.
    #[error(transparent)]
    Point(#[from] InvalidPoint),
    /// No key could be made.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

fn derive(protocol: PinProtocol, scalar: &NonZeroScalar, peer: &PublicKey) -> SharedSecret {
    let z = p256::ecdh::diffie_hellman(scalar, peer.as_affine());
    match protocol {
        PinProtocol::One => SharedSecret::new(Sha256::digest(z.raw_secret_bytes()).to_vec()),
        PinProtocol::Two => {
            let hkdf = Hkdf::<Sha256>::new(Some(&[0; 32]), z.raw_secret_bytes());
            let mut out: Vec<u8> = alloc::vec![0; 64];
            let (hmac_key, aes_key) = out.split_at_mut(32);
            // 32 bytes are always within HKDF-SHA-256's 8160.
            let _ = hkdf.expand(b"CTAP2 HMAC key", hmac_key);
            let _ = hkdf.expand(b"CTAP2 AES key", aes_key);
            SharedSecret::new(out)
        }
    }
}
