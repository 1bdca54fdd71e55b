//! What a device, or the way to it, answered.

use crate::ctap2::CtapStatus;
use crate::error::{ErrorCode, HasCode};
use crate::ports::{EntropyError, TransportError};

/// Why a command to a device failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The way to the device.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The device answered with a status that has a meaning in this command.
    #[error("{0}")]
    Refused(ErrorCode),
    /// The device answered with a status that has none here.
    #[error("{}: {status}", ErrorCode::UnexpectedStatus, status = .0)]
    Status(CtapStatus),
    /// The answer breaks the protocol.
    #[error("{}: {detail}", ErrorCode::MalformedAnswer, detail = .0)]
    Malformed(&'static str),
    /// No random bytes for the key agreement.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl HasCode for DeviceError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Transport(error) => error.code(),
            Self::Refused(code) => *code,
            Self::Status(_) => ErrorCode::UnexpectedStatus,
            Self::Malformed(_) => ErrorCode::MalformedAnswer,
            Self::Entropy(error) => error.code(),
        }
    }
}
