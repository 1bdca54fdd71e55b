//! Limits in memory.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{LimitRequest, Limits, StorageError};
use fido_unlock_desk::{LimitBook, LimitOutcome};

use super::{Faults, lock};

/// Counts in a [`LimitBook`].
#[derive(Clone, Debug)]
pub struct MemoryLimits {
    book: Arc<Mutex<LimitBook>>,
    faults: Faults,
}

impl MemoryLimits {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self {
            book: Arc::default(),
            faults,
        }
    }

    /// How many codes are counted.
    #[must_use]
    pub fn counted(&self) -> usize {
        lock(&self.book).records().len()
    }
}

impl Limits for MemoryLimits {
    fn take(&mut self, request: &LimitRequest<'_>) -> Result<LimitOutcome, StorageError> {
        let mut book = lock(&self.book);
        let mut next = book.clone();
        let outcome = next.take(request);
        if outcome == LimitOutcome::Taken {
            self.faults.write()?;
            *book = next;
        }
        Ok(outcome)
    }
}
