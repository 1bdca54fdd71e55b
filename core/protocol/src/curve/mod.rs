//! P-256: key pairs, the x-coordinate of an ECDH (SP 800-56A rev. 3 §5.6.1.2, §5.7.1.2) as the PIN/UV auth protocols and
//! suite 2 use it, and the check of an ECDSA signature (FIPS 186-5 §6.4.2) for suite 1.
//!
//! Keys are kept and points are checked by `p256`. With the feature `graviola` that crate does the
//! multiplications, if the processor has the instructions that it needs: the same results, several
//! times faster, and wiped after use as well. It makes no signatures: it would draw random bytes of its own for them.

#[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod fast;
/// Elsewhere nobody is faster.
#[cfg(not(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod fast {
    use super::{Coordinate, PublicKey, SecretKey, Zeroizing};

    pub const fn public(_: &SecretKey) -> Option<[Coordinate; 2]> {
        None
    }

    pub const fn shared_x(_: &SecretKey, _: &PublicKey) -> Option<Zeroizing<Coordinate>> {
        None
    }

    pub const fn verifies(_: &PublicKey, _: &[u8], _: &[u8; 64]) -> Option<bool> {
        None
    }
}
#[cfg(test)]
mod tests;

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::ports::{Entropy, EntropyError};

/// Big-endian, with its leading zeros.
pub type Coordinate = [u8; 32];

/// A random scalar in 1 to n−1.
pub fn make_scalar(entropy: &mut dyn Entropy) -> Result<SecretKey, EntropyError> {
    // A random 32-byte string is no valid scalar once in 2^32; eight in a row is a broken source.
    for _ in 0..8 {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes)?;
        if let Ok(key) = SecretKey::from_slice(&*bytes) {
            return Ok(key);
        }
    }
    Err(EntropyError)
}

/// x and y of the public half.
pub fn public(key: &SecretKey) -> [Coordinate; 2] {
    fast::public(key).unwrap_or_else(|| coordinates(&key.public_key()))
}

/// x of the shared point.
pub fn shared_x(key: &SecretKey, peer: &PublicKey) -> Zeroizing<Coordinate> {
    fast::shared_x(key, peer).unwrap_or_else(|| portable_shared_x(key, peer))
}

fn portable_shared_x(key: &SecretKey, peer: &PublicKey) -> Zeroizing<Coordinate> {
    let z = p256::ecdh::diffie_hellman(key.to_nonzero_scalar(), peer.as_affine());
    let mut out = Zeroizing::new([0; 32]);
    out.copy_from_slice(z.raw_secret_bytes());
    out
}

/// Whether `signature` is the key's over `message`, with SHA-256; s may be high.
pub fn verifies(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    fast::verifies(key, message, &signature.to_bytes().into())
        .unwrap_or_else(|| portable_verifies(key, message, signature))
}

fn portable_verifies(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    VerifyingKey::from(key).verify(message, signature).is_ok()
}

/// x and y of a point.
pub fn coordinates(point: &PublicKey) -> [Coordinate; 2] {
    split(point.to_sec1_point(false).as_bytes())
}

/// x and y of an uncompressed point (SEC 1 §2.3.3).
fn split(point: &[u8]) -> [Coordinate; 2] {
    let mut out = [[0; 32]; 2];
    let from = point.iter().skip(1);
    out.as_flattened_mut()
        .iter_mut()
        .zip(from)
        .for_each(|(to, from)| *to = *from);
    out
}
