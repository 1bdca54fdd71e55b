//! An issuer's key as an enrolment station uses it: to prove that it is held, and to authorise another.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::ResponseCode;
use crate::error::{ErrorCode, HasCode};
use crate::suite::{ProbeTask, RotationTask, SuiteError};

/// Why a prover made nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// It holds no key for this slot and public key.
    #[error("{}", ErrorCode::KeyMissing)]
    KeyMissing,
    /// The key is of another suite than the task.
    #[error("{}", ErrorCode::SignerSuite)]
    WrongSuite,
    /// A public key is not a point on the curve.
    #[error("{}", ErrorCode::InvalidPoint)]
    InvalidPoint,
    /// It cannot be reached.
    #[error("{}: {detail}", ErrorCode::SignerUnavailable)]
    Unavailable {
        /// What cannot be reached.
        detail: String,
    },
    /// It refused.
    #[error("{}: {detail}", ErrorCode::SignerFailed)]
    Failed {
        /// Its reason, without any secret.
        detail: String,
    },
    /// A prover that the host program provides failed.
    #[error("{}", ErrorCode::HostFailed)]
    HostFailed,
}

impl HasCode for ProverError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::KeyMissing => ErrorCode::KeyMissing,
            Self::WrongSuite => ErrorCode::SignerSuite,
            Self::InvalidPoint => ErrorCode::InvalidPoint,
            Self::Unavailable { .. } => ErrorCode::SignerUnavailable,
            Self::Failed { .. } => ErrorCode::SignerFailed,
            Self::HostFailed => ErrorCode::HostFailed,
        }
    }
}

impl From<SuiteError> for ProverError {
    fn from(error: SuiteError) -> Self {
        match error {
            SuiteError::WrongSuite | SuiteError::ChallengeSuite => Self::WrongSuite,
            SuiteError::OtherKey => Self::KeyMissing,
            SuiteError::Point => Self::InvalidPoint,
            other => Self::Failed {
                detail: format!("{other}"),
            },
        }
    }
}

/// Makes what a device needs from an issuer's key besides Response Codes, wherever the key is: in a
/// file, an HSM, a key service. It takes fields with their own purpose, never bytes to sign.
pub trait IssuerProver {
    /// Makes the response to a probe, which unlocks nothing.
    ///
    /// # Errors
    /// [`ProverError`] when there is no such key or it cannot be used.
    fn prove_probe(&mut self, task: &ProbeTask) -> Result<ResponseCode, ProverError>;

    /// Makes one of the two proofs of a rotation, by [`RotationTask::signing_key`]: 64 bytes where
    /// that key is of suite 1, 32 in suite 2.
    ///
    /// # Errors
    /// [`ProverError`] when there is no such key or it cannot be used.
    fn prove_rotation(&mut self, task: &RotationTask) -> Result<Zeroizing<Vec<u8>>, ProverError>;
}
