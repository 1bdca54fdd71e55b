//! Passwords, hashed fast: for tests alone.

use fido_unlock_desk::ports::{PasswordError, Passwords};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Hashes with one SHA-256, without a salt: worth nothing outside tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastPasswords;

impl Passwords for FastPasswords {
    fn hash(&self, password: &str) -> Result<Zeroizing<String>, PasswordError> {
        let hash = Sha256::digest(password);
        Ok(Zeroizing::new(
            hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let typed = self.hash(password)?;
        Ok(hash.is_some_and(|hash| hash == typed.as_str()))
    }
}
