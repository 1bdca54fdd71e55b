//! USB keys and smart cards of a desktop, through fido-unlock-system (features `hid` and `pcsc`), as one list:
//! a key seen twice is one device. A build without them finds nothing and says so; mobile hosts bring pipes
//! instead.

use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use fido_unlock::host::ports::{Call, DeviceSource, Route, RouteKind, TransportError};
use fido_unlock::host::{self, DeviceEvent, DeviceWatch as CoreWatch, Devices};
use fido_unlock::{ErrorCode, HasCode};

use crate::call::CancelHandle;
use crate::device::Device;
use crate::device_state::Condition;
use crate::error::{ErrorRow, UnlockError};
use crate::types::Interface;

/// Longest listing if the host gives no time; each device gets one second of it.
const LIST_WITHIN: Duration = Duration::from_secs(10);

/// What a route leads through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceKind {
    /// A USB key.
    UsbKey,
    /// A smart card reader, with or without a card.
    CardReader,
}

/// One way to a device: an interface of a USB key, or a reader.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FoundRoute {
    /// USB key or reader.
    pub kind: DeviceKind,
    /// The product's or the reader's name.
    pub name: String,
    /// The system's path, or the reader's name; it changes when the key is plugged in again.
    pub path: String,
    /// The interface; absent for a card, whose interface is known only once it is open.
    pub which: Option<Interface>,
    /// The serial number, if a USB key gives one.
    pub serial: Option<String>,
    /// Why no answer came this way (no card, no permission, in use); absent if one came.
    pub problem: Option<ErrorRow>,
}

/// A security key or card, whichever routes lead to it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FoundDevice {
    /// The name to show: the product's, otherwise the reader's.
    pub name: String,
    /// The Device ID, if the device gave it.
    pub device_id: Option<String>,
    /// Its state when it was listed; absent where it could not be read.
    pub condition: Option<Condition>,
    /// State and what to do, in one sentence for the person.
    pub sentence: Option<String>,
    /// Whether an unlock is possible now.
    pub can_unlock: bool,
    /// Enrolled and sealed.
    pub enrolled: bool,
    /// Its routes, in the order in which they are tried.
    pub routes: Vec<FoundRoute>,
    /// Why it cannot be used (no route could be opened, or it does not know the unlock command); otherwise absent.
    pub problem: Option<ErrorRow>,
}

/// Everything that the system shows. A missing card service is in `problems`, a missing reader is not
/// reported, and a reader without a card is in `readers`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeviceListing {
    /// Each key and card, once.
    pub devices: Vec<FoundDevice>,
    /// Readers without a card.
    pub readers: Vec<FoundRoute>,
    /// Interfaces that cannot be assigned to one of the devices above, as with several keys of one model.
    pub unassigned: Vec<FoundRoute>,
    /// Why USB keys or cards could not be looked for, or that this library was built without either.
    pub problems: Vec<ErrorRow>,
}

/// A change in what the system shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceChange {
    /// The first route to a device appeared.
    Arrived {
        /// Which.
        device: FoundDevice,
    },
    /// A further route appeared or went away, or one gives more information than before.
    Changed {
        /// As it is now.
        device: FoundDevice,
    },
    /// The last route went.
    Left {
        /// As it was.
        device: FoundDevice,
    },
    /// A reader was connected; its card, if there is one, arrives by itself.
    ReaderAdded {
        /// Which.
        reader: FoundRoute,
    },
    /// A reader was disconnected.
    ReaderRemoved {
        /// Which.
        reader: FoundRoute,
    },
    /// The smart card service runs.
    CardServiceStarted,
    /// The smart card service does not run.
    CardServiceStopped,
    /// USB keys or cards cannot be looked for. Reported once, until they can.
    Problem {
        /// Why.
        problem: ErrorRow,
    },
}

fn row(error: &(impl HasCode + std::fmt::Display)) -> ErrorRow {
    ErrorRow::of(error.code(), error.to_string())
}

