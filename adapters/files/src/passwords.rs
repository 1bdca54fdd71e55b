//! Passwords as Argon2id (RFC 9106), under a pepper.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use fido_unlock_desk::ports::{PasswordError, Passwords};
use zeroize::Zeroizing;

/// Each takes 19 MiB and a processor: a crowd at the door must not take them all.
const MOST_AT_ONCE: u8 = 2;

static RUNNING: Mutex<u8> = Mutex::new(0);
static FINISHED: Condvar = Condvar::new();

/// Hashes passwords with Argon2id, at most two at a time in this process. The pepper, 32 bytes, lies with the keys: who
/// has the database alone cannot try passwords.
pub struct Argon2Passwords(Zeroizing<[u8; 32]>);

impl Argon2Passwords {
    /// Under this pepper.
    #[must_use]
    pub const fn new(pepper: Zeroizing<[u8; 32]>) -> Self {
        Self(pepper)
    }

    fn run<T>(&self, work: impl FnOnce(&Argon2<'_>) -> T) -> Result<T, PasswordError> {
        let argon2 = Argon2::new_with_secret(
            self.0.as_slice(),
            Algorithm::Argon2id,
            Version::V0x13,
            Params::default(),
        );
        let argon2 = argon2.map_err(|_| failed("the pepper is too long"))?;
        let _turn = Turn::take();
        Ok(work(&argon2))
    }
}

/// One of those that may run; given back when dropped.
struct Turn;

impl Turn {
    fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let running = FINISHED.wait_while(running, |running| *running >= MOST_AT_ONCE);
        *running.unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        *running = running.saturating_sub(1);
        FINISHED.notify_one();
    }
}

fn failed(detail: &str) -> PasswordError {
    PasswordError {
        detail: detail.into(),
    }
}

impl Passwords for Argon2Passwords {
    fn hash(&self, password: &str) -> Result<Zeroizing<String>, PasswordError> {
        let hash = self.run(|argon2| argon2.hash_password(password.as_bytes()))?;
        let hash = hash.map_err(|_| failed("no random bytes for the salt"))?;
        Ok(Zeroizing::new(hash.to_string()))
    }

    fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let Some(hash) = hash else {
            // The same work as for a name that is known.
            self.hash(password)?;
            return Ok(false);
        };
        let hash = PasswordHash::new(hash).map_err(|_| failed("the stored hash cannot be read"))?;
        let verified = self.run(|argon2| argon2.verify_password(password.as_bytes(), &hash))?;
        Ok(verified.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_that_of_its_hash_under_its_pepper() {
        let passwords = Argon2Passwords::new(Zeroizing::new([1; 32]));
        let hash = passwords.hash("quiet lamps").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"));
        assert!(passwords.verify("quiet lamps", Some(&hash)).unwrap());
        assert!(!passwords.verify("quiet lamp", Some(&hash)).unwrap());
        assert!(!passwords.verify("quiet lamps", None).unwrap());
        assert!(passwords.verify("x", Some("no hash")).is_err());
        let other = Argon2Passwords::new(Zeroizing::new([2; 32]));
        assert!(!other.verify("quiet lamps", Some(&hash)).unwrap());
    }

    #[test]
    fn many_at_once_take_their_turn() {
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    let passwords = Argon2Passwords::new(Zeroizing::new([1; 32]));
                    passwords.hash("x").unwrap();
                    assert!(*RUNNING.lock().unwrap() <= MOST_AT_ONCE);
                });
            }
        });
    }
}
