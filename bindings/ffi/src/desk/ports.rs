//! Ports of the desk that a host implements.

use std::sync::Arc;

use fido_unlock::ResponseCode;
use fido_unlock::desk::ports::{self, CallerError, DeliveryError, Notice, Notifier};
use fido_unlock::desk::{self, VerificationTask, VerifiedCaller, Vouched};
use sha2::{Digest, Sha256};

use super::{DeskChannel, DeskUser};
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

impl VerificationMethod {
    /// `None` for a method that this version of the binding does not know.
    pub(super) fn of(method: desk::VerificationMethod) -> Option<Self> {
        Some(match method {
            desk::VerificationMethod::EnrolledFactor => Self::EnrolledFactor,
            desk::VerificationMethod::CallBack => Self::CallBack,
            desk::VerificationMethod::IdentityDocument => Self::IdentityDocument,
            desk::VerificationMethod::Manager => Self::Manager,
            desk::VerificationMethod::InPerson => Self::InPerson,
            desk::VerificationMethod::Questions => Self::Questions,
            _ => return None,
        })
    }
}

impl From<VerificationMethod> for desk::VerificationMethod {
    fn from(method: VerificationMethod) -> Self {
        match method {
            VerificationMethod::EnrolledFactor => Self::EnrolledFactor,
            VerificationMethod::CallBack => Self::CallBack,
            VerificationMethod::IdentityDocument => Self::IdentityDocument,
            VerificationMethod::Manager => Self::Manager,
            VerificationMethod::InPerson => Self::InPerson,
            VerificationMethod::Questions => Self::Questions,
        }
    }
}

/// One caller to verify, for one request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallerTask {
    /// The request.
    pub request: String,
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
    /// Checks the caller that `task` names. What throws here leaves the caller unverified (406). It may wait
    /// for the caller, since the desk serves others meanwhile.
    fn verify(&self, task: CallerTask) -> Result<CallerCheck, HostError>;
}

/// What the owner is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NoticeKind {
    /// A Response Code was given out for their device.
    CodeGiven,
    /// The operator recorded that the device was unlocked.
    Done,
    /// The operator recorded that the unlock was given up; the code may still be good.
    Abandoned,
    /// A way to them was added, changed or taken away.
    ChannelChanged,
    /// They are somebody's manager, and are asked whether it is that person who calls.
    ManagerAsked,
}

/// A message to the owner of a device. It holds no code.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OwnerNotice {
    /// What happened.
    pub kind: NoticeKind,
    /// The owner.
    pub user: DeskUser,
    /// Their device, where it is about one.
    pub device_id: Option<String>,
    /// The request, for them to name when they ask about it; none where it is about a channel.
    pub request: Option<String>,
    /// The one channel to send it to, as it was when something about it changed: there is a notice for each that
    /// the user had before or has now. None: those of the user.
    pub channel: Option<DeskChannel>,
    /// Who did it.
    pub operator: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// 16 bytes, the same each time that the notice is sent, so that a receiver can tell a repetition.
    pub message_id: Vec<u8>,
}

/// Tells owners.
#[uniffi::export(with_foreign)]
pub trait OwnerNotifier: Send + Sync {
    /// Sends one notice, from within `HelpDesk.send_notice`. What throws here is recorded, and the notice is
    /// sent again later. The desk waits for it: hand the notice to a queue and return.
    fn notify_owner(&self, notice: OwnerNotice) -> Result<(), HostError>;
}

/// Sends Response Codes to users, by the channels that are registered for them.
#[uniffi::export(with_foreign)]
pub trait CodeDelivery: Send + Sync {
    /// Sends the code. It is a secret, and this copy is the host's: keep it no longer than the call. If this
    /// throws, the call fails with number 803, although the code has been made and recorded. The desk waits
    /// for it.
    fn send(&self, channel: DeskChannel, code: String) -> Result<(), HostError>;
}

/// [`CallerVerifier`] as core's port.
pub(super) struct HostVerifier(pub Arc<dyn CallerVerifier>);

impl ports::CallerVerifier for HostVerifier {
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
        let asked = CallerTask {
            request: task.request().to_string(),
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
        let vouched = if check.by_machine {
            Vouched::Machine
        } else {
            Vouched::Operator
        };
        Ok(task.vouch(
            check.method.into(),
            vouched,
            Sha256::digest(&check.evidence).into(),
        ))
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
                ports::NoticeKind::Abandoned => NoticeKind::Abandoned,
                ports::NoticeKind::ChannelChanged => NoticeKind::ChannelChanged,
                ports::NoticeKind::ManagerAsked => NoticeKind::ManagerAsked,
            },
            user: notice.user.into(),
            device_id: notice.device.map(|device| device.to_code()),
            request: notice.request.map(|request| request.to_string()),
            channel: notice.channel.map(Into::into),
            operator: notice.operator.to_string(),
            at: notice.at.0,
            message_id: notice.message_id.to_vec(),
        };
        self.0.notify_owner(told).map_err(|error| DeliveryError {
            detail: error.to_string(),
        })
    }
}

/// [`CodeDelivery`] as core's port.
pub(super) struct HostDelivery(pub Arc<dyn CodeDelivery>);

impl ports::CodeDelivery for HostDelivery {
    fn send(&mut self, channel: &desk::Channel, code: &ResponseCode) -> Result<(), DeliveryError> {
        let text = String::clone(&code.expose_code());
        self.0.send(channel.into(), text).map_err(|error| DeliveryError {
            detail: error.to_string(),
        })
    }
}
