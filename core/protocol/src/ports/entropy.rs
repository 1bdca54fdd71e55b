//! Random bytes.

use crate::error::{ErrorCode, HasCode};

/// The random source failed. There is no fallback: the call that needed the bytes fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", ErrorCode::EntropyFailed)]
pub struct EntropyError;

impl HasCode for EntropyError {
    fn code(&self) -> ErrorCode {
        ErrorCode::EntropyFailed
    }
}

/// A cryptographically secure random source; every `rand_core::TryCryptoRng` is one.
pub trait Entropy {
    /// Fills `bytes` wholly.
    ///
    /// # Errors
    /// [`EntropyError`]; `bytes` must then not be used.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

impl<R: rand_core::TryCryptoRng + ?Sized> Entropy for R {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.try_fill_bytes(bytes).map_err(|_| EntropyError)
    }
}
