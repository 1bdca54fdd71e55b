//! USB keys and smart cards of a desktop, through the adapters (features `hid` and `pcsc`). A build
//! without them finds nothing; mobile hosts bring pipes instead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fido_unlock::ErrorCode;
use fido_unlock::ports::{Transport, TransportError};

use crate::{CancelHandle, Device, ErrorRow, Interface, UnlockError};

/// How often a wait for a change looks at the cancel handle.
const SLICE: Duration = Duration::from_millis(50);

/// What a device is reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceKind {
    /// A USB key.
    UsbKey,
    /// A smart card reader, with or without a card.
    CardReader,
}

/// A device that the system shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FoundDevice {
    /// USB key or reader.
    pub kind: DeviceKind,
    /// What the person sees: the product's or the reader's name.
    pub name: String,
    /// What opens it; another one after it was plugged in again.
    pub path: String,
    /// The interface; a key has an entry for each. With a card it is known only when it is open.
    pub which: Interface,
    /// The serial number, where a USB key tells it.
    pub serial: Option<String>,
    /// Why it cannot be opened: no card, no permission, in use; absent where it can.
    pub problem: Option<ErrorRow>,
}

/// A change of what the system shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceChange {
    /// A key was plugged in, a card inserted.
    Arrived {
        /// Which.
        device: FoundDevice,
    },
    /// A key was pulled, a card taken away.
    Left {
        /// Which.
        device: FoundDevice,
    },
    /// A reader was connected; its card, if there is one, arrives by itself.
    ReaderAdded {
        /// Which.
        device: FoundDevice,
    },
    /// A reader was disconnected.
    ReaderRemoved {
        /// Which.
        device: FoundDevice,
    },
    /// The smart card service runs.
    CardServiceStarted,
    /// The smart card service does not run.
    CardServiceStopped,
}

#[cfg(feature = "hid")]
fn usb(entry: &fido_unlock_hid::DeviceEntry) -> FoundDevice {
    FoundDevice {
        kind: DeviceKind::UsbKey,
        name: entry.name.clone(),
        path: entry.path.clone(),
        which: entry.interface.into(),
        serial: entry.serial.clone(),
        problem: entry.access.as_ref().err().map(row),
    }
}

#[cfg(feature = "pcsc")]
fn card(entry: &fido_unlock_pcsc::DeviceEntry) -> FoundDevice {
    FoundDevice {
        kind: DeviceKind::CardReader,
        name: entry.name.clone(),
        path: entry.path.clone(),
        which: entry.interface.into(),
        serial: None,
        problem: entry.access.as_ref().err().map(row),
    }
}

#[cfg(any(feature = "hid", feature = "pcsc"))]
fn row(error: &(impl fido_unlock::HasCode + std::fmt::Display)) -> ErrorRow {
    ErrorRow::of(error.code(), error.to_string())
}

/// Every key and reader. That readers cannot be listed is no error while there are keys, and the other
/// way round.
#[uniffi::export]
pub fn list_devices() -> Result<Vec<FoundDevice>, UnlockError> {
    let mut found: Vec<FoundDevice> = Vec::new();
    let mut failed: Option<UnlockError> = None;
    #[cfg(feature = "hid")]
    match fido_unlock_hid::list() {
        Ok(keys) => found.extend(keys.iter().map(usb)),
        Err(error) => failed = Some(UnlockError::of(&error)),
    }
    #[cfg(feature = "pcsc")]
    match fido_unlock_pcsc::list() {
        Ok(readers) => found.extend(readers.iter().map(card)),
        Err(error) => failed = Some(UnlockError::of(&error)),
    }
    match failed.take() {
        Some(error) if found.is_empty() => Err(error),
        _ => {
            found.sort_by(|one, other| one.path.cmp(&other.path));
            Ok(found)
        }
    }
}

fn open(wanted: &FoundDevice) -> Result<Box<dyn Transport + Send>, UnlockError> {
    #[cfg(feature = "hid")]
    if wanted.kind == DeviceKind::UsbKey {
        let keys = fido_unlock_hid::list().map_err(|error| UnlockError::of(&error))?;
        let key = keys.iter().find(|key| usb(key).is_same(wanted));
        let key = key.ok_or(TransportError::Gone)?;
        let transport = fido_unlock_hid::open(key).map_err(|error| UnlockError::of(&error))?;
        return Ok(Box::new(transport));
    }
    #[cfg(feature = "pcsc")]
    if wanted.kind == DeviceKind::CardReader {
        let readers = fido_unlock_pcsc::list().map_err(|error| UnlockError::of(&error))?;
        let reader = readers.into_iter().find(|reader| reader.path == wanted.path);
        let mut reader = reader.ok_or(TransportError::Gone)?;
        reader.interface = wanted.which.into();
        let transport = fido_unlock_pcsc::open(&reader).map_err(|error| UnlockError::of(&error))?;
        return Ok(Box::new(transport));
    }
    let _ = wanted;
    Err(TransportError::NoDevice.into())
}