impl FoundRoute {
    fn of(route: &Route, problem: Option<ErrorRow>) -> Self {
        let (kind, serial) = match &route.kind {
            RouteKind::Hid(hid) => (DeviceKind::UsbKey, hid.serial.clone().map(Into::into)),
            _ => (DeviceKind::CardReader, None),
        };
        Self {
            kind,
            name: route.name.to_string(),
            path: route.path.clone(),
            which: route.interface().map(Into::into),
            serial,
            problem,
        }
    }

    fn of_found(found: &host::FoundRoute) -> Self {
        Self::of(&found.route, found.info.as_ref().err().map(row))
    }

    fn of_reader(reader: &Route) -> Self {
        Self::of(reader, reader.access.as_ref().err().map(row))
    }
}

impl FoundDevice {
    fn of(device: &host::FoundDevice) -> Self {
        let state = device.diagnosis();
        Self {
            name: device.name().to_owned(),
            device_id: device.device_id().map(|id| id.to_code()),
            condition: state.as_ref().map(|state| state.condition.into()),
            sentence: state.as_ref().map(host::Diagnosis::sentence),
            can_unlock: state.as_ref().is_some_and(host::Diagnosis::can_unlock),
            enrolled: state.is_some_and(|state| state.enrolled),
            routes: device.routes.iter().map(FoundRoute::of_found).collect(),
            problem: device.info().err().as_ref().map(row),
        }
    }

    /// By the Device ID where it was told, which a key keeps when it is plugged in again; else by path.
    fn is(&self, device: &host::FoundDevice) -> bool {
        match (&self.device_id, device.device_id()) {
            (Some(wanted), Some(id)) => *wanted == id.to_code(),
            _ => self.routes.iter().any(|route| device.has_path(&route.path)),
        }
    }
}

fn call<R>(
    within: Duration,
    cancel: Option<Arc<CancelHandle>>,
    work: impl FnOnce(&mut Call<'_>) -> Result<R, TransportError>,
) -> Result<R, UnlockError> {
    let mut call = Call::within(within);
    if let Some(handle) = &cancel {
        call = call.cancelled_by(handle);
    }
    Ok(work(&mut call)?)
}

/// By this library's own features: those of fido-unlock-system are the sum of what one build asks for.
fn sources() -> Vec<Box<dyn DeviceSource>> {
    vec![
        #[cfg(feature = "hid")]
        fido_unlock_system::hid_source(),
        #[cfg(feature = "pcsc")]
        fido_unlock_system::pcsc_source(),
        #[cfg(feature = "mock")]
        Box::new(crate::mock::PluggedKeys::new()),
    ]
}

fn devices() -> Devices {
    Devices::new(sources())
}

/// Why a build without sources finds nothing.
fn nothing_built(sources: usize) -> Option<ErrorRow> {
    let text = "this library was built without the features `hid` and `pcsc`, so it looks for nothing";
    (sources == 0).then(|| ErrorRow::of(ErrorCode::NotBuilt, text.into()))
}

/// Every key and card, each once, and what it tells of itself; only reads. Takes ten seconds at most
/// where no time is given. That readers cannot be listed is no error while keys can, and the other way
/// round. A library that was built without the features `hid` and `pcsc` says so in `problems`, with number
/// 520.
#[uniffi::export(default(cancel = None, timeout_ms = None))]
pub fn list_devices(
    cancel: Option<Arc<CancelHandle>>,
    timeout_ms: Option<u32>,
) -> Result<DeviceListing, UnlockError> {
    let within = timeout_ms.map_or(LIST_WITHIN, |ms| Duration::from_millis(ms.into()));
    let listing = call(within, cancel, |call| devices().list(call))?;
    Ok(DeviceListing {
        devices: listing.devices.iter().map(FoundDevice::of).collect(),
        readers: listing.readers.iter().map(FoundRoute::of_reader).collect(),
        unassigned: listing.unassigned.iter().map(FoundRoute::of_found).collect(),
        problems: listing
            .problems
            .iter()
            .map(row)
            .chain(nothing_built(sources().len()))
            .collect(),
    })
}

#[uniffi::export]
impl Device {
    /// A device that was listed, by the first of its routes that works: the vendor interface, which any
    /// process may open, a card, the FIDO interface. It is found again by its Device ID, if that is known,
    /// even if it has been plugged in elsewhere. `which` restricts this to one interface: enrolment, probe
    /// and blocking the PIN require `Fido`.
    #[uniffi::constructor(default(which = None, cancel = None))]
    pub fn open_found(
        found: FoundDevice,
        which: Option<Interface>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<Self>, UnlockError> {
        let opened = call(LIST_WITHIN, cancel, |call| {
            let mut devices = devices();
            let listing = devices.list(call)?;
            let device = listing.devices.iter().find(|device| found.is(device));
            devices.open(device.ok_or(TransportError::Gone)?, which.map(Into::into), call)
        })?;
        Ok(Self::new(opened.device.into_transport()))
    }
}

/// Gives changes one by one; what is there at the start comes as arrived.
#[derive(uniffi::Object)]
pub struct DeviceWatch(Mutex<Watch>);

struct Watch {
    watch: CoreWatch,
    /// To be told before anything else.
    first: Option<ErrorRow>,
}

#[uniffi::export]
impl DeviceWatch {
    /// Begins to watch.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Watch {
            watch: devices().watch(),
            first: nothing_built(sources().len()),
        })))
    }

    /// The next change; absent where none came within the time. A device that appeared is asked for its
    /// Device ID, which may take a second longer. Ends with number 508 when cancelled; one that another
    /// thread waits in is refused with number 802.
    #[uniffi::method(default(cancel = None))]
    pub fn next(
        &self,
        timeout_ms: u32,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<DeviceChange>, UnlockError> {
        let mut watch = match self.0.try_lock() {
            Ok(watch) => watch,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(ErrorCode::WrongState.into()),
        };
        if let Some(problem) = watch.first.take() {
            return Ok(Some(DeviceChange::Problem { problem }));
        }
        let within = Duration::from_millis(timeout_ms.into());
        let event = call(within, cancel, |call| watch.watch.next_event(call))?;
        event.map(change).transpose()
    }
}

