//! Ports of the desk that a host implements.

use std::sync::Arc;

use fido_unlock::helpdesk::{self, VerificationTask, VerifiedCaller, Vouched};
use fido_unlock::ports::{self, CallerError, DeliveryError, Notice, Notifier};
use sha2::{Digest, Sha256};

use super::DeskUser;
use crate::HostError;

/// How a caller was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VerificationMethod {
    /// A push or one-time code to a factor that was enrolled before.
    EnrolledFactor,
    /// A call back to the number on record.
    CallBack,
    /// An identity document, with the face, by video.
    IdentityDocument,
    /// The caller's manager, reached by another way.
    Manager,
    /// The caller stood at the desk.
    InPerson,
    /// Questions about the caller, which others may be able to answer.
    Questions,
}

/// One caller to verify, for one request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallerTask {
    /// The request.
    pub request: u64,
    /// Whom the caller says they are, with the channels on record.
    pub user: DeskUser,
    /// The device that they want unlocked.
    pub device_id: String,
    /// The operator on the line.
    pub operator: String,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallerCheck {
    /// Whether the caller is the user.
    pub verified: bool,
    /// How it was found out.
    pub method: VerificationMethod,
    /// Whether a machine checked it, so that the operator could not have made it up.
    pub by_machine: bool,
    /// What an auditor could be shown: the push's transaction number, the operator's statement. Its
    /// SHA-256 is recorded.
    pub evidence: Vec<u8>,
}

/// Checks callers.
#[uniffi::export(with_foreign)]
pub trait CallerVerifier: Send + Sync {
    /// Checks the caller that `task` names. What throws here leaves the caller unverified (406).
    fn verify(&self, task: CallerTask) -> Result<CallerCheck, HostError>;
}

/// What the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NoticeKind {
    /// A Response Code was given out for their device.
    CodeGiven,
    /// The operator recorded that the device was unlocked.
    Done,
    /// The operator recorded that the unlock was given up; the code may still be good.
    Abandoned,
}

/// A message to the owner of a device. It holds no code.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OwnerNotice {
    /// What happened.
    pub kind: NoticeKind,
    /// The owner.
    pub user: DeskUser,
    /// Their device.
    pub device_id: String,
    /// The request.
    pub request: u64,
    /// Who did it.
    pub operator: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
}

/// Tells owners.
#[uniffi::export(with_foreign)]
pub trait OwnerNotifier: Send + Sync {
    /// Sends one notice. What throws here is recorded and does not hold up the call.
    fn notify_owner(&self, notice: OwnerNotice) -> Result<(), HostError>;
}

/// [`CallerVerifier`] as core's port.
pub(super) struct HostVerifier(pub Arc<dyn CallerVerifier>);

impl ports::CallerVerifier for HostVerifier {
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
        let asked = CallerTask {
            request: task.request().0,
            user: task.user().into(),
            device_id: task.device().to_code(),
            operator: task.operator().to_string(),
        };
        let check = self.0.verify(asked).map_err(|error| CallerError::Unavailable {
            detail: error.to_string(),
        })?;
        if !check.verified {
            return Err(CallerError::Failed);
        }
        let method = match check.method {
            VerificationMethod::EnrolledFactor => helpdesk::VerificationMethod::EnrolledFactor,
            VerificationMethod::CallBack => helpdesk::VerificationMethod::CallBack,
            VerificationMethod::IdentityDocument => helpdesk::VerificationMethod::IdentityDocument,
            VerificationMethod::Manager => helpdesk::VerificationMethod::Manager,
            VerificationMethod::InPerson => helpdesk::VerificationMethod::InPerson,
            VerificationMethod::Questions => helpdesk::VerificationMethod::Questions,
        };
        let vouched = if check.by_machine {
            Vouched::Machine
        } else {
            Vouched::Operator
        };
        Ok(task.vouch(method, vouched, Sha256::digest(&check.evidence).into()))
    }
}

/// [`OwnerNotifier`] as core's port.
pub(super) struct HostNotifier(pub Arc<dyn OwnerNotifier>);

impl Notifier for HostNotifier {
    fn notify(&mut self, notice: &Notice<'_>) -> Result<(), DeliveryError> {
        let told = OwnerNotice {
            kind: match notice.kind {
                ports::NoticeKind::CodeGiven => NoticeKind::CodeGiven,
                ports::NoticeKind::Done => NoticeKind::Done,
                _ => NoticeKind::Abandoned,
            },
            user: notice.user.into(),
            device_id: notice.device.to_code(),
            request: notice.request.0,
            operator: notice.operator.to_string(),
            at: notice.at.0,
        };
        self.0.notify_owner(told).map_err(|error| DeliveryError {
            detail: error.to_string(),
        })
    }
}
