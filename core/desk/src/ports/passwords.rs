//! How passwords are hashed.

use alloc::string::String;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use zeroize::Zeroizing;

/// A password could not be hashed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password could not be hashed: {detail}")]
pub struct PasswordError {
    /// Why; nothing of the password.
    pub detail: String,
}

impl HasCode for PasswordError {
    fn code(&self) -> ErrorCode {
        ErrorCode::EntropyFailed
    }
}

/// Hashes passwords slowly, under a pepper that is not in the database. It is never called within a transaction.
pub trait Passwords {
    /// A new hash, with its own salt, as a text that [`Passwords::verify`] reads. `password` comes as
    /// [`opaque`](crate::opaque) makes it.
    ///
    /// # Errors
    /// [`PasswordError`].
    fn hash(&self, password: &str) -> Result<Zeroizing<String>, PasswordError>;

    /// Whether it is the password of this hash. `None`: there is nobody of that name; the same work is done, and the
    /// answer is no.
    ///
    /// # Errors
    /// [`PasswordError`]; a hash that cannot be read is one.
    fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError>;
}
