//! Lower-case hex in files.

use base16ct::lower;
use fido_unlock_desk::ports::StorageError;

pub(crate) fn encode(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// `what` names the field in the error.
pub(crate) fn decode(what: &str, text: &str) -> Result<Vec<u8>, StorageError> {
    lower::decode_vec(text).map_err(|_| corrupt(what))
}

pub(crate) fn decode_array<const N: usize>(what: &str, text: &str) -> Result<[u8; N], StorageError> {
    decode(what, text)?.try_into().map_err(|_| corrupt(what))
}

pub(crate) fn corrupt(what: &str) -> StorageError {
    StorageError::Corrupt { detail: what.into() }
}
