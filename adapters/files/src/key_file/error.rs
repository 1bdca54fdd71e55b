//! Why a key file was not read or written.

use std::io;

use fido_unlock_protocol::{ErrorCode, HasCode};

/// Why a key file was not read or written. No variant says anything of the key or passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is no such file, or its description is missing.
    #[error("{}", ErrorCode::KeyMissing)]
    Missing,
    /// The file cannot be opened or read.
    #[error("{code}: {0}", code = ErrorCode::StoreRead)]
    Read(io::ErrorKind),
    /// The file cannot be written.
    #[error("{code}: {0}", code = write_code(*.0))]
    Write(io::ErrorKind),
    /// Not a key in a form that is understood, or a key of another curve.
    #[error("{}", ErrorCode::KeyFile)]
    Malformed,
    /// Its passphrase function needs more time or memory than any honest file would.
    #[error("{}", ErrorCode::KeyFile)]
    TooCostly,
    /// The file is encrypted, but no passphrase was given.
    #[error("{}", ErrorCode::KeyPassphrase)]
    PassphraseWanted,
    /// The passphrase does not open it.
    #[error("{}", ErrorCode::KeyPassphrase)]
    Passphrase,
    /// A P-256 key where an admin key should be, or the other way round.
    #[error("{}", ErrorCode::SignerSuite)]
    WrongSuite,
    /// The public key in the description is not this key's, or not on the curve.
    #[error("{}", ErrorCode::InvalidPoint)]
    OtherKey,
    /// There is a file of that name.
    #[error("{}", ErrorCode::KeyExists)]
    Exists,
    /// The random source failed.
    #[error("{}", ErrorCode::EntropyFailed)]
    Entropy,
    /// An empty passphrase, PBES2 for an admin key, or a slot above 15.
    #[error("{}", ErrorCode::InvalidArgument)]
    Protection,
    /// The description is of a later version.
    #[error("{}", ErrorCode::StoreVersion)]
    Version,
}

impl HasCode for KeyFileError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Missing => ErrorCode::KeyMissing,
            Self::Read(_) => ErrorCode::StoreRead,
            Self::Write(kind) => write_code(*kind),
            Self::Malformed | Self::TooCostly => ErrorCode::KeyFile,
            Self::PassphraseWanted | Self::Passphrase => ErrorCode::KeyPassphrase,
            Self::WrongSuite => ErrorCode::SignerSuite,
            Self::OtherKey => ErrorCode::InvalidPoint,
            Self::Exists => ErrorCode::KeyExists,
            Self::Entropy => ErrorCode::EntropyFailed,
            Self::Protection => ErrorCode::InvalidArgument,
            Self::Version => ErrorCode::StoreVersion,
        }
    }
}

/// A full disk has a number of its own.
const fn write_code(kind: io::ErrorKind) -> ErrorCode {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::StoreFull,
        _ => ErrorCode::StoreWrite,
    }
}

impl KeyFileError {
    pub(super) fn from_read(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            kind => Self::Read(kind),
        }
    }

    pub(super) fn from_write(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists,
            kind => Self::Write(kind),
        }
    }
}
