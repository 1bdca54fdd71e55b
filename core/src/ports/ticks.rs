//! Monotonic time.

use core::time::Duration;

/// A clock that never goes back.
pub trait Ticks {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Waits; core calls it for at most 100 ms at a time.
    fn sleep(&self, duration: Duration);
}

impl<T: Ticks + ?Sized> Ticks for &T {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }
}
