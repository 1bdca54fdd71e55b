//! Signing in with a passkey, and adding one: what is under way, and what an operator sees of their own.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::bytes::ByteArray;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{OperatorSession, PersonNumber, UnixTime};

/// A passkey by which somebody is to sign in, or to confirm that it is they, under way. It is used up by its end, so no
/// answer is looked at twice. It stays in the service.
pub struct BegunAssertion {
    pub(crate) claimed: Claimed,
    pub(crate) state: Zeroizing<Vec<u8>>,
    pub(crate) until: UnixTime,
}

/// A passkey that an operator is adding, under way. It is used up by its end, and stays in the service.
pub struct BegunPasskey {
    pub(crate) operator: PersonNumber,
    pub(crate) state: Zeroizing<Vec<u8>>,
    pub(crate) until: UnixTime,
}

/// A passkey is wanted: what the browser is asked.
pub struct AskedPasskey {
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    pub options: String,
    /// For [`Desk::finish_sign_in`](crate::Desk::finish_sign_in).
    pub begun: BegunAssertion,
}

/// How far a sign-in has come when the password was right.
pub enum SignIn {
    /// They are signed in.
    Done(OperatorSession),
    /// They have a passkey, which is wanted too.
    Passkey(AskedPasskey),
}

/// A passkey as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPasskey {
    /// By what it is named and removed: the key of its row.
    pub id: [u8; 32],
    /// As they call it.
    pub name: String,
    /// When it was added.
    pub added: UnixTime,
    /// When it was used last.
    pub used: Option<UnixTime>,
}

/// The key of a passkey's row: SHA-256("fido-unlock/1 passkey" ‖ 00 ‖ credential id).
pub(crate) fn passkey_key(id: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(b"fido-unlock/1 passkey\0")
        .chain_update(id)
        .finalize()
        .into()
}

/// The user handle of an operator: the first 16 bytes of SHA-256("fido-unlock/1 user handle" ‖ 00 ‖ person).
pub(crate) fn user_handle(number: PersonNumber) -> [u8; 16] {
    let hash = Sha256::new_with_prefix(b"fido-unlock/1 user handle\0").chain_update(number.0);
    let bytes: [u8; 32] = hash.finalize().into();
    let mut handle = [0; 16];
    handle.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    handle
}

/// A passkey of somebody who claims to be an operator.
pub(crate) struct ClaimedPasskey {
    pub(crate) key: ByteArray<32>,
    pub(crate) id: Vec<u8>,
    pub(crate) credential: Vec<u8>,
}

/// Whose password is to be looked at.
pub(crate) struct Claimed {
    pub(crate) number: Option<PersonNumber>,
    pub(crate) credentials: u32,
    /// `None`: there is nobody of that name, or they have no password.
    pub(crate) hash: Option<String>,
    /// Their passkeys. Where there is one, the password alone is not enough.
    pub(crate) passkeys: Vec<ClaimedPasskey>,
}
