//! The PIN on the wire: UTF-8, padded with zero bytes to 64 (CTAP 2.1 §6.5.5.5).

#[cfg(feature = "primitives")]
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of `newPinEnc`'s plaintext; so a PIN has at most 63.
pub const PADDED_PIN_LENGTH: usize = 64;

/// Pads a PIN of 1 to 63 bytes; `None` when it is longer, empty or holds a zero byte.
#[must_use]
pub fn pad_pin(pin: &[u8]) -> Option<Zeroizing<[u8; PADDED_PIN_LENGTH]>> {
    if pin.is_empty() || pin.len() >= PADDED_PIN_LENGTH || pin.contains(&0) {
        return None;
    }
    let mut padded = Zeroizing::new([0; PADDED_PIN_LENGTH]);
    padded.get_mut(..pin.len())?.copy_from_slice(pin);
    Some(padded)
}

/// The PIN in a padded block: exactly 64 bytes, of which the last is zero, and nothing but zeros
/// after the first zero. `None` otherwise.
#[must_use]
pub fn unpad_pin(padded: &[u8]) -> Option<&[u8]> {
    if padded.len() != PADDED_PIN_LENGTH {
        return None;
    }
    let end = padded.iter().position(|&byte| byte == 0)?;
    let (pin, padding) = padded.split_at_checked(end)?;
    padding.iter().all(|&byte| byte == 0).then_some(pin)
}

/// LEFT(SHA-256(pin), 16): what the authenticator stores and `getPinToken` sends.
#[cfg(feature = "primitives")]
#[must_use]
pub fn hash_pin(pin: &[u8]) -> Zeroizing<[u8; 16]> {
    let digest = Sha256::digest(pin);
    let mut out = Zeroizing::new([0; 16]);
    out.iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    out
}
