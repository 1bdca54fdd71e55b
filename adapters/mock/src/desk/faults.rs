//! Writes that fail.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::StorageError;

use super::lock;

/// Counts the writes of the stores that share it and makes them fail from one on.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    writes: u64,
    fails_from: Option<u64>,
}

impl Faults {
    /// How many writes were made or tried.
    #[must_use]
    pub fn writes(&self) -> u64 {
        lock(&self.0).writes
    }

    /// After `good` more writes every write fails.
    pub fn fail_after(&self, good: u64) {
        let mut inner = lock(&self.0);
        inner.fails_from = Some(inner.writes.saturating_add(good));
    }

    /// Writes work again.
    pub fn clear(&self) {
        lock(&self.0).fails_from = None;
    }

    pub(super) fn write(&self) -> Result<(), StorageError> {
        let mut inner = lock(&self.0);
        let fails = inner.fails_from.is_some_and(|from| inner.writes >= from);
        inner.writes = inner.writes.saturating_add(1);
        if fails {
            return Err(StorageError::Write {
                detail: "the store was told to fail".into(),
            });
        }
        Ok(())
    }
}
