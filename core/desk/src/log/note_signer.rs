//! Who signs notes: checkpoints, lists of issuers, licences.

use alloc::format;
use alloc::string::String;

use ed25519_dalek::{Signer as _, SigningKey};
use fido_unlock_protocol::note::{KeyName, NoteVerifier, SignedNote};
use fido_unlock_protocol::ports::Entropy;
use zeroize::Zeroizing;

use crate::ports::SignerError;

/// Whoever signs notes. The key is no issuer's: it may lie in a file while issuers' keys are in a token.
pub trait NoteSigner {
    /// Its public half.
    fn verifier(&self) -> NoteVerifier;

    /// The Ed25519 signature over the bytes of `text`, 64 bytes.
    ///
    /// # Errors
    /// [`SignerError`] where the key cannot be used now.
    fn sign(&mut self, text: &str) -> Result<[u8; 64], SignerError>;
}

/// Has `text`, which ends in a newline and has no other control character, signed.
///
/// # Errors
/// The signer's; [`SignerError::Failed`] where the text is none, or what was made is not the key's signature.
pub fn sign_note(text: String, signer: &mut dyn NoteSigner) -> Result<SignedNote, SignerError> {
    let signature = signer.sign(&text)?;
    SignedNote::of(text, &signer.verifier(), &signature).map_err(|error| SignerError::Failed {
        detail: format!("{error}"),
    })
}

/// A key in memory; wiped on drop.
pub struct SoftwareNoteSigner {
    name: KeyName,
    key: SigningKey,
}

impl SoftwareNoteSigner {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SignerError::Entropy`] where there are no random bytes.
    pub fn make(name: KeyName, entropy: &mut dyn Entropy) -> Result<Self, SignerError> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed).map_err(|_| SignerError::Entropy)?;
        Ok(Self::from_seed(name, &seed))
    }

    /// From its seed, the private key of RFC 8032, 32 bytes.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { name, key }
    }

    /// The seed, for a key file.
    #[must_use]
    pub fn expose_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }
}

impl NoteSigner for SoftwareNoteSigner {
    fn verifier(&self) -> NoteVerifier {
        NoteVerifier::new(self.name.clone(), self.key.verifying_key())
    }

    fn sign(&mut self, text: &str) -> Result<[u8; 64], SignerError> {
        let signature = self.key.try_sign(text.as_bytes());
        let signature = signature.map_err(|_| SignerError::Failed {
            detail: "checkpoint".into(),
        })?;
        Ok(signature.to_bytes())
    }
}
