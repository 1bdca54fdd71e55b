//! Why a command to a device failed; and why an unlock did not happen.

use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::device_unlock::MalformedAnswer;
use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::pin_protocol::{EncapsulateError, EncryptError};
use fido_unlock_protocol::ports::EntropyError;

use crate::Condition;
use crate::ports::TransportError;
use crate::{ClientPinRefusal, DeviceRefusal, SessionRefusal};

/// Why a command to a device failed. `R`: what its statuses mean in that command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError<R> {
    /// The way to the device.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The device answered with a status that has a meaning in this command.
    #[error("{0}")]
    Refused(R),
    /// The device answered with a status that has none here.
    #[error("{}: {status}", ErrorCode::UnexpectedStatus, status = .0)]
    Status(CtapStatus),
    /// The answer breaks the protocol.
    #[error("{}: {detail}", ErrorCode::MalformedAnswer, detail = .0)]
    Malformed(&'static str),
    /// No random bytes for what is sent.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Why a command of the unlock failed.
pub type DeviceError = CommandError<DeviceRefusal>;

/// Why `authenticatorClientPIN` failed.
pub type ClientPinError = CommandError<ClientPinRefusal>;

impl<R: HasCode> HasCode for CommandError<R> {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Transport(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Status(_) => ErrorCode::UnexpectedStatus,
            Self::Malformed(_) => ErrorCode::MalformedAnswer,
            Self::Entropy(error) => error.code(),
        }
    }
}

impl<R> From<MalformedAnswer> for CommandError<R> {
    fn from(error: MalformedAnswer) -> Self {
        Self::Malformed(error.0)
    }
}

impl<R> From<EncapsulateError> for CommandError<R> {
    fn from(error: EncapsulateError) -> Self {
        match error {
            EncapsulateError::Point(_) => Self::Malformed("the key agreement key is not a point on P-256"),
            EncapsulateError::Entropy(error) => error.into(),
        }
    }
}

impl<R> From<EncryptError> for CommandError<R> {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::Length(_) => Self::Malformed("a ciphertext of the wrong length"),
            EncryptError::Entropy(error) => error.into(),
        }
    }
}

/// Why [`Devices::open_locked`](crate::Devices::open_locked) opened nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// More than one can be unlocked: the person says which.
    #[error("{}", ErrorCode::SeveralDevices)]
    SeveralDevices,
    /// None can be unlocked now; this is the state of the first.
    #[error("{}", .0.code())]
    CannotUnlock(Condition),
}

impl HasCode for OpenError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::SeveralDevices => ErrorCode::SeveralDevices,
            Self::CannotUnlock(condition) => condition.code(),
        }
    }
}

impl From<TransportError> for OpenError {
    fn from(error: TransportError) -> Self {
        Self::Device(error.into())
    }
}

/// Why an unlock did not happen, or is not known to have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The device, or the way to it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// What the session knows forbids it.
    #[error(transparent)]
    Refused(#[from] SessionRefusal),
}

impl HasCode for UnlockError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Refused(refusal) => (*refusal).code(),
        }
    }
}

impl From<TransportError> for UnlockError {
    fn from(error: TransportError) -> Self {
        Self::Device(error.into())
    }
}