impl FoundDevice {
    #[cfg(feature = "hid")]
    fn is_same(&self, other: &Self) -> bool {
        (self.kind, self.which) == (other.kind, other.which) && self.path == other.path
    }
}

#[uniffi::export]
impl Device {
    /// A device that was listed. For a card `which` says what is preferred: `Vendor` takes the unlock
    /// applet where the card has it and FIDO's otherwise.
    #[uniffi::constructor]
    pub fn open_found(found: FoundDevice) -> Result<Arc<Self>, UnlockError> {
        Ok(Self::new(open(&found)?))
    }
}

#[derive(Default)]
struct Sources {
    #[cfg(feature = "hid")]
    hid: fido_unlock_hid::Watch,
    #[cfg(feature = "pcsc")]
    pcsc: Option<fido_unlock_pcsc::Watch>,
}

impl Sources {
    /// One change, or none within the time.
    fn next(&mut self, timeout: Duration) -> Result<Option<DeviceChange>, UnlockError> {
        #[cfg(feature = "pcsc")]
        {
            use fido_unlock_pcsc::Event;
            let watch = match &mut self.pcsc {
                Some(watch) => watch,
                none => none.insert(fido_unlock_pcsc::watch().map_err(|error| UnlockError::of(&error))?),
            };
            let event = watch
                .next_event(Duration::ZERO)
                .map_err(|error| UnlockError::of(&error))?;
            let change = match event {
                Some(Event::ServiceStarted) => Some(DeviceChange::CardServiceStarted),
                Some(Event::ServiceStopped) => Some(DeviceChange::CardServiceStopped),
                Some(Event::ReaderAdded(entry)) => Some(DeviceChange::ReaderAdded { device: card(&entry) }),
                Some(Event::ReaderRemoved(entry)) => {
                    Some(DeviceChange::ReaderRemoved { device: card(&entry) })
                }
                Some(Event::CardInserted(entry)) => Some(DeviceChange::Arrived { device: card(&entry) }),
                Some(Event::CardRemoved(entry)) => Some(DeviceChange::Left { device: card(&entry) }),
                _ => None,
            };
            if change.is_some() {
                return Ok(change);
            }
        }
        #[cfg(feature = "hid")]
        {
            use fido_unlock_hid::Event;
            let event = self
                .hid
                .next_event(timeout)
                .map_err(|error| UnlockError::of(&error))?;
            Ok(match event {
                Some(Event::Plugged(entry)) => Some(DeviceChange::Arrived { device: usb(&entry) }),
                Some(Event::Unplugged(entry)) => Some(DeviceChange::Left { device: usb(&entry) }),
                _ => None,
            })
        }
        #[cfg(not(feature = "hid"))]
        {
            std::thread::sleep(timeout);
            Ok(None)
        }
    }
}

/// Tells changes one by one; what is there at the beginning comes as arrived.
#[derive(Default, uniffi::Object)]
pub struct DeviceWatch(Mutex<Sources>);

#[uniffi::export]
impl DeviceWatch {
    /// Begins to watch.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next change; absent where none came within the time. Ends with number 508 when cancelled.
    pub fn next(
        &self,
        timeout_ms: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<DeviceChange>, UnlockError> {
        let until = Instant::now() + Duration::from_millis(timeout_ms.into());
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if cancel.as_ref().is_some_and(|cancel| cancel.is_cancelled()) {
                return Err(ErrorCode::Cancelled.into());
            }
            let left = until.saturating_duration_since(Instant::now());
            if let Some(change) = sources.next(left.min(SLICE))? {
                return Ok(Some(change));
            }
            if left.is_zero() {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_opened() {
        for kind in [DeviceKind::UsbKey, DeviceKind::CardReader] {
            let wanted = FoundDevice {
                kind,
                name: "Key".into(),
                path: "nowhere".into(),
                which: Interface::Vendor,
                serial: None,
                problem: None,
            };
            let error = Device::open_found(wanted).err();
            assert!(matches!(error, Some(UnlockError::Transport { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_watch_ends_when_cancelled() {
        let (watch, cancel) = (DeviceWatch::new(), CancelHandle::new());
        // Whatever is plugged in here: the changes end.
        while watch.next(1_000, None).is_ok_and(|change| change.is_some()) {}
        cancel.cancel();
        let error = watch.next(u32::MAX, Some(cancel)).err();
        assert_eq!(
            error.map(|error| error.number()),
            Some(ErrorCode::Cancelled.number())
        );
    }
}
