//! A second operator's approval of one request, as it stands.

use alloc::string::String;

use fido_unlock_protocol::{Challenge, DeviceId};

use super::{OperatorId, RequestId, UnixTime, User, VerificationMethod, Vouched};

/// What a second operator is asked to approve. Only the desk makes it.
#[derive(Debug)]
pub struct ApprovalTask {
    pub(super) basis: [u8; 32],
    pub(super) request: RequestId,
    pub(super) user: User,
    pub(super) device: DeviceId,
    pub(super) operator: OperatorId,
    pub(super) reason: String,
    pub(super) challenge: Challenge,
    pub(super) method: VerificationMethod,
    pub(super) vouched: Vouched,
    pub(super) expires_at: UnixTime,
    pub(super) now: UnixTime,
}

impl ApprovalTask {
    /// What the approval is for: a hash over everything that the task shows. Another reason, caller, challenge or way
    /// of the code changes it and voids the approval.
    #[must_use]
    pub const fn basis(&self) -> &[u8; 32] {
        &self.basis
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The owner of the device.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The operator on the line, who cannot approve it.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// Reason or ticket; may be empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The challenge that is to be answered.
    #[must_use]
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// How the caller was verified.
    #[must_use]
    pub const fn method(&self) -> VerificationMethod {
        self.method
    }

    /// On whose word.
    #[must_use]
    pub const fn vouched(&self) -> Vouched {
        self.vouched
    }

    /// The last second in which request and approval live.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// Now.
    #[must_use]
    pub const fn now(&self) -> UnixTime {
        self.now
    }

    /// `operator` has approved it. The desk still checks that they are another operator and may approve.
    /// `evidence`: SHA-256 of what an auditor could be shown (the decision's number in that system).
    #[must_use]
    pub fn approved_by(self, operator: OperatorId, evidence: [u8; 32]) -> Approval {
        Approval {
            basis: self.basis,
            operator,
            evidence: Some(evidence),
            at: self.now,
        }
    }
}

/// A second operator's approval of one request, as it stood then. It can be used once and cannot be copied.
///
/// ```compile_fail,E0599
/// use fido_unlock_desk::Approval;
/// fn again(approval: &Approval) -> Approval { approval.clone() }
/// ```
#[derive(Debug)]
pub struct Approval {
    pub(super) basis: [u8; 32],
    pub(super) operator: OperatorId,
    pub(super) evidence: Option<[u8; 32]>,
    pub(super) at: UnixTime,
}

impl Approval {
    /// Who.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// SHA-256 of the evidence; `None` if they signed in at the desk.
    #[must_use]
    pub const fn evidence(&self) -> Option<&[u8; 32]> {
        self.evidence.as_ref()
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}
