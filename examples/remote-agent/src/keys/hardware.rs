//! USB keys and smart cards, each once by whatever routes it is seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fido_unlock::host::ports::{Call, Transport, TransportError};
use fido_unlock::host::{DeviceEvent, DeviceWatch, Devices, FoundDevice};
use fido_unlock_system::{NotBuilt, SystemDevices};

use super::{Change, Keys, Route};
use crate::Failure;

/// Both kinds; either may be missing from the build.
pub struct Hardware {
    watch: DeviceWatch,
    /// Opens what the watch found, while that goes on.
    opener: Arc<Mutex<Devices>>,
    known: Vec<Arc<Found>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hardware {
    /// Begins to watch.
    ///
    /// # Errors
    /// [`NotBuilt`] without the features `hid` and `pcsc`.
    pub fn new() -> Result<Self, NotBuilt> {
        Ok(Self {
            watch: Devices::system()?.watch(),
            opener: Arc::new(Mutex::new(Devices::system()?)),
            known: Vec::new(),
        })
    }

    /// Takes the device that is this one out of the known ones.
    fn take_known(&mut self, device: &FoundDevice) -> Option<Arc<Found>> {
        let index = self.known.iter().position(|known| known.is(device))?;
        Some(self.known.swap_remove(index))
    }
}

impl Keys for Hardware {
    fn next(&mut self, timeout: Duration) -> Result<Option<Change>, Failure> {
        Ok(match self.watch.next_event(&mut Call::within(timeout))? {
            Some(DeviceEvent::Arrived(device) | DeviceEvent::Changed(device)) => {
                let found = match self.take_known(&device) {
                    Some(found) => {
                        *lock(&found.device) = device;
                        found
                    }
                    None => Arc::new(Found::new(device, Arc::clone(&self.opener))),
                };
                self.known.push(Arc::clone(&found));
                Some(Change::Arrived(found))
            }
            Some(DeviceEvent::Left(device)) => self
                .take_known(&device)
                .map(|found| Change::Left(found.path.clone())),
            Some(DeviceEvent::Problem(error)) => return Err(error.into()),
            // Also one that is not there: nothing else would tell why no card is seen.
            Some(DeviceEvent::ServiceStopped) => return Err(TransportError::NoService.into()),
            _ => None,
        })
    }
}

/// A device, whose routes may change while it is there.
struct Found {
    name: String,
    /// The path of the route that was preferred when the device arrived: its name as long as it is there.
    path: String,
    kind: &'static str,
    device: Mutex<FoundDevice>,
    opener: Arc<Mutex<Devices>>,
}

impl Found {
    fn new(device: FoundDevice, opener: Arc<Mutex<Devices>>) -> Self {
        let first = device.routes.first().map(|found| &found.route);
        Self {
            name: device.name().to_owned(),
            path: first.map_or_else(String::new, |route| route.path.clone()),
            kind: match first.and_then(|route| route.interface()) {
                Some(_) => "usb",
                None => "card",
            },
            device: Mutex::new(device),
            opener,
        }
    }

    /// By the Device ID where both tell it, else by a route.
    fn is(&self, other: &FoundDevice) -> bool {
        let known = lock(&self.device);
        match (known.device_id(), other.device_id()) {
            (Some(one), Some(two)) => one == two,
            _ => known.routes.iter().any(|found| other.has_path(&found.route.path)),
        }
    }
}

impl Route for Found {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        let device = lock(&self.device).clone();
        let opened = lock(&self.opener).open(&device, None, &mut Call::quick())?;
        Ok(opened.device.into_transport())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use fido_unlock::host::ports::{DeviceSource, Route as PortRoute, RouteChange};
    use fido_unlock::{ErrorCode, Interface};

    use super::*;

    /// Tells what it was given, then nothing.
    struct Told(VecDeque<RouteChange>);

    impl DeviceSource for Told {
        fn routes(&mut self) -> Result<Vec<PortRoute>, TransportError> {
            Ok(Vec::new())
        }

        fn open(
            &mut self,
            _: &PortRoute,
            _: Interface,
            _: Duration,
        ) -> Result<Box<dyn Transport + Send>, TransportError> {
            Err(TransportError::NoDevice)
        }

        fn next_change(&mut self, _: Duration) -> Result<Option<RouteChange>, TransportError> {
            Ok(self.0.pop_front())
        }
    }

    #[test]
    fn a_card_service_that_stops_is_told_and_the_watch_goes_on() {
        let changes = [
            RouteChange::ServiceStopped,
            RouteChange::ServiceStarted,
            RouteChange::ServiceStopped,
        ];
        let mut keys = Hardware {
            watch: Devices::new(vec![Box::new(Told(changes.into()))]).watch(),
            opener: Arc::new(Mutex::new(Devices::new(Vec::new()))),
            known: Vec::new(),
        };
        let mut next = || keys.next(Duration::from_millis(1)).map(|change| change.is_some());
        let code = |told: Result<bool, Failure>| told.map_err(|failure| failure.code);
        assert_eq!(code(next()), Err(ErrorCode::NoService));
        assert_eq!(code(next()), Ok(false));
        assert_eq!(code(next()), Err(ErrorCode::NoService));
        assert_eq!(code(next()), Ok(false));
    }
}
