//! Why bytes are not a code.

use crate::error::{ErrorCode, HasCode};

/// Bytes that are no challenge or response of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeBytesError {
    /// Too few or too many.
    #[error("the code has the wrong length: {got} bytes instead of {expected}")]
    Length {
        /// Bytes that the code has.
        expected: usize,
        /// Those that were given.
        got: usize,
    },
    /// Left-over bits are not zero: the code was not made by this protocol.
    #[error("the code's left-over bits are not zero")]
    Padding,
    /// A Device Challenge of another version than 1.
    #[error("{}", ErrorCode::CodeVersion)]
    Version,
    /// A Device Challenge of another suite than 1 or 2, or not of the suite asked for.
    #[error("{}", ErrorCode::CodeSuite)]
    Suite,
}

impl HasCode for CodeBytesError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Length { .. } => ErrorCode::CodeLength,
            Self::Padding => ErrorCode::CodePadding,
            Self::Version => ErrorCode::CodeVersion,
            Self::Suite => ErrorCode::CodeSuite,
        }
    }
}

#[cfg(feature = "alloc")]
impl From<CodeBytesError> for super::CodeError {
    fn from(error: CodeBytesError) -> Self {
        match error {
            CodeBytesError::Length { expected, got } => Self::Length { expected, got },
            CodeBytesError::Padding => Self::Padding,
            CodeBytesError::Version => Self::Version,
            CodeBytesError::Suite => Self::Suite,
        }
    }
}
