//! Passkeys of operators (W3C Web Authentication): what a browser is asked, and whether its answer is good.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use zeroize::Zeroizing;

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// It is not what was asked for: of another challenge, origin, relying party or key, without the user verified, with
    /// a counter that did not go up, or of no form at all.
    #[error("{}: {detail}", ErrorCode::PasskeyRefused)]
    Refused {
        /// What does not fit; nothing that signs anybody in.
        detail: String,
    },
    /// The adapter itself failed.
    #[error("{}: {detail}", ErrorCode::HostFailed)]
    Failed {
        /// Why.
        detail: String,
    },
}

impl HasCode for PasskeyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { .. } => ErrorCode::PasskeyRefused,
            Self::Failed { .. } => ErrorCode::HostFailed,
        }
    }
}

/// What a browser is asked.
pub struct PasskeyAsk {
    /// For the browser: JSON that `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`
    /// takes, without anything around it.
    pub options: String,
    /// For the end of the ceremony: the challenge above all. It never leaves the service.
    pub state: Zeroizing<Vec<u8>>,
}

/// For whom a passkey is made.
pub struct PasskeyOwner<'a> {
    /// The user handle: says nothing of the person, and is the same for each of their passkeys.
    pub handle: [u8; 16],
    /// The name that the browser shows beside the passkey.
    pub name: &'a str,
}

/// A passkey that was made.
pub struct MadePasskey {
    /// The credential id, 1 to 1023 bytes.
    pub id: Vec<u8>,
    /// Public key, counter and whatever else the adapter wants to know of it. The desk keeps it as it is.
    pub credential: Vec<u8>,
}

/// Asks browsers for passkeys of this service, and judges what they answer. Each ceremony has a new random challenge, and
/// insists that the authenticator verifies its user: so a passkey may be all that somebody signs in with. It is never
/// called within a transaction, and keeps nothing.
pub trait Passkeys {
    /// Asks for a new passkey. `known`: credential ids of this owner's others, which are not made again.
    ///
    /// # Errors
    /// [`PasskeyError::Failed`].
    fn begin_registration(
        &mut self,
        owner: &PasskeyOwner<'_>,
        known: &[Vec<u8>],
    ) -> Result<PasskeyAsk, PasskeyError>;

    /// Takes the new passkey. `state`: as the ask had it; `answer`: what `PublicKeyCredential.toJSON` gave.
    ///
    /// # Errors
    /// [`PasskeyError`].
    fn finish_registration(&mut self, state: &[u8], answer: &str) -> Result<MadePasskey, PasskeyError>;

    /// Asks for a signature by one of the passkeys with these credential ids, of which it knows no more: some may be
    /// nobody's. The options name them all in this order, and tell nothing else of them.
    ///
    /// # Errors
    /// [`PasskeyError::Failed`].
    fn begin_assertion(&mut self, allowed: &[Vec<u8>]) -> Result<PasskeyAsk, PasskeyError>;

    /// Which credential an answer says that it is by.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`].
    fn credential_id(&self, answer: &str) -> Result<Vec<u8>, PasskeyError>;

    /// Whether the answer is by this credential, for the ask of this state. Gives the credential as it is kept from now
    /// on, with the counter as it is now: the same answer is not good for that one again, if the authenticator counts.
    ///
    /// # Errors
    /// [`PasskeyError`].
    fn finish_assertion(
        &mut self,
        state: &[u8],
        credential: &[u8],
        answer: &str,
    ) -> Result<Vec<u8>, PasskeyError>;
}
