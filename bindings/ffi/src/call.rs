//! One call: its deadline, cancel handle and progress listener, and what happens when a host's callback fails.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fido_unlock::ErrorCode;
use fido_unlock::host::ports::{Call, Cancel};

use crate::error::UnlockError;

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

/// A change in what the device is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ProgressEvent {
    /// The device is working.
    Processing,
    /// The device waits for a touch: "touch your key".
    TouchNeeded,
    /// A keep-alive that CTAP does not define.
    OtherStatus {
        /// Its status byte.
        code: u8,
    },
}

/// Receives progress events.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// One event, on the thread that made the call. If this throws, the call ends with number 803, unless
    /// the device has already answered.
    fn on_progress(&self, event: ProgressEvent) -> Result<(), HostError>;
}

/// Cancels calls, from any thread. Once cancelled, it stays cancelled: use a new one for each call.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelHandle(AtomicBool);

#[uniffi::export]
impl CancelHandle {
    /// A handle that is not cancelled.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels; the call ends with number 508 within 100 ms, or as soon as the host's pipe returns, if it
    /// is waiting for that.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Cancel for CancelHandle {
    fn is_cancelled(&self) -> bool {
        Self::is_cancelled(self)
    }
}

/// The three arguments that every call on a device ends with.
#[derive(Default)]
pub(crate) struct CallOptions {
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelHandle>>,
    timeout_ms: Option<u32>,
}

impl CallOptions {
    /// `timeout_ms`: if absent, the call's own default applies.
    pub(crate) fn new(
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelHandle>>,
        timeout_ms: Option<u32>,
    ) -> Self {
        Self {
            progress,
            cancel,
            timeout_ms,
        }
    }

    /// The host's time, or `own`.
    pub(crate) fn time_or(&self, own: Duration) -> Duration {
        self.timeout_ms.map_or(own, |ms| Duration::from_millis(ms.into()))
    }
}

/// The host's objects in a running call: its listener, its cancel handle, and whether the listener failed.
#[derive(Default)]
pub(crate) struct HostCallbacks {
    progress: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<CancelHandle>>,
    listener_failed: AtomicBool,
}

impl Cancel for HostCallbacks {
    fn is_cancelled(&self) -> bool {
        self.listener_failed.load(Ordering::Relaxed)
            || self.cancel.as_ref().is_some_and(|handle| handle.is_cancelled())
    }
}

impl HostCallbacks {
    pub(crate) fn of(options: CallOptions) -> Arc<Self> {
        Arc::new(Self {
            progress: options.progress,
            cancel: options.cancel,
            listener_failed: AtomicBool::new(false),
        })
    }

    /// Tells the listener; if that fails, the call is cancelled.
    pub(crate) fn tell(&self, event: ProgressEvent) {
        let told = self
            .progress
            .as_ref()
            .map_or(Ok(()), |listener| listener.on_progress(event));
        if told.is_err() {
            self.listener_failed.store(true, Ordering::Relaxed);
        }
    }

    /// Which of the host's callbacks ended the call, if any did.
    pub(crate) fn interruption(&self) -> Option<ErrorCode> {
        if self.listener_failed.load(Ordering::Relaxed) {
            Some(ErrorCode::HostFailed)
        } else {
            self.is_cancelled().then_some(ErrorCode::Cancelled)
        }
    }
}

/// The call that an `UnlockDevice` of the host serves: how long it may take, whether to stop,
/// and whom to tell. It can be used only until that method returns; after that it is cancelled and reports nothing.
#[derive(uniffi::Object)]
pub struct DeviceCall {
    /// Until the method returns, so that whoever keeps this object does not keep the caller's listener.
    callbacks: Mutex<Option<Arc<HostCallbacks>>>,
    until: Instant,
    /// The question what became of an unlock is asked after a cancel too.
    heeds_cancel: bool,
}

impl DeviceCall {
    pub(crate) fn new(callbacks: &Arc<HostCallbacks>, call: &Call<'_>) -> Arc<Self> {
        let cancelled = callbacks.is_cancelled();
        Arc::new(Self {
            callbacks: Mutex::new(Some(Arc::clone(callbacks))),
            until: Instant::now() + call.remaining(),
            heeds_cancel: !cancelled || call.cancel.is_cancelled(),
        })
    }

    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<HostCallbacks>>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Not under the lock, since what is done with it calls the host.
    fn callbacks(&self) -> Option<Arc<HostCallbacks>> {
        self.lock().clone()
    }
}

#[uniffi::export]
impl DeviceCall {
    /// Milliseconds left, including the time for a touch; 0 when the time is up.
    #[must_use]
    pub fn remaining_ms(&self) -> u32 {
        let left = self.until.saturating_duration_since(Instant::now());
        u32::try_from(left.as_millis()).unwrap_or(u32::MAX)
    }

    /// Whether to give up now, with `UnlockDeviceError.Cancelled`. Ask at least every 100 ms.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.callbacks()
            .is_none_or(|callbacks| self.heeds_cancel && callbacks.is_cancelled())
    }

    /// Reports progress to the caller, on this thread. Report each change once.
    pub fn progress(&self, event: ProgressEvent) {
        if let Some(callbacks) = self.callbacks() {
            callbacks.tell(event);
        }
    }
}
