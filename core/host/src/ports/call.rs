//! What one call may take.

use core::time::Duration;

use super::{Cancel, Progress, ProgressEvent, Ticks};
#[cfg(feature = "std")]
use super::{NeverCancel, SystemTicks};

/// The clock of every [`Call::within`].
#[cfg(feature = "std")]
static CLOCK: std::sync::LazyLock<SystemTicks> = std::sync::LazyLock::new(SystemTicks::new);

/// The limits of one call: its deadline, the cancel flag and who is told about progress.
///
/// The time runs from the moment this is made, so make one for each call.
pub struct Call<'a> {
    /// Monotonic time; [`Call::deadline`] is a moment on it.
    pub ticks: &'a dyn Ticks,
    /// When the whole call must be over; keep-alives do not move it.
    pub deadline: Duration,
    /// Asked at least every 100 ms.
    pub cancel: &'a dyn Cancel,
    /// Told about each change by [`Call::tell`]; `None` is nobody.
    progress: Option<&'a mut dyn Progress>,
    sent: Sent,
}

/// Whether a message went out to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// The transport does not tell.
    Unknown,
    /// Nothing of it that a device could act on.
    No,
    /// The device may have acted on it.
    Yes,
}

impl<'a> Call<'a> {
    /// Longest wait if no touch is needed.
    pub const QUICK: Duration = Duration::from_secs(2);
    /// Longest wait if the device may ask for a touch.
    pub const WITH_TOUCH: Duration = Duration::from_secs(30);

    /// A call that must be over `within` from now, by your own clock.
    pub fn new(
        ticks: &'a dyn Ticks,
        within: Duration,
        cancel: &'a dyn Cancel,
        progress: &'a mut dyn Progress,
    ) -> Self {
        Self {
            ticks,
            deadline: ticks.now().saturating_add(within),
            cancel,
            progress: Some(progress),
            sent: Sent::Unknown,
        }
    }

    /// A call that must be over in [`Call::QUICK`] (2 s) by the system's clock, which nobody cancels and
    /// which tells nobody.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn quick() -> Self {
        Self::within(Self::QUICK)
    }

    /// The same with [`Call::WITH_TOUCH`] (30 s), for calls in which the device may ask for a touch.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_touch() -> Self {
        Self::within(Self::WITH_TOUCH)
    }

    /// The same with your own time.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self {
            ticks: &*CLOCK,
            deadline: CLOCK.now().saturating_add(time),
            cancel: &NeverCancel,
            progress: None,
            sent: Sent::Unknown,
        }
    }

    /// The same call, which `cancel` ends.
    #[must_use]
    pub fn cancelled_by(self, cancel: &'a dyn Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// The same call, which tells `progress` of each change.
    #[must_use]
    pub fn telling(self, progress: &'a mut dyn Progress) -> Self {
        Self {
            progress: Some(progress),
            ..self
        }
    }

    /// What is left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.ticks.now())
    }

    /// Tells of a change, on this thread.
    pub fn tell(&mut self, event: ProgressEvent) {
        if let Some(progress) = &mut self.progress {
            progress.on_progress(event);
        }
    }

    /// A part of this call with another deadline, a moment on [`Call::ticks`].
    #[must_use]
    pub fn until(&mut self, deadline: Duration) -> Call<'_> {
        Call {
            ticks: self.ticks,
            deadline,
            cancel: self.cancel,
            progress: match &mut self.progress {
                Some(progress) => Some(&mut **progress),
                None => None,
            },
            sent: Sent::Unknown,
        }
    }

    /// Before a message of which [`Call::is_unsent`] will be asked.
    pub(crate) const fn begin_message(&mut self) {
        self.sent = Sent::Unknown;
    }

    /// By a transport that will tell when the message is out.
    pub(crate) fn nothing_sent_yet(&mut self) {
        if self.sent == Sent::Unknown {
            self.sent = Sent::No;
        }
    }

    /// The last part of a message goes out now.
    pub(crate) const fn message_sent(&mut self) {
        self.sent = Sent::Yes;
    }

    /// Whether the device may have acted on the message, by a transport that tells.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent == Sent::Yes
    }

    /// Whether it is certain that the device did not get the message.
    pub(crate) fn is_unsent(&self) -> bool {
        self.sent == Sent::No
    }
}

#[cfg(feature = "std")]
#[cfg(test)]
mod tests {
    use core::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn a_call_by_the_systems_clock_is_cancelled_and_tells_as_it_was_asked_to() {
        let (cancel, mut told) = (AtomicBool::new(true), alloc::vec::Vec::new());
        let mut progress = |event| told.push(event);
        let before = CLOCK.now();
        let mut call = Call::with_touch().cancelled_by(&cancel).telling(&mut progress);
        assert!(call.deadline >= before + Call::WITH_TOUCH);
        let now = call.ticks.now();
        let mut part = call.until(now);
        assert!(part.cancel.is_cancelled() && part.remaining().is_zero());
        part.tell(ProgressEvent::TouchNeeded);
        assert_eq!(told, [ProgressEvent::TouchNeeded]);

        let mut quick = Call::quick();
        assert!(!quick.cancel.is_cancelled() && quick.deadline <= CLOCK.now() + Call::QUICK);
        quick.tell(ProgressEvent::Processing);
    }
}
