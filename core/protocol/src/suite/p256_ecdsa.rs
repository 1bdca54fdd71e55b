//! Suite 1, `P256-ECDSA`: ECDSA on P-256 with SHA-256 (FIPS 186-5 §6), low-S, r ‖ s in 64 bytes.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

use super::{IssuerPublicKey, SuiteError};
use crate::curve;

/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;

/// Signs SHA-256(`message`) with the nonce of RFC 6979 and makes s low.
///
/// # Errors
/// [`SuiteError::Failed`], which has not been seen to happen.
pub fn respond(key: &SigningKey, message: &[u8]) -> Result<[u8; SIGNATURE_LENGTH], SuiteError> {
    let signature: Signature = key.try_sign(message).map_err(|_| SuiteError::Failed)?;
    Ok(signature.normalize_s().to_bytes().into())
}

/// The low-S twin of r ‖ s, for signers that make either (HSMs do); `None` when it is not 64 bytes
/// or r or s is outside 1 to n−1.
#[must_use]
pub fn make_low_s(signature: &[u8]) -> Option<[u8; SIGNATURE_LENGTH]> {
    let signature = Signature::from_slice(signature).ok()?;
    Some(signature.normalize_s().to_bytes().into())
}

/// Whether `signature` (r ‖ s) is good, with r and s within 1 to n−1 and s ≤ (n−1)/2: one message
/// and key have one form of each signature.
#[must_use]
pub fn verify(issuer: &IssuerPublicKey, message: &[u8], signature: &[u8]) -> bool {
    let Ok(parsed) = Signature::from_slice(signature) else {
        return false;
    };
    if parsed.normalize_s() != parsed {
        return false;
    }
    issuer
        .to_public_key()
        .is_ok_and(|key| curve::verifies(&key, message, &parsed))
}
