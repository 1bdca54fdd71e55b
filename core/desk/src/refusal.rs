//! Why the desk did not do it.

use alloc::format;
use alloc::string::String;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::code::CodeError;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::{LicenceError, RequestId, Rule, UnixTime, WrongRows};
use crate::ports::{
    ApprovalError, CallerError, DeliveryError, PasskeyError, PasswordError, SignerError, StorageError,
};

/// Why the desk refused or failed. Each is recorded in the audit log under its own number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// A rule of the desk; the row says which.
    #[error("{0}")]
    Refused(ErrorCode),
    /// No licence, or one that is not sufficient.
    #[error("{code}{}", whom(.contact))]
    Licence {
        /// [`ErrorCode::LicenceMissing`], [`ErrorCode::LicenceExpired`] or
        /// [`ErrorCode::LicenceDevices`].
        code: ErrorCode,
        /// Whom to ask.
        contact: String,
    },
    /// A rule gives less time than it must.
    #[error("{}: {} must be {least} at least", ErrorCode::InvalidArgument, .rule.name())]
    RuleTooShort {
        /// Which.
        rule: Rule,
        /// The least, in seconds ([`Rules::least_seconds`](crate::Rules::least_seconds)).
        least: u64,
    },
    /// The clock is behind the latest audit entry.
    #[error("{}: it says {now}, but {latest} was recorded", ErrorCode::ClockWentBack)]
    ClockWentBack {
        /// What the clock says.
        now: UnixTime,
        /// The latest time in the audit log.
        latest: UnixTime,
    },
    /// Too many wrong passwords.
    #[error("{}: until {until}", ErrorCode::SignInLocked)]
    SignInLocked {
        /// The first moment at which a password is looked at again.
        until: UnixTime,
    },
    /// The file is no licence.
    #[error(transparent)]
    LicenceFile(#[from] LicenceError),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The adapter for passkeys.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The challenge was answered for another device.
    #[error("{}", ErrorCode::ChallengeElsewhere)]
    ChallengeElsewhere {
        /// That device.
        device: DeviceId,
    },
    /// The counter is not the one expected.
    #[error("{code}: low 16 bits {found}, expected {expected}{}", used(*.explained_by))]
    Counter {
        /// [`ErrorCode::CounterWentBack`] or [`ErrorCode::CounterMoved`].
        code: ErrorCode,
        /// What the desk expected.
        expected: u16,
        /// What the challenge says.
        found: u16,
        /// The request whose code gives this counter, if it was used and nobody has said so.
        explained_by: Option<RequestId>,
    },
    /// What was typed is not a challenge; says which group to compare.
    #[error(transparent)]
    Challenge(#[from] CodeError),
    /// The caller was not verified.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// No second operator has approved.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// The signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Registry, limits, licence or audit log.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A verification found rows that are not as the desk wrote them.
    #[error(transparent)]
    Rows(#[from] WrongRows),
    /// The code was made and recorded but could not be sent.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

fn whom(contact: &str) -> String {
    if contact.is_empty() {
        String::new()
    } else {
        format!("; contact: {contact}")
    }
}

/// What an operator is to ask before anybody is alarmed.
fn used(request: Option<RequestId>) -> String {
    request.map_or_else(String::new, |request| {
        format!(": as after the code of request {request}, which is not recorded as used")
    })
}

impl HasCode for DeskError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(code) | Self::Licence { code, .. } | Self::Counter { code, .. } => *code,
            Self::RuleTooShort { .. } => ErrorCode::InvalidArgument,
            Self::ClockWentBack { .. } => ErrorCode::ClockWentBack,
            Self::SignInLocked { .. } => ErrorCode::SignInLocked,
            Self::LicenceFile(error) => error.code(),
            Self::Password(error) => error.code(),
            Self::Passkey(error) => error.code(),
            Self::ChallengeElsewhere { .. } => ErrorCode::ChallengeElsewhere,
            Self::Challenge(error) => error.code(),
            Self::Caller(error) => error.code(),
            Self::Approval(error) => error.code(),
            Self::Signer(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Rows(error) => error.code(),
            Self::Delivery(error) => error.code(),
        }
    }
}

impl From<ErrorCode> for DeskError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}
