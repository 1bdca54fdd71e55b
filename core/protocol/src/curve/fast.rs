//! The multiplications by `graviola`; `None` if it cannot run here.

use graviola::hashing::Sha256;
use graviola::key_agreement::p256 as curve;
use graviola::signing::ecdsa;
use graviola::util::is_cpu_supported;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::{Coordinate, split};

/// It wipes the scalar when it is dropped.
fn secret(key: &SecretKey) -> Option<curve::StaticPrivateKey> {
    // Everything of graviola panics on a processor that it does not support.
    if !is_cpu_supported() {
        return None;
    }
    let bytes: Zeroizing<Coordinate> = Zeroizing::new(key.to_bytes().into());
    curve::StaticPrivateKey::from_bytes(&*bytes).ok()
}

pub fn public(key: &SecretKey) -> Option<[Coordinate; 2]> {
    Some(split(&secret(key)?.public_key_uncompressed()))
}

pub fn shared_x(key: &SecretKey, peer: &PublicKey) -> Option<Zeroizing<Coordinate>> {
    // First, since it asks for the processor.
    let secret = secret(key)?;
    let peer = curve::PublicKey::from_x962_uncompressed(peer.to_sec1_point(false).as_bytes()).ok()?;
    let shared = secret.diffie_hellman(&peer).ok()?;
    Some(Zeroizing::new(shared.0))
}

/// Whether r ‖ s is the key's ECDSA signature over `message` with SHA-256.
pub fn verifies(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Option<bool> {
    if !is_cpu_supported() {
        return None;
    }
    let point = key.to_sec1_point(false);
    let key = ecdsa::VerifyingKey::<ecdsa::P256>::from_x962_uncompressed(point.as_bytes()).ok()?;
    Some(key.verify::<Sha256>(&[message], signature).is_ok())
}
