//! Whether a second operator has approved a request, if operators approve in another system.

use alloc::string::String;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use crate::{Approval, ApprovalTask};

/// No approval of this request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Nobody has answered yet.
    #[error("{}", ErrorCode::ApprovalMissing)]
    Pending,
    /// A second operator said no.
    #[error("{}", ErrorCode::ApprovalRefused)]
    Refused,
    /// The approval at hand is for another request, or for this one as it stood before.
    #[error("{}", ErrorCode::ApprovalElsewhere)]
    Elsewhere,
    /// The approver is not an operator.
    #[error("{}", ErrorCode::ApproverUnknown)]
    UnknownOperator,
    /// It could not be asked for.
    #[error("{}: {detail}", ErrorCode::ApprovalUnavailable)]
    Unavailable {
        /// What could not be reached.
        detail: String,
    },
    /// An approver that the host program provides failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

impl HasCode for ApprovalError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Pending => ErrorCode::ApprovalMissing,
            Self::Refused => ErrorCode::ApprovalRefused,
            Self::Elsewhere => ErrorCode::ApprovalElsewhere,
            Self::UnknownOperator => ErrorCode::ApproverUnknown,
            Self::Unavailable { .. } => ErrorCode::ApprovalUnavailable,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}

/// The system in which second operators approve: a ticket system, a chat, a work flow. Operators who
/// sign in at the desk need none: [`Desk::approve`](crate::Desk::approve).
pub trait Approver {
    /// Says whether the request that `task` shows was approved, and makes the answer with
    /// [`ApprovalTask::approved_by`], the only way to make one. If nobody has decided, it answers
    /// [`ApprovalError::Pending`] and does not wait for a person: an answer counts only while the request
    /// is open and unchanged. An implementation keeps each decision under [`ApprovalTask::basis`], which
    /// changes as soon as anything about the request changes.
    ///
    /// # Errors
    /// [`ApprovalError`] when it was not approved, or that could not be found out.
    fn ask(&mut self, task: ApprovalTask) -> Result<Approval, ApprovalError>;
}
