//! One call: deadline, cancel and progress, and what a host's callback does to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fido_unlock::ErrorCode;
use fido_unlock::host::ports::{self, Call, Cancel, SystemTicks};

use crate::UnlockError;
use crate::link::Link;

/// A part of the host program failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HostError {
    /// It could not do its work.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HostError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

impl From<HostError> for UnlockError {
    fn from(_: HostError) -> Self {
        ErrorCode::HostFailed.into()
    }
}

/// A change of what the device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ProgressEvent {
    /// The device works.
    Processing,
    /// The device waits for a touch: "touch your key".
    TouchNeeded,
    /// A keep-alive that CTAP does not define.
    OtherStatus {
        /// Its status byte.
        code: u8,
    },
}

/// Is told of progress.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// One event, on the thread that made the call. Whoever throws here ends the call with number
    /// 803, unless the device was faster.
    fn on_progress(&self, event: ProgressEvent) -> Result<(), HostError>;
}

/// Cancels calls, from any thread. Once cancelled it stays so: make a new one for a new call.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelHandle(AtomicBool);

#[uniffi::export]
impl CancelHandle {
    /// A handle that has not cancelled.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels; the call ends with number 508 within 100 ms, or as soon as a pipe of the host's that it waits
    /// for comes back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a host gives for one call.
#[derive(Default)]
pub(crate) struct Terms {
    timeout_ms: Option<u32>,
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelHandle>>,
}

/// The three arguments that every call on a device ends with.
pub(crate) fn terms(
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelHandle>>,
    timeout_ms: Option<u32>,
) -> Terms {
    Terms {
        timeout_ms,
        progress,
        cancel,
    }
}

/// The host's ends of a running call: its listener, its cancel handle, and whether the listener failed.
#[derive(Default)]
pub(crate) struct Ends {
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelHandle>>,
    host_failed: AtomicBool,
}

impl Cancel for Ends {
    fn is_cancelled(&self) -> bool {
        self.host_failed.load(Ordering::Relaxed)
            || self.cancel.as_ref().is_some_and(|handle| handle.is_cancelled())
    }
}

impl Ends {
    fn tell(&self, event: ProgressEvent) {
        let told = self
            .progress
            .as_ref()
            .map_or(Ok(()), |listener| listener.on_progress(event));
        if told.is_err() {
            self.host_failed.store(true, Ordering::Relaxed);
        }
    }
}

impl Terms {
    /// Runs `work`, which must be over within the host's time, or `within`.
    pub(crate) fn run<R, E: Into<UnlockError>>(
        self,
        link: &mut Link,
        within: Duration,
        work: impl FnOnce(&mut Link, &mut Call<'_>) -> Result<R, E>,
    ) -> Result<R, UnlockError> {
        let (result, interrupted) = self.run_watched(link, within, work);
        match (result, interrupted) {
            (Err(error), Some(ErrorCode::HostFailed)) if error.number() == ErrorCode::Cancelled.number() => {
                Err(ErrorCode::HostFailed.into())
            }
            (result, _) => result,
        }
    }

    /// The same, and what ended it from outside, if anything did: the host's failure, the cancel or
    /// the deadline.
    pub(crate) fn run_watched<R, E: Into<UnlockError>>(
        self,
        link: &mut Link,
        within: Duration,
        work: impl FnOnce(&mut Link, &mut Call<'_>) -> Result<R, E>,
    ) -> (Result<R, UnlockError>, Option<ErrorCode>) {
        let within = self
            .timeout_ms
            .map_or(within, |ms| Duration::from_millis(ms.into()));
        let ends = Arc::new(Ends {
            progress: self.progress,
            cancel: self.cancel,
            host_failed: AtomicBool::new(false),
        });
        let mut tell = |event: ports::ProgressEvent| {
            ends.tell(match event {
                ports::ProgressEvent::Processing => ProgressEvent::Processing,
                ports::ProgressEvent::TouchNeeded => ProgressEvent::TouchNeeded,
                ports::ProgressEvent::Status(code) => ProgressEvent::OtherStatus { code },
                _ => return,
            });
        };
        let ticks = SystemTicks::default();
        link.attach(&ends);
        let mut call = Call::new(&ticks, within, &*ends, &mut tell);
        let result = work(link, &mut call).map_err(Into::into);
        let late = call.remaining().is_zero();
        link.detach();
        let interrupted = if ends.host_failed.load(Ordering::Relaxed) {
            Some(ErrorCode::HostFailed)
        } else if ends.is_cancelled() {
            Some(ErrorCode::Cancelled)
        } else {
            late.then_some(ErrorCode::DeadlineExceeded)
        };
        (result, interrupted)
    }
}

/// The call that an `UnlockDevice` of the host serves: how long it may take, whether to stop,
/// and whom to tell. Of use only until that method returns; after that it is cancelled and tells nobody.
#[derive(uniffi::Object)]
pub struct DeviceCall {
    /// Until the method returns, so that whoever keeps this object does not keep the caller's listener.
    ends: Mutex<Option<Arc<Ends>>>,
    until: Instant,
    /// The question what became of an unlock is asked after a cancel too.
    heeds_cancel: bool,
}

impl DeviceCall {
    pub(crate) fn new(ends: &Arc<Ends>, call: &Call<'_>) -> Arc<Self> {
        let cancelled = ends.is_cancelled();
        Arc::new(Self {
            ends: Mutex::new(Some(Arc::clone(ends))),
            until: Instant::now() + call.remaining(),
            heeds_cancel: !cancelled || call.cancel.is_cancelled(),
        })
    }

    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Ends>>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Not under the lock, since what is done with it calls the host.
    fn ends(&self) -> Option<Arc<Ends>> {
        self.lock().clone()
    }
}

#[uniffi::export]
impl DeviceCall {
    /// Milliseconds that are left, the touch included; 0 where the time is up.
    #[must_use]
    pub fn remaining_ms(&self) -> u32 {
        let left = self.until.saturating_duration_since(Instant::now());
        u32::try_from(left.as_millis()).unwrap_or(u32::MAX)
    }

    /// Whether to give up now, with `UnlockDeviceError.Cancelled`. Ask at least every 100 ms.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.ends()
            .is_none_or(|ends| self.heeds_cancel && ends.is_cancelled())
    }

    /// Tells whoever made the call, on this thread. Tell each change once.
    pub fn progress(&self, event: ProgressEvent) {
        if let Some(ends) = self.ends() {
            ends.tell(event);
        }
    }
}
