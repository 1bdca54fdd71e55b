//! Secrets as types: no `Debug`, no `Clone`, wiped when dropped, compared in constant time.

use alloc::{string::String, vec::Vec};

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing, zeroize_stack};

pub use crate::response::ResponseCode;

/// Bytes of stack that one key agreement, encryption and MAC reach down to, with room to spare: 5 KiB were
/// seen by `p256`, 10 by `graviola`; 15 and 33 without optimisation.
const STACK_BELOW: usize = if cfg!(debug_assertions) { 64 } else { 16 } * 1024;

/// Wipes the stack below the caller's frame, where ciphers that are moved by value leave copies of
/// their round keys, the first of which is the key. For the host, whose stacks are large; called
/// right after the function that did the cryptography.
#[inline(never)]
pub(crate) fn clear_stack_below() {
    zeroize_stack::<STACK_BELOW>();
}

/// A PIN as a person typed it: text of any length, not yet judged by a policy.
///
/// ```compile_fail
/// let pin = fido_unlock::Pin::new("123456".into());
/// println!("{pin:?}");
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin(String);

impl Pin {
    /// Takes the text over; the caller's copy is the caller's to wipe.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. Whatever is copied out of it must be wiped by who copies.
    #[must_use]
    pub fn expose_text(&self) -> &str {
        &self.0
    }

    /// Compares in constant time (the length is not hidden).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// A suite-3 admin key: AES-128, AES-192 or AES-256.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct AdminKey(Vec<u8>);

impl AdminKey {
    /// `key`: 16, 24 or 32 bytes; otherwise `None`.
    #[must_use]
    pub fn new(key: Zeroizing<Vec<u8>>) -> Option<Self> {
        matches!(key.len(), 16 | 24 | 32).then(|| Self(key.to_vec()))
    }

    /// The key's 16, 24 or 32 bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares in constant time (the length is not hidden).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// What two parties share after a key agreement: 32 bytes (PIN/UV protocol 1) or 64 (protocol 2:
/// HMAC key, then AES key).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret(Vec<u8>);

impl SharedSecret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The 32 or 64 bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }
}
