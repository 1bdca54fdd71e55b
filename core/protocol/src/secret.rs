//! Secrets as types: no `Debug`, no `Clone`, wiped when dropped, compared in constant time.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String};

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use crate::response::ResponseCode;

/// At most `N` secret bytes, wiped when dropped. On the heap where there is one, since moving an array
/// leaves a copy behind on the stack.
pub(crate) struct SecretBytes<const N: usize> {
    #[cfg(feature = "alloc")]
    bytes: Box<[u8; N]>,
    #[cfg(not(feature = "alloc"))]
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> SecretBytes<N> {
    /// A copy of `bytes`; `None` when they are too many.
    pub(crate) fn copy(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= N).then(|| Self::copy_first(bytes))
    }

    /// A copy of the first `N` bytes.
    fn copy_first(bytes: &[u8]) -> Self {
        let mut out = Self {
            #[cfg(feature = "alloc")]
            bytes: Box::new([0; N]),
            #[cfg(not(feature = "alloc"))]
            bytes: [0; N],
            length: bytes.len().min(N),
        };
        out.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        out
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> Zeroize for SecretBytes<N> {
    fn zeroize(&mut self) {
        self.bytes.as_mut_slice().zeroize();
        self.length.zeroize();
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for SecretBytes<N> {}

/// A PIN as a person typed it: text of any length, not yet checked by a policy.
///
/// ```compile_fail
/// let pin = fido_unlock_protocol::Pin::new("123456".into());
/// println!("{pin:?}");
/// ```
#[cfg(feature = "alloc")]
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Pin(String);

#[cfg(feature = "alloc")]
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
pub struct AdminKey(SecretBytes<32>);

impl AdminKey {
    /// `key`: 16, 24 or 32 bytes; otherwise `None`. The caller must wipe its own copy.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        if !matches!(key.len(), 16 | 24 | 32) {
            return None;
        }
        SecretBytes::copy(key).map(Self)
    }

    /// The key's 16, 24 or 32 bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// Compares in constant time (the length is not hidden).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose_bytes().ct_eq(other.expose_bytes()).into()
    }
}

/// What two parties share after a key agreement: 32 bytes (PIN/UV protocol 1) or 64 (protocol 2:
/// HMAC key, then AES key).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret(SecretBytes<64>);

impl SharedSecret {
    /// `bytes`: 32 or 64 of them; otherwise `None`. The caller must wipe its own copy.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if !matches!(bytes.len(), 32 | 64) {
            return None;
        }
        SecretBytes::copy(bytes).map(Self)
    }

    /// The 32 bytes of protocol one.
    #[must_use]
    pub fn one(bytes: &[u8; 32]) -> Self {
        Self(SecretBytes::copy_first(bytes))
    }

    /// The 64 bytes of protocol two.
    #[must_use]
    pub fn two(bytes: &[u8; 64]) -> Self {
        Self(SecretBytes::copy_first(bytes))
    }

    /// The 32 or 64 bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose()
    }
}
