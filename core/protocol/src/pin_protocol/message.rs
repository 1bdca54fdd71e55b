//! `encrypt`, `decrypt`, `authenticate` and `verify` of both protocols.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
use aes::cipher::BlockModeEncrypt;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
#[cfg(feature = "alloc")]
use zeroize::Zeroizing;

use super::PinProtocol;
#[cfg(feature = "alloc")]
use crate::ports::{Entropy, EntropyError};
use crate::secret::SharedSecret;

const BLOCK: usize = 16;
/// Bytes of an HMAC-SHA-256.
const TAG: usize = 32;

/// A ciphertext is not whole blocks, or a secret is not of its protocol's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ciphertext or secret has a length that its protocol does not have")]
pub struct WrongLength;

impl PinProtocol {
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
    /// [`EncryptError`] when `plain` is not whole 16-byte blocks, or there is no random IV.
    #[cfg(feature = "alloc")]
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
    #[cfg(feature = "alloc")]
    pub fn decrypt(self, secret: &SharedSecret, cipher: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongLength> {
        let mut plain = Zeroizing::new(alloc::vec![0; cipher.len()]);
        let length = self.decrypt_into(secret, cipher, &mut plain)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// `decrypt(key, ciphertext)` into the beginning of `plain`, which has at least the plaintext's length:
    /// that of `cipher`, less 16 in protocol two. Gives that beginning. What is in `plain` afterwards, also
    /// after an error, is the caller's to wipe.
    ///
    /// # Errors
    /// [`WrongLength`] when `cipher` is not whole blocks (protocol two: an IV first), or `plain` is shorter.
    pub fn decrypt_into<'a>(
        self,
        secret: &SharedSecret,
        cipher: &[u8],
        plain: &'a mut [u8],
    ) -> Result<&'a [u8], WrongLength> {
        let (iv, body): (&[u8], &[u8]) = match self {
            Self::One => (&[0; BLOCK], cipher),
            Self::Two => cipher.split_at_checked(BLOCK).ok_or(WrongLength)?,
        };
        let decryptor = cbc::Decryptor::<aes::Aes256>::new_from_slices(self.aes_key(secret)?, iv)
            .map_err(|_| WrongLength)?;
        let plain = plain.get_mut(..body.len()).ok_or(WrongLength)?;
        decryptor
            .decrypt_padded_b2b::<NoPadding>(body, plain)
            .map_err(|_| WrongLength)
    }

    /// `authenticate(key, message)` under a shared secret.
    ///
    /// # Errors
    /// [`WrongLength`] when the secret belongs to the other protocol.
    #[cfg(feature = "alloc")]
    pub fn authenticate(self, secret: &SharedSecret, message: &[u8]) -> Result<Vec<u8>, WrongLength> {
        self.authenticate_with_key(self.hmac_key(secret)?, message)
    }

    /// `authenticate(key, message)` under a pinUvAuthToken.
    ///
    /// # Errors
    /// [`WrongLength`] never happens for keys that HMAC takes, which is every key.
    #[cfg(feature = "alloc")]
    pub fn authenticate_with_key(self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, WrongLength> {
        let tag = hmac(key, &[message])?;
        Ok(tag.get(..self.auth_length()).ok_or(WrongLength)?.to_vec())
    }

    /// `verify(key, message, signature)` under a shared secret, in constant time.
    #[must_use]
    pub fn verify(self, secret: &SharedSecret, message: &[u8], param: &[u8]) -> bool {
        self.hmac_key(secret)
            .is_ok_and(|key| self.verify_with_key(key, message, param))
    }

    /// The same of a message in pieces.
    #[must_use]
    pub fn verify_parts(self, secret: &SharedSecret, parts: &[&[u8]], param: &[u8]) -> bool {
        self.hmac_key(secret)
            .is_ok_and(|key| self.is_tag(hmac(key, parts), param))
    }

    /// `verify(key, message, signature)` under a pinUvAuthToken, in constant time.
    #[must_use]
    pub fn verify_with_key(self, key: &[u8], message: &[u8], param: &[u8]) -> bool {
        self.is_tag(hmac(key, &[message]), param)
    }

    fn is_tag(self, tag: Result<[u8; TAG], WrongLength>, param: &[u8]) -> bool {
        tag.is_ok_and(|tag| {
            tag.get(..self.auth_length())
                .is_some_and(|tag| tag.ct_eq(param).into())
        })
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; TAG], WrongLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| WrongLength)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().into())
}

fn exactly(bytes: &[u8], length: usize) -> Result<&[u8], WrongLength> {
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(WrongLength)
    }
}

/// Why [`PinProtocol::encrypt`] failed.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The plaintext is not whole blocks, or the secret belongs to the other protocol.
    #[error(transparent)]
    Length(#[from] WrongLength),
    /// The random source gave no IV.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin_protocol::{KeyAgreementKey, encapsulate};
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
            assert!(protocol.verify_parts(&other, &[b"mess", b"", b"age"], &tag));
            assert!(!protocol.verify_parts(&other, &[b"age", b"mess"], &tag));
        }
    }
}
