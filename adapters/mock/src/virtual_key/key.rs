//! What the card and the HID device have in common: the key and its faults.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fido_unlock_host::ports::SystemTicks;
use fido_unlock_protocol::ports::Entropy;
use getrandom::SysRng;

use crate::framing::Device;
use crate::{SoftAuthenticator, Storage, Touch, TouchHandle};

/// What goes wrong, until it is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Time that each answer takes.
    pub(super) slow: Duration,
    /// Nothing is answered.
    pub(super) silent: bool,
    /// Bytes, both ways, that still pass before the key is pulled; happens once.
    pub(super) pull: Option<u64>,
    /// Answers are random bytes.
    pub(super) garbage: bool,
    /// Others use the key too.
    pub(super) foreign: bool,
}

/// The key.
pub(super) struct Key {
    pub(super) device: Device<SoftAuthenticator>,
    pub(super) touch: TouchHandle,
    faults: Mutex<Faults>,
    /// Where it has power from.
    usb: AtomicBool,
    reader: AtomicBool,
}

/// How the key is connected.
pub(super) trait Port: Send + Sync {
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
    pub(super) fn open(state: &Path) -> Result<Arc<Self>, Box<dyn Error>> {
        let key = SoftAuthenticator::builder()
            .storage(Storage::File(state.into()))
            .touch(Touch::After(1))
            .build()
            .map_err(|error| format!("{}: {error}", state.display()))?;
        Ok(Arc::new(Self {
            touch: key.touch_handle(),
            device: Device::new(key, SystemTicks::new()),
            faults: Mutex::default(),
            usb: AtomicBool::new(false),
            reader: AtomicBool::new(false),
        }))
    }

    pub(super) fn usb_came(&self) {
        self.usb.store(true, Ordering::Release);
    }

    /// It loses its power also where it lies on a reader, but stays there.
    pub(super) fn usb_left(&self) {
        self.usb.store(false, Ordering::Release);
        if self.reader.load(Ordering::Acquire) {
            self.device.reset_card();
        } else {
            self.device.replug();
        }
    }

    pub(super) fn card_came(&self) {
        self.reader.store(true, Ordering::Release);
    }

    pub(super) fn card_was_reset(&self) {
        if self.usb.load(Ordering::Acquire) {
            self.device.reset_card_alone();
        } else {
            self.device.reset_card();
        }
    }

    pub(super) fn card_left(&self) {
        self.reader.store(false, Ordering::Release);
        if self.usb.load(Ordering::Acquire) {
            self.device.reset_card_alone();
        } else {
            self.device.replug();
        }
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes towards [`Faults::pull`]; `true` when the key is pulled before the last of them.
    pub(super) fn burn(&self, length: usize) -> bool {
        let pull = &mut self.faults().pull;
        let Some(left) = *pull else { return false };
        *pull = u64::try_from(length)
            .ok()
            .and_then(|length| left.checked_sub(length));
        pull.is_none()
    }
}

/// Random bytes; zeroes where the system has none.
pub(super) fn random<const N: usize>() -> [u8; N] {
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
        let key = Key::open(&folder.path().join("key")).unwrap();
        assert!(!key.burn(1000));
        key.faults().pull = Some(10);
        let pulled = [6, 4, 3, 3].map(|length| key.burn(length));
        assert_eq!(pulled, [false, false, true, false]);
        key.faults().pull = Some(2);
        assert!(key.burn(3));
    }
}
