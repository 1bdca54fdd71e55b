//! Why a response or proof was not made.

use crate::error::{ErrorCode, HasCode};
use crate::pin_protocol::InvalidPoint;

/// Why a key did not make a response or a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// The key serves another suite, or the suite has no such message.
    #[error("{}", ErrorCode::SignerSuite)]
    WrongSuite,
    /// The named public key does not belong to this key.
    #[error("{}", ErrorCode::KeyMissing)]
    OtherKey,
    /// The challenge is of another suite than the slot.
    #[error("{}", ErrorCode::ChallengeSuite)]
    ChallengeSuite,
    /// E is missing in suite 2, or given in a suite without one.
    #[error("{}", ErrorCode::InvalidArgument)]
    DeviceKey,
    /// The fields describe no rotation that a device accepts.
    #[error("{}", ErrorCode::InvalidArgument)]
    Rotation,
    /// A public key is not on the curve.
    #[error("{}", ErrorCode::InvalidPoint)]
    Point,
    /// The computation failed.
    #[error("{}", ErrorCode::SignerFailed)]
    Failed,
}

impl HasCode for SuiteError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::WrongSuite => ErrorCode::SignerSuite,
            Self::OtherKey => ErrorCode::KeyMissing,
            Self::ChallengeSuite => ErrorCode::ChallengeSuite,
            Self::DeviceKey | Self::Rotation => ErrorCode::InvalidArgument,
            Self::Point => ErrorCode::InvalidPoint,
            Self::Failed => ErrorCode::SignerFailed,
        }
    }
}

impl From<InvalidPoint> for SuiteError {
    fn from(_: InvalidPoint) -> Self {
        Self::Point
    }
}
