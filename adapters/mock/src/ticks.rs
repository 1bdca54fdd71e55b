//! A clock for tests.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use fido_unlock_host::ports::Ticks;

/// What one look at the clock takes, so that no loop can stand still.
const LOOK_NANOS: u64 = 100;

/// A virtual clock: it moves only by [`Ticks::sleep`], [`TestTicks::advance`], and 100 ns a look.
/// Copies are the same clock, also on other threads.
#[derive(Clone, Debug, Default)]
pub struct TestTicks(Arc<AtomicU64>);

impl TestTicks {
    /// A clock that stands at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock.
    pub fn advance(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Ticks for TestTicks {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.fetch_add(LOOK_NANOS, Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
