//! The authenticator's flash, as far as the unlock needs it.

use alloc::vec::Vec;

/// Flash could not be read or written; the device answers UNLOCK_ERR_STORE_FAILED (0xFB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device could not read or write its memory")]
pub struct UnlockStoreError;

/// Everything that one successful unlock changes in flash.
pub struct UnlockCommit<'a> {
    /// The new unlock record (challenge consumed, counter + 1), opaque bytes.
    pub record: &'a [u8],
    /// LEFT(SHA-256(new PIN), 16), as CTAP 2.1 §6.5.5.5 stores it.
    pub pin_hash: &'a [u8; 16],
    /// PIN length in Unicode code points, as `setPIN` stores it.
    pub pin_code_points: u8,
    /// What `forcePINChange` becomes.
    pub force_pin_change: bool,
}

/// Holds the unlock record next to the authenticator's PIN state.
///
/// Both writes are atomic: after a power cut at any moment, also in the recovery from one, what is
/// read is wholly the state before or wholly the state after.
pub trait UnlockStore {
    /// How many slots a record may have: it has about 90 bytes and 80 for each of them. At least
    /// [`LEAST_SLOTS`](crate::LEAST_SLOTS); above [`MOST_SLOTS`](crate::MOST_SLOTS) it counts as that many.
    fn max_slots(&self) -> u8 {
        crate::MOST_SLOTS
    }

    /// The record, `None` before enrolment and after reset.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when flash cannot be read.
    fn load(&self) -> Result<Option<Vec<u8>>, UnlockStoreError>;

    /// Replaces the record alone.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when flash cannot be written; the old record is then still there.
    fn store(&mut self, record: &[u8]) -> Result<(), UnlockStoreError>;

    /// Replaces record and PIN in one step: stores `pin_hash` and length, sets `pinRetries` to the
    /// device's own maximum, sets `forcePINChange`.
    ///
    /// # Errors
    /// [`UnlockStoreError`] when flash cannot be written; the old state is then still there.
    fn commit_unlock(&mut self, commit: &UnlockCommit<'_>) -> Result<(), UnlockStoreError>;
}
