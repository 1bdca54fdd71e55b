//! A counter that flash cannot turn back.

use super::UnlockStoreError;

/// Optional. With it a flash image that was copied back is seen: its unlock counter is below this
/// one. Without it such an image takes its old response again, unseen.
pub trait MonotonicCounter {
    /// The present value.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when it cannot be read.
    fn value(&self) -> Result<u32, UnlockStoreError>;

    /// Raises it to at least `value`; never lowers it.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when it cannot be written.
    fn raise_to(&mut self, value: u32) -> Result<(), UnlockStoreError>;
}
