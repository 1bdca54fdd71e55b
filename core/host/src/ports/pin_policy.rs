//! What a new PIN must be like, on the host's side.

use fido_unlock_protocol::error::{ErrorCode, HasCode};

/// Why a new PIN was refused. Holds numbers, never a character of the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Fewer code points than this.
    #[error("{}: at least {minimum} characters", ErrorCode::PinTooShort)]
    TooShort {
        /// The shortest length that host and device both take, in Unicode code points.
        minimum: usize,
    },
    /// More than this.
    #[error("{}: at most {maximum} bytes", ErrorCode::PinTooLong)]
    TooLong {
        /// The longest length that host and device both take, in UTF-8 bytes.
        maximum: usize,
    },
    /// A character that is not allowed.
    #[error("{}", ErrorCode::PinCharacter)]
    Character,
    /// A sequence or a repeat.
    #[error("{}", ErrorCode::PinTrivial)]
    Trivial,
    /// On the block list.
    #[error("{}", ErrorCode::PinListed)]
    Listed,
    /// Typed differently the second time.
    #[error("{}", ErrorCode::PinConfirmation)]
    Confirmation,
    /// The host program's own policy failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

impl HasCode for PinError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TooShort { .. } => ErrorCode::PinTooShort,
            Self::TooLong { .. } => ErrorCode::PinTooLong,
            Self::Character => ErrorCode::PinCharacter,
            Self::Trivial => ErrorCode::PinTrivial,
            Self::Listed => ErrorCode::PinListed,
            Self::Confirmation => ErrorCode::PinConfirmation,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}

/// Checks a PIN. The device's own lengths are checked as well, whatever the policy says.
pub trait PinPolicy {
    /// `pin`: the text in Unicode normalisation form C.
    ///
    /// # Errors
    /// [`PinError`], the first that applies.
    fn check(&self, pin: &str) -> Result<(), PinError>;
}