fn change(event: DeviceEvent) -> Result<DeviceChange, UnlockError> {
    let device = FoundDevice::of;
    Ok(match &event {
        DeviceEvent::Arrived(found) => DeviceChange::Arrived {
            device: device(found),
        },
        DeviceEvent::Changed(found) => DeviceChange::Changed {
            device: device(found),
        },
        DeviceEvent::Left(found) => DeviceChange::Left {
            device: device(found),
        },
        DeviceEvent::ReaderAdded(reader) => DeviceChange::ReaderAdded {
            reader: FoundRoute::of_reader(reader),
        },
        DeviceEvent::ReaderRemoved(reader) => DeviceChange::ReaderRemoved {
            reader: FoundRoute::of_reader(reader),
        },
        DeviceEvent::ServiceStarted => DeviceChange::CardServiceStarted,
        DeviceEvent::ServiceStopped => DeviceChange::CardServiceStopped,
        DeviceEvent::Problem(error) => DeviceChange::Problem { problem: row(error) },
        _ => return Err(ErrorCode::WrongState.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_opened() {
        for kind in [DeviceKind::UsbKey, DeviceKind::CardReader] {
            let route = FoundRoute {
                kind,
                name: "Key".into(),
                path: "nowhere".into(),
                which: None,
                serial: None,
                problem: None,
            };
            let wanted = FoundDevice {
                name: "Key".into(),
                device_id: None,
                condition: None,
                sentence: None,
                can_unlock: false,
                enrolled: false,
                routes: vec![route],
                problem: None,
            };
            let error = Device::open_found(wanted, None, None).err();
            assert!(matches!(error, Some(UnlockError::Transport { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_build_that_looks_for_nothing_says_so() {
        assert_eq!(nothing_built(1), None);
        let row = nothing_built(0);
        assert!(row.is_some_and(|row| row.number == 520 && row.text.contains("`hid`")));
        let said = |row: &ErrorRow| row.text.contains("built without");
        if let Ok(listing) = list_devices(None, None) {
            assert_eq!(listing.problems.iter().any(said), sources().is_empty());
        }
        let first = DeviceWatch::new().next(0, None);
        let told = matches!(&first, Ok(Some(DeviceChange::Problem { problem })) if said(problem));
        assert_eq!(told, sources().is_empty());
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
