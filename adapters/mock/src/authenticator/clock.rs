//! The operating system's monotonic clock.

use core::time::Duration;
use std::time::Instant;

use fido_unlock::ports::Ticks;

/// Real time since it was made.
#[derive(Clone, Copy, Debug)]
pub struct SystemTicks(Instant);

impl Default for SystemTicks {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Ticks for SystemTicks {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
