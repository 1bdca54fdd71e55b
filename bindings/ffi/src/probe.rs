//! The self-test after an enrolment, and the consent to block the PIN, which requires it.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock::host::ports::Call;
use fido_unlock::host::{self, ConfirmedBlock};
use fido_unlock::{ErrorCode, ResponseCode};
use zeroize::Zeroizing;

use crate::backend::DeviceBackend;
use crate::call::HostError;
use crate::error::UnlockError;
use crate::types::Suite;

/// Makes the response to a probe with the issuer's key: by `IssuerKey.answer_probe`, or by a call to the
/// desk's server.
#[uniffi::export(with_foreign)]
pub trait ProbeResponder: Send + Sync {
    /// `challenge`: a line; the answer is a Response Code under the probe label.
    fn respond(&self, device_id: String, suite: Suite, challenge: String) -> Result<String, HostError>;
}

/// A probe that the device accepted: an unlock with this slot would work.
#[derive(uniffi::Object)]
pub struct ProbePassed {
    slot: u8,
    passed: Mutex<Option<host::ProbePassed>>,
}

impl ProbePassed {
    pub(crate) fn of(passed: host::ProbePassed) -> Arc<Self> {
        Arc::new(Self {
            slot: passed.slot(),
            passed: Mutex::new(Some(passed)),
        })
    }

    pub(crate) fn run(
        backend: &mut DeviceBackend,
        slot: u8,
        responder: &dyn ProbeResponder,
        call: &mut Call<'_>,
    ) -> Result<Arc<Self>, UnlockError> {
        let passed = host::probe(
            backend.ctap()?,
            slot,
            |asked| {
                let suite = asked.challenge.suite();
                let code = Zeroizing::new(responder.respond(
                    asked.device_id.to_code(),
                    suite.into(),
                    asked.challenge.to_code(),
                )?);
                Ok::<_, UnlockError>(ResponseCode::parse(suite, &code)?)
            },
            call,
        )?;
        Ok(Self::of(passed))
    }
}

#[uniffi::export]
impl ProbePassed {
    /// The slot.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// The consent to block the PIN, once. `confirmed`: the person said yes to "the PIN will be
    /// blocked; only the help desk can then unlock the device".
    pub fn confirm_block(&self, confirmed: bool) -> Result<Arc<BlockConsent>, UnlockError> {
        if !confirmed {
            return Err(ErrorCode::Cancelled.into());
        }
        let passed = self
            .passed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or(ErrorCode::WrongState)?;
        let consent = ConfirmedBlock::new(passed, confirmed).ok_or(ErrorCode::Cancelled)?;
        Ok(Arc::new(BlockConsent(consent)))
    }
}

/// The person's consent to block the PIN; valid for as many power-ups as that takes.
#[derive(uniffi::Object)]
pub struct BlockConsent(ConfirmedBlock);

impl BlockConsent {
    pub(crate) fn confirmed(&self) -> &ConfirmedBlock {
        &self.0
    }
}
