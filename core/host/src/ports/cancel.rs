//! The cancel flag.

/// Asked at least every 100 ms while the library waits.
pub trait Cancel {
    /// Whether the person has cancelled.
    fn is_cancelled(&self) -> bool;
}

/// Never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeverCancel;

impl Cancel for NeverCancel {
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Cancel for core::sync::atomic::AtomicBool {
    fn is_cancelled(&self) -> bool {
        self.load(core::sync::atomic::Ordering::Relaxed)
    }
}

impl<T: Cancel + ?Sized> Cancel for alloc::sync::Arc<T> {
    fn is_cancelled(&self) -> bool {
        (**self).is_cancelled()
    }
}
