//! What the person is told while a call runs.

/// A change in what the device does; each is reported once, not with every keep-alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgressEvent {
    /// The device is working (CTAPHID_KEEPALIVE status 1, STATUS_PROCESSING).
    Processing,
    /// The device waits for a touch (status 2, STATUS_UPNEEDED): "touch your key".
    TouchNeeded,
    /// A keep-alive with a status that CTAP does not define.
    Status(u8),
}

impl ProgressEvent {
    /// The event of a keep-alive's status byte (CTAP 2.1 §11.2.9.1.7).
    #[must_use]
    pub const fn from_keepalive(status: u8) -> Self {
        match status {
            1 => Self::Processing,
            2 => Self::TouchNeeded,
            other => Self::Status(other),
        }
    }
}

/// Called on the thread that made the call, between two reports or APDUs.
pub trait Progress {
    /// Tells one event.
    fn on_progress(&mut self, event: ProgressEvent);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn on_progress(&mut self, _event: ProgressEvent) {}
}

impl<F: FnMut(ProgressEvent)> Progress for F {
    fn on_progress(&mut self, event: ProgressEvent) {
        self(event);
    }
}
