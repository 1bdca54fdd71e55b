//! What a device, or the way to it, answered; and why an unlock did not happen.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::device_unlock::MalformedAnswer;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::ports::EntropyError;

use crate::ports::{PinError, TransportError};

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

impl From<MalformedAnswer> for DeviceError {
    fn from(error: MalformedAnswer) -> Self {
        Self::Malformed(error.0)
    }
}

/// Why an unlock did not happen, or is not known to have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// The device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The new PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// What the session knows forbids it: the challenge was used or renewed, it is another device,
    /// the state is not one that can be unlocked, or the outcome is unknown.
    #[error("{0}")]
    Refused(ErrorCode),
}

impl HasCode for UnlockError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Pin(error) => error.code(),
            Self::Refused(code) => *code,
        }
    }
}

impl From<TransportError> for UnlockError {
    fn from(error: TransportError) -> Self {
        Self::Device(error.into())
    }
}

impl From<EntropyError> for UnlockError {
    fn from(error: EntropyError) -> Self {
        Self::Device(error.into())
    }
}
