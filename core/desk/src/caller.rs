//! Proof that the caller is the user: for one request, made only by a [`CallerVerifier`].

use alloc::string::{String, ToString};

use fido_unlock_protocol::DeviceId;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::{OperatorId, RequestId, UnixTime, User, UserId};
use crate::ports::{CallerError, CallerVerifier};

/// How a caller was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
#[repr(u8)]
pub enum VerificationMethod {
    /// A push or one-time code to a factor that was enrolled before.
    #[n(1)]
    EnrolledFactor = 1,
    /// A call back to the number on record.
    #[n(2)]
    CallBack = 2,
    /// An identity document, with the face, by video.
    #[n(3)]
    IdentityDocument = 3,
    /// The caller's manager, reached through another channel.
    #[n(4)]
    Manager = 4,
    /// The caller stood at the desk.
    #[n(5)]
    InPerson = 5,
    /// Questions about the caller, which others may be able to answer.
    #[n(6)]
    Questions = 6,
}

impl VerificationMethod {
    /// Every method.
    pub const ALL: [Self; 6] = [
        Self::EnrolledFactor,
        Self::CallBack,
        Self::IdentityDocument,
        Self::Manager,
        Self::InPerson,
        Self::Questions,
    ];

    /// Its number in an audit entry.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The method with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.number() == number)
    }

    /// Its name in rules and for other programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnrolledFactor => "enrolled-factor",
            Self::CallBack => "call-back",
            Self::IdentityDocument => "identity-document",
            Self::Manager => "manager",
            Self::InPerson => "in-person",
            Self::Questions => "questions",
        }
    }
}

/// Whose word stands behind a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
#[repr(u8)]
pub enum Vouched {
    /// A machine checked it; the operator could not have made it up.
    #[n(1)]
    Machine = 1,
    /// Only the operator says so.
    #[n(2)]
    Operator = 2,
}

impl Vouched {
    /// Its number in an audit entry.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The one with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let all = [Self::Machine, Self::Operator];
        all.into_iter().find(|vouched| vouched.number() == number)
    }

    /// Its name in rules and for other programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Operator => "operator",
        }
    }
}

/// One caller to verify, for one request. Only the desk makes it.
#[derive(Debug)]
pub struct VerificationTask {
    request: RequestId,
    user: User,
    device: DeviceId,
    operator: OperatorId,
    now: UnixTime,
}

impl VerificationTask {
    pub(super) const fn new(
        request: RequestId,
        user: User,
        device: DeviceId,
        operator: OperatorId,
        now: UnixTime,
    ) -> Self {
        Self {
            request,
            user,
            device,
            operator,
            now,
        }
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// Whom the caller says they are, with the channels on record.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// The device that they want unlocked.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The operator on the line.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// Now.
    #[must_use]
    pub const fn now(&self) -> UnixTime {
        self.now
    }

    /// The caller is the user. `evidence`: SHA-256 of what an auditor could be shown (transaction
    /// number of the push, the statement).
    #[must_use]
    pub fn vouch(self, method: VerificationMethod, vouched: Vouched, evidence: [u8; 32]) -> VerifiedCaller {
        VerifiedCaller {
            request: self.request,
            user: self.user.id,
            device: self.device,
            operator: self.operator,
            method,
            vouched,
            evidence,
            at: self.now,
        }
    }
}

/// A verified caller, good for one request of one user and one Device ID. It cannot be copied.
///
/// ```compile_fail,E0599
/// use fido_unlock_desk::VerifiedCaller;
/// fn again(caller: &VerifiedCaller) -> VerifiedCaller { caller.clone() }
/// ```
#[derive(Debug)]
pub struct VerifiedCaller {
    pub(super) request: RequestId,
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) operator: OperatorId,
    pub(super) method: VerificationMethod,
    pub(super) vouched: Vouched,
    pub(super) evidence: [u8; 32],
    pub(super) at: UnixTime,
}

impl VerifiedCaller {
    /// How.
    #[must_use]
    pub const fn method(&self) -> VerificationMethod {
        self.method
    }

    /// On whose word.
    #[must_use]
    pub const fn vouched(&self) -> Vouched {
        self.vouched
    }

    /// SHA-256 of the evidence.
    #[must_use]
    pub const fn evidence(&self) -> &[u8; 32] {
        &self.evidence
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// The operator on the line.
    #[must_use]
    pub const fn operator(&self) -> &OperatorId {
        &self.operator
    }
}

/// The operator's own word: method and what was seen or heard. It never counts for privileged users.
#[derive(Debug)]
pub struct OperatorStatement {
    method: VerificationMethod,
    statement: String,
}

impl OperatorStatement {
    /// `statement`: what the operator did ("called back on the number on record, spoke to her").
    #[must_use]
    pub fn new(method: VerificationMethod, statement: &str) -> Self {
        Self {
            method,
            statement: statement.to_string(),
        }
    }
}

impl CallerVerifier for OperatorStatement {
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
        if self.statement.trim().is_empty() {
            return Err(CallerError::Failed);
        }
        let evidence = Sha256::digest(self.statement.as_bytes()).into();
        Ok(task.vouch(self.method, Vouched::Operator, evidence))
    }
}
