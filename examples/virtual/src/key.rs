//! What the card and the HID device have in common: the key and its faults.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock_host::ports::SystemTicks;
use fido_unlock_mock::framing::{CtapHandler, Device};
use fido_unlock_mock::{SoftAuthenticator, Storage, Touch, TouchHandle};
use fido_unlock_protocol::ports::Entropy;
use getrandom::SysRng;

/// What goes wrong, until it is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Time that each answer takes.
    pub(crate) slow: Duration,
    /// Nothing is answered.
    pub(crate) silent: bool,
    /// Bytes, both ways, that still pass before the key is pulled; happens once.
    pub(crate) pull: Option<u64>,
    /// Answers are random bytes.
    pub(crate) garbage: bool,
    /// Others use the key too.
    pub(crate) foreign: bool,
}

/// What answers behind a reader or port: the software authenticator, or another one.
pub(crate) type Authenticator = Box<dyn CtapHandler + Send>;

/// An authenticator's button, switched while it is served.
pub(crate) trait Button: Send + Sync {
    /// What the person does from the next wait on.
    fn set(&self, touch: Touch);
    /// How often a touch was waited for.
    fn waits(&self) -> u32;
}

impl Button for TouchHandle {
    fn set(&self, touch: Touch) {
        Self::set(self, touch);
    }

    fn waits(&self) -> u32 {
        Self::waits(self)
    }
}

/// The key.
pub(crate) struct Key {
    pub(crate) device: Device<Authenticator>,
    pub(crate) button: Box<dyn Button>,
    faults: Mutex<Faults>,
    /// Where it has power from.
    usb: AtomicBool,
    reader: AtomicBool,
}

/// How the key is connected.
pub(crate) trait Port: Send + Sync {
    fn key(&self) -> &Key;
    fn insert(&self) -> std::io::Result<()>;
    fn remove(&self);
    /// "inserted", "removed", or what is missing.
    fn state(&self) -> &'static str;
    /// A way by itself, "usb" or "card", where the key is connected by both.
    fn way(&self, _name: &str) -> Option<&dyn Port> {
        None
    }
    /// [`Faults`] were changed.
    fn faults_changed(&self);
    /// Sends its last answer once more.
    fn stale(&self);
}

impl Key {
    /// Any authenticator.
    pub(crate) fn new(authenticator: Authenticator, button: Box<dyn Button>) -> Arc<Self> {
        Arc::new(Self {
            device: Device::new(authenticator, SystemTicks::new()),
            button,
            faults: Mutex::default(),
            usb: AtomicBool::new(false),
            reader: AtomicBool::new(false),
        })
    }

    /// The software authenticator in this file.
    pub(crate) fn in_file(state: &Path) -> Result<Arc<Self>, Box<dyn Error>> {
        let key = SoftAuthenticator::builder()
            .storage(Storage::File(state.into()))
            .touch(Touch::After(1))
            .build()
            .map_err(|error| format!("{}: {error}", state.display()))?;
        let button = Box::new(key.touch_handle());
        Ok(Self::new(Box::new(key), button))
    }

    pub(crate) fn usb_came(&self) {
        self.usb.store(true, Ordering::Release);
    }

    /// It loses its power also where it lies on a reader, but stays there.
    pub(crate) fn usb_left(&self) {
        self.usb.store(false, Ordering::Release);
        if self.reader.load(Ordering::Acquire) {
            self.device.reset_card();
        } else {
            self.device.replug();
        }
    }

    pub(crate) fn card_came(&self) {
        self.reader.store(true, Ordering::Release);
    }

    pub(crate) fn card_was_reset(&self) {
        if self.usb.load(Ordering::Acquire) {
            self.device.reset_card_alone();
        } else {
            self.device.reset_card();
        }
    }

    pub(crate) fn card_left(&self) {
        self.reader.store(false, Ordering::Release);
        if self.usb.load(Ordering::Acquire) {
            self.device.reset_card_alone();
        } else {
            self.device.replug();
        }
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes towards [`Faults::pull`]; `true` when the key is pulled before the last of them.
    pub(crate) fn burn(&self, length: usize) -> bool {
        let pull = &mut self.faults().pull;
        let Some(left) = *pull else { return false };
        *pull = u64::try_from(length)
            .ok()
            .and_then(|length| left.checked_sub(length));
        pull.is_none()
    }
}

/// Random bytes; zeroes where the system has none.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = Entropy::fill(&mut SysRng, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_pulled_once_after_the_bytes_that_were_named() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::in_file(&folder.path().join("key")).unwrap();
        assert!(!key.burn(1000));
        key.faults().pull = Some(10);
        let pulled = [6, 4, 3, 3].map(|length| key.burn(length));
        assert_eq!(pulled, [false, false, true, false]);
        key.faults().pull = Some(2);
        assert!(key.burn(3));
    }
}
