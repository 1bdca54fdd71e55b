//! The ECDH part of both protocols: `encapsulate` and `decapsulate` (CTAP 2.1 §6.5.6, §6.5.7).

use hkdf::Hkdf;
use p256::SecretKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{CoseKey, InvalidPoint, PinProtocol};
use crate::curve;
use crate::curve::Coordinate;
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
        curve::make_scalar(entropy).map(Self)
    }

    /// From a fixed scalar of 32 bytes, for vectors; `None` when it is 0 or too large.
    #[must_use]
    pub fn from_scalar(bytes: &[u8; 32]) -> Option<Self> {
        SecretKey::from_slice(bytes).ok().map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> CoseKey {
        let [x, y] = curve::public(&self.0);
        CoseKey { x, y }
    }

    /// The shared secret with `peer`.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `peer` is not on the curve.
    pub fn decapsulate(&self, protocol: PinProtocol, peer: &CoseKey) -> Result<SharedSecret, InvalidPoint> {
        let peer = peer.to_public_key()?;
        Ok(derive(protocol, &curve::shared_x(&self.0, &peer)))
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
pub enum EncapsulateError {
    /// The authenticator's key is not on the curve.
    #[error(transparent)]
    Point(#[from] InvalidPoint),
    /// No key could be made.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

fn derive(protocol: PinProtocol, x: &Coordinate) -> SharedSecret {
    match protocol {
        PinProtocol::One => SharedSecret::one(&Zeroizing::new(Sha256::digest(x).into())),
        PinProtocol::Two => {
            let hkdf = Hkdf::<Sha256>::new(Some(&[0; 32]), x);
            let mut out = Zeroizing::new([0; 64]);
            let (hmac_key, aes_key) = out.split_at_mut(32);
            // 32 bytes are always within HKDF-SHA-256's 8160.
            let _ = hkdf.expand(b"CTAP2 HMAC key", hmac_key);
            let _ = hkdf.expand(b"CTAP2 AES key", aes_key);
            SharedSecret::two(&out)
        }
    }
}
