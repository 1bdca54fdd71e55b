//! Callers that are verified by a machine.

use fido_unlock_desk::ports::{CallerError, CallerVerifier};
use fido_unlock_desk::{VerificationMethod, VerificationTask, VerifiedCaller, Vouched};
use sha2::{Digest, Sha256};

/// A one-time code that was sent to the user's enrolled factor and read back by the caller.
#[derive(Debug)]
pub struct OneTimeCode {
    sent: String,
    read_back: String,
}

impl OneTimeCode {
    /// `sent`: what the factor showed; `read_back`: what the caller said.
    #[must_use]
    pub fn new(sent: &str, read_back: &str) -> Self {
        Self {
            sent: sent.into(),
            read_back: read_back.into(),
        }
    }
}

impl CallerVerifier for OneTimeCode {
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
        if self.sent.is_empty() || self.sent != self.read_back.trim() {
            return Err(CallerError::Failed);
        }
        let evidence = format!("one-time code for request {}", task.request());
        Ok(task.vouch(
            VerificationMethod::EnrolledFactor,
            Vouched::Machine,
            Sha256::digest(evidence).into(),
        ))
    }
}

/// Says what the test wants.
#[derive(Clone, Copy, Debug)]
pub struct ScriptedVerifier {
    /// The method; `None`: it was not them.
    pub method: Option<VerificationMethod>,
    /// Whose word.
    pub vouched: Vouched,
}

impl CallerVerifier for ScriptedVerifier {
    fn verify(&mut self, task: VerificationTask) -> Result<VerifiedCaller, CallerError> {
        let method = self.method.ok_or(CallerError::Failed)?;
        Ok(task.vouch(method, self.vouched, [0xE1; 32]))
    }
}
