//! Second operators who approve in the host's own system.

use std::sync::Arc;

use fido_unlock::desk::ports::{self, ApprovalError};
use fido_unlock::desk::{self, Vouched};
use sha2::{Digest, Sha256};

use super::types::operator_id;
use super::{DeskUser, VerificationMethod};

/// One request that a second operator is to approve, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ApprovalTask {
    /// What the approval is for, 32 bytes: another one as soon as reason, caller, challenge or delivery has changed.
    /// Keep the decision under it.
    pub basis: Vec<u8>,
    /// The request.
    pub request: String,
    /// The owner of the device.
    pub user: DeskUser,
    /// The device.
    pub device_id: String,
    /// The operator on the line, who cannot approve it.
    pub operator: String,
    /// Reason or ticket; may be empty.
    pub reason: String,
    /// The Device Challenge that is to be answered, as it is read aloud.
    pub challenge: String,
    /// How the caller was verified; absent for a way that this version of the binding has no name for.
    pub method: Option<VerificationMethod>,
    /// Whether a machine checked the caller.
    pub by_machine: bool,
    /// The last second in which the request lives, since 1970-01-01 UTC.
    pub expires_at: u64,
}

/// A second operator's approval, as the host's system has it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Approval {
    /// The fingerprint of the task that was approved; for any other task it is refused with number 434.
    pub basis: Vec<u8>,
    /// Who approved, by their sign-in name here.
    pub operator: String,
    /// What an auditor could be shown: the decision's number in that system. Its SHA-256 is recorded.
    pub evidence: Vec<u8>,
}

/// Why there is no approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ApproverError {
    /// Nobody has decided yet.
    #[error("not decided")]
    Pending,
    /// A second operator said no.
    #[error("not approved")]
    Refused,
    /// The system cannot be reached.
    #[error("unavailable with {code}")]
    Unavailable {
        /// Its own error number, such as an HTTP status.
        code: i64,
    },
    /// It threw something else.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ApproverError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

impl From<ApproverError> for ApprovalError {
    fn from(error: ApproverError) -> Self {
        match error {
            ApproverError::Pending => Self::Pending,
            ApproverError::Refused => Self::Refused,
            ApproverError::Unavailable { code } => Self::Unavailable {
                detail: format!("the program's approver ({code})"),
            },
            ApproverError::HostFailed => Self::HostFailed,
        }
    }
}

/// The system in which second operators approve: tickets, a chat, a work flow.
#[uniffi::export(with_foreign)]
pub trait Approver: Send + Sync {
    /// Says whether `task` was approved, and by whom. Looking that up may take long, since the desk serves
    /// others meanwhile, but do not wait for a person: throw `ApproverError.Pending` while nobody has
    /// decided.
    fn ask(&self, task: ApprovalTask) -> Result<Approval, ApproverError>;
}

/// [`Approver`] as core's port.
pub(super) struct HostApprover(pub Arc<dyn Approver>);

impl ports::Approver for HostApprover {
    fn ask(&mut self, task: desk::ApprovalTask) -> Result<desk::Approval, ApprovalError> {
        let made = self.0.ask(ApprovalTask {
            basis: task.basis().to_vec(),
            request: task.request().to_string(),
            user: task.user().into(),
            device_id: task.device().to_code(),
            operator: task.operator().to_string(),
            reason: task.reason().to_owned(),
            challenge: task.challenge().to_code(),
            method: VerificationMethod::of(task.method()),
            by_machine: task.vouched() == Vouched::Machine,
            expires_at: task.expires_at().0,
        })?;
        if made.basis != task.basis() {
            return Err(ApprovalError::Elsewhere);
        }
        let operator = operator_id(&made.operator).map_err(|_| ApprovalError::UnknownOperator)?;
        Ok(task.approved_by(operator, Sha256::digest(&made.evidence).into()))
    }
}
