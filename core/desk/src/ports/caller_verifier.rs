//! Whether the caller is who they say they are.

use alloc::string::String;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use crate::{VerificationTask, VerifiedCaller};

/// The caller was not verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// The check was made and failed, or nobody answered.
    #[error("{}", ErrorCode::CallerUnverified)]
    Failed,
    /// The check could not be made.
    #[error("the caller could not be checked: {detail}")]
    Unavailable {
        /// What could not be reached.
        detail: String,
    },
}

impl HasCode for CallerError {
    fn code(&self) -> ErrorCode {
        ErrorCode::CallerUnverified
    }
}

/// Checks a caller by one method: a push to the enrolled factor, a call back to the number on
/// record, an identity provider.
pub trait CallerVerifier {
    /// Checks the caller that `task` names and, when it was them, makes the answer with
    /// [`VerificationTask::vouch`], the only way to one. It may wait for the caller: a desk that serves
    /// others meanwhile asks it between
    /// [`Desk::begin_verification`](crate::Desk::begin_verification) and
    /// [`Desk::finish_verification`](crate::Desk::finish_verification).
    ///
    /// # Errors
    /// [`CallerError`] when it was not them, or could not be checked.
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError>;
}
