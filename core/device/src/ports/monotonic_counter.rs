//! A counter that flash cannot turn back.

use super::UnlockStoreError;

/// Optional. With it a flash image that was copied back is seen: its epoch is below this counter. Without it such an
/// image accepts its old response again, unnoticed (docs/security.md).
pub trait MonotonicCounter {
    /// The present value, which [`increment`](Self::increment) gave last; 0 on a new device. A reset of the
    /// authenticator does not change it.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when it cannot be read.
    fn value(&self) -> Result<u32, UnlockStoreError>;

    /// Counts on by one, and gives the new value. It is kept when this returns, power or not.
    ///
    /// # Errors
    /// [`CounterError`].
    fn increment(&mut self) -> Result<u32, CounterError>;
}

/// Why a counter did not count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CounterError {
    /// It could not be written; whether it counted is not known. The device answers UNLOCK_ERR_STORE_FAILED (0xFB).
    #[error("the device could not count on")]
    Failed,
    /// There is no further value, and nothing was changed: UNLOCK_ERR_COUNTER_AT_END (0xFC).
    #[error("the device's counter is at its end")]
    AtEnd,
}
