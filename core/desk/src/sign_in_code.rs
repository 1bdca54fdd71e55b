//! One-time codes by which an operator who cannot sign in sets a new password.

use alloc::string::String;

use fido_unlock_protocol::code::{CodeError, number_line, parse_number};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::PersonNumber;
use crate::record::LogId;

/// A one-time code: 80 random bits, as a line that people can read out. Whoever has it may set the password of the
/// operator whom it was made for, once.
///
/// ```
/// use fido_unlock_desk::SignInCode;
///
/// let code = SignInCode::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
/// assert!(SignInCode::parse(&code.expose().to_lowercase()).is_ok());
/// assert!(SignInCode::parse("1234").is_err());
/// ```
pub struct SignInCode(Zeroizing<[u8; 10]>);

impl SignInCode {
    /// From its 10 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads what a person typed; a typing error is noticed, and its group named.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(typed: &str) -> Result<Self, CodeError> {
        parse_number(typed).map(Self::from_bytes)
    }

    /// The line, to be shown once to whoever hands it over.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(number_line(&self.0))
    }

    /// What is kept of it: SHA-256("fido-unlock/1 one-time code" ‖ 00 ‖ log id ‖ person ‖ code).
    pub(crate) fn hash(&self, log: &LogId, of: PersonNumber) -> [u8; 32] {
        Sha256::new_with_prefix(b"fido-unlock/1 one-time code\0")
            .chain_update(log.0)
            .chain_update(of.0)
            .chain_update(self.0.as_slice())
            .finalize()
            .into()
    }
}
