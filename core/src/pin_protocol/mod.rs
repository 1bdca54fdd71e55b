//! PIN/UV auth protocols one and two (CTAP 2.1 §6.5.6, §6.5.7), and the PIN's padding (§6.5.5.5).

mod cose_key;
mod key_agreement;
mod pin;

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use alloc::vec::Vec;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use cose_key::{CoseKey, InvalidPoint};
pub use key_agreement::{EncapsulateError, KeyAgreementKey, encapsulate};
pub use pin::{PADDED_PIN_LENGTH, hash_pin, pad_pin, unpad_pin};

use crate::ports::{Entropy, EntropyError};
use crate::secret::SharedSecret;

const BLOCK: usize = 16;

/// Which of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PinProtocol {
    /// §6.5.6: one 32-byte key, zero IV, 16-byte authentication.
    One = 1,
    /// §6.5.7: HMAC key and AES key by HKDF, random IV, 32-byte authentication.
    Two = 2,
}

/// A ciphertext is not whole blocks, or a secret is not of its protocol's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ciphertext or secret has a length that its protocol does not have")]
pub struct WrongLength;

impl PinProtocol {
    /// From its number in `pinUvAuthProtocol`.
    ///
    /// ```
    /// use fido_unlock::pin_protocol::PinProtocol;
    /// assert_eq!(PinProtocol::from_number(2), Some(PinProtocol::Two));
    /// ```
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }
    }

    /// Its number in `pinUvAuthProtocol`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Bytes of a `pinUvAuthParam`: 16 or 32. Another length is never accepted (YSA-2025-02).
    #[must_use]
    pub const fn auth_length(self) -> usize {
        match self {
            Self::One => 16,
            Self::Two => 32,
        }
    }

    fn hmac_key(self, secret: &SharedSecret) -> Result<&[u8], WrongLength> {
        match self {
            Self::One => exactly(secret.expose_bytes(), 32),
            Self::Two => exactly(secret.expose_bytes(), 64)?.get(..32).ok_or(WrongLength),
        }
    }

    fn aes_key(self, secret: &SharedSecret) -> Result<&[u8], WrongLength> {
        match self {
            Self::One => exactly(secret.expose_bytes(), 32),
            Self::Two => exactly(secret.expose_bytes(), 64)?.get(32..).ok_or(WrongLength),
        }
    }

    /// `encrypt(key, demPlaintext)`: AES-256-CBC without padding; protocol two puts its IV in front.
    ///
    /// # Errors
    /// [`EncryptError`] when `plain` is not whole 16-byte blocks, or no IV could be had.
    pub fn encrypt(
        self,
        secret: &SharedSecret,
        plain: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, EncryptError> {
        let mut iv = [0; BLOCK];
        if self == Self::Two {
            entropy.fill(&mut iv)?;
        }
        if !plain.len().is_multiple_of(BLOCK) {
            return Err(WrongLength.into());
        }
        let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(self.aes_key(secret)?, &iv)
            .map_err(|_| WrongLength)?;
        let mut body = alloc::vec![0; plain.len()];
        cipher
            .encrypt_padded_b2b::<NoPadding>(plain, &mut body)
            .map_err(|_| WrongLength)?;
        if self == Self::One {
            return Ok(body);
        }
        let mut out = Vec::with_capacity(BLOCK + body.len());
        out.extend_from_slice(&iv);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// `decrypt(key, ciphertext)`.
    ///
    /// # Errors
    /// [`WrongLength`] when `cipher` is not whole blocks (protocol two: an IV first).
    pub fn decrypt(self, secret: &SharedSecret, cipher: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongLength> {
        let (iv, body): (&[u8], &[u8]) = match self {
            Self::One => (&[0; BLOCK], cipher),
            Self::Two => cipher.split_at_checked(BLOCK).ok_or(WrongLength)?,
        };
        let decryptor = cbc::Decryptor::<aes::Aes256>::new_from_slices(self.aes_key(secret)?, iv)
            .map_err(|_| WrongLength)?;
        let mut plain = Zeroizing::new(alloc::vec![0; body.len()]);
        decryptor
            .decrypt_padded_b2b::<NoPadding>(body, &mut plain)
            .map_err(|_| WrongLength)?;
        Ok(plain)
    }

    /// `authenticate(key, message)` under a shared secret.
    ///
    /// # Errors
    /// [`WrongLength`] when the secret is the other protocol's.
    pub fn authenticate(self, secret: &SharedSecret, message: &[u8]) -> Result<Vec<u8>, WrongLength> {
        self.authenticate_with_key(self.hmac_key(secret)?, message)
    }

    /// `authenticate(key, message)` under a pinUvAuthToken.
    ///
    /// # Errors
    /// [`WrongLength`] never happens for keys that HMAC takes, which is every key.
    pub fn authenticate_with_key(self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, WrongLength> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| WrongLength)?;
        mac.update(message);
        let tag = mac.finalize().into_bytes();
        Ok(tag.get(..self.auth_length()).ok_or(WrongLength)?.to_vec())
    }

    /// `verify(key, message, signature)` under a shared secret, in constant time.
    #[must_use]
    pub fn verify(self, secret: &SharedSecret, message: &[u8], param: &[u8]) -> bool {
        self.authenticate(secret, message)
            .is_ok_and(|tag| tag.ct_eq(param).into())
    }

    /// `verify(key, message, signature)` under a pinUvAuthToken, in constant time.
    #[must_use]
    pub fn verify_with_key(self, key: &[u8], message: &[u8], param: &[u8]) -> bool {
        self.authenticate_with_key(key, message)
            .is_ok_and(|tag| tag.ct_eq(param).into())
    }
}

fn exactly(bytes: &[u8], length: usize) -> Result<&[u8], WrongLength> {
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(WrongLength)
    }
}

/// Why [`PinProtocol::encrypt`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The plaintext is not whole blocks, or the secret is the other protocol's.
    #[error(transparent)]
    Length(#[from] WrongLength),
    /// No IV could be had.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Entropy, EntropyError};

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }

    #[test]
    fn both_sides_agree_and_decrypt() {
        for protocol in [PinProtocol::One, PinProtocol::Two] {
            let device = KeyAgreementKey::make(&mut Fixed).unwrap();
            let (platform, secret) = encapsulate(protocol, &device.public(), &mut Fixed).unwrap();
            let other = device.decapsulate(protocol, &platform).unwrap();
            assert_eq!(secret.expose_bytes(), other.expose_bytes());
            let cipher = protocol.encrypt(&secret, &[9; 64], &mut Fixed).unwrap();
            assert_eq!(cipher.len(), if protocol == PinProtocol::One { 64 } else { 80 });
            assert_eq!(*protocol.decrypt(&other, &cipher).unwrap(), [9; 64]);
            let tag = protocol.authenticate(&secret, b"message").unwrap();
            assert_eq!(tag.len(), protocol.auth_length());
            assert!(protocol.verify(&other, b"message", &tag));
            assert!(!protocol.verify(&other, b"message", &tag[..15]));
        }
    }
}
