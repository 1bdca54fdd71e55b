//! The button, as a policy that a test or a person at a terminal sets.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock_device::ports::{Presence, UserPresence};
use fido_unlock_host::ports::Ticks;
use fido_unlock_protocol::ctap2::CtapStatus;

/// CTAPHID_KEEPALIVE status STATUS_UPNEEDED (CTAP 2.1 §11.2.9.2.2).
const UP_NEEDED: u8 = 2;
/// How many keep-alives the authenticator waits: 30 s (CTAP 2.1 §6.1.2: 10 s at least).
const LONGEST_WAIT: u32 = 300;
/// `authenticatorReset` is taken this long after power-up (CTAP 2.1 §6.6).
const FRESH: Duration = Duration::from_secs(10);

/// What the person does when the key blinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Touches before the first keep-alive.
    AtOnce,
    /// Touches after this many keep-alives, which come every 100 ms.
    After(u32),
    /// Walks away: times out after 30 s.
    Never,
    /// Says no on the device.
    Refused,
}

/// Switches the policy of an authenticator that is in use elsewhere, and counts the touches.
#[derive(Clone)]
pub struct TouchHandle(Arc<Mutex<(Touch, u32)>>);

impl TouchHandle {
    pub(crate) fn new(touch: Touch) -> Self {
        Self(Arc::new(Mutex::new((touch, 0))))
    }

    /// From the next wait on.
    pub fn set(&self, touch: Touch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = touch;
    }

    /// How often a touch was waited for.
    #[must_use]
    pub fn waits(&self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn begin(&self) -> Touch {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1 = inner.1.saturating_add(1);
        inner.0
    }
}

/// The button during one command.
pub(crate) struct Button<'a> {
    pub(crate) handle: &'a TouchHandle,
    pub(crate) can_touch: bool,
    pub(crate) ticks: &'a dyn Ticks,
    pub(crate) powered_at: Duration,
    /// Sends one keep-alive with this status, which takes 100 ms; `true` when the host has cancelled.
    pub(crate) keepalive: &'a mut dyn FnMut(u8) -> bool,
}

impl Button<'_> {
    /// Waits; without a button, power alone counts as presence.
    pub(crate) fn touch(&mut self) -> Result<(), CtapStatus> {
        if !self.can_touch {
            return Ok(());
        }
        match self.wait_for_touch() {
            Presence::Present => Ok(()),
            Presence::TimedOut => Err(CtapStatus::UserActionTimeout),
            Presence::Refused => Err(CtapStatus::OperationDenied),
            Presence::Cancelled => Err(CtapStatus::KeepaliveCancel),
        }
    }
}

impl UserPresence for Button<'_> {
    fn can_touch(&self) -> bool {
        self.can_touch
    }

    fn wait_for_touch(&mut self) -> Presence {
        let touch = self.handle.begin();
        let wanted = match touch {
            Touch::AtOnce => 0,
            Touch::After(count) => count,
            Touch::Refused => 1,
            Touch::Never => u32::MAX,
        };
        for _ in 0..wanted.min(LONGEST_WAIT) {
            if (self.keepalive)(UP_NEEDED) {
                return Presence::Cancelled;
            }
        }
        match touch {
            Touch::Refused => Presence::Refused,
            _ if wanted > LONGEST_WAIT => Presence::TimedOut,
            _ => Presence::Present,
        }
    }

    fn freshly_powered(&self) -> bool {
        self.ticks.now().saturating_sub(self.powered_at) < FRESH
    }
}
