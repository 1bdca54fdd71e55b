//! Monotonic time.

use core::time::Duration;

/// A clock that never goes back.
pub trait Ticks {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Waits; core asks for at most 100 ms at a time.
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

impl<T: Ticks + ?Sized> Ticks for alloc::sync::Arc<T> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }
}

/// The system's monotonic clock, counted from its making.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct SystemTicks(std::time::Instant);

#[cfg(feature = "std")]
impl SystemTicks {
    /// A clock that begins at zero.
    #[must_use]
    pub fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

#[cfg(feature = "std")]
impl Default for SystemTicks {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "std")]
impl Ticks for SystemTicks {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
