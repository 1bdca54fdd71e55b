//! The help desk's signed list of issuers (docs/protocol/issuers.md), for programs that see devices and not the desk.

use fido_unlock::note::NoteVerifier;
use fido_unlock::{ErrorCode, IssuerList as List};

use crate::desk::IssuerInfo;
use crate::error::UnlockError;

/// The issuer keys of a help desk, as its signed list names them.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct IssuerList {
    /// The name of the desk's log, which is that of the key that signed it.
    pub origin: String,
    /// When it was made, in Unix seconds. An older list can make a key look foreign, and never hide one that is.
    pub made_at: u64,
    /// Its keys, by slot, the present one of a slot before its retired ones, newest first.
    pub issuers: Vec<IssuerInfo>,
    /// Their fingerprints, 16 bytes each, for `Device.diagnose`.
    pub fingerprints: Vec<Vec<u8>>,
}

/// Reads a list that one of `keys` has signed, each the line of a checkpoint key of the help desk (its
/// `checkpoint.pub`). Number 717 where none of them did, 711 where the text is none, 706 where it is of a later
/// version, 801 where a line is no key's.
#[uniffi::export]
pub fn read_issuer_list(note: String, keys: Vec<String>) -> Result<IssuerList, UnlockError> {
    let parse = |line: &String| NoteVerifier::parse(line);
    let keys: Result<Vec<_>, _> = keys.iter().map(parse).collect();
    let list = List::verify(&note, &keys.map_err(|_| ErrorCode::InvalidArgument)?)?;
    Ok(IssuerList {
        origin: list.origin.to_string(),
        made_at: list.at.0,
        issuers: list.issuers.iter().map(Into::into).collect(),
        fingerprints: list.fingerprints().into_iter().map(Into::into).collect(),
    })
}
