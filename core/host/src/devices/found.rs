//! What was found.

use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;
use fido_unlock_protocol::{DeviceId, Interface};

use crate::ports::{Route, RouteKind, TransportError};
use crate::{DeviceError, Diagnosis, diagnose};

/// A route, and what the device at its end told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRoute {
    /// The route.
    pub route: Route,
    /// What `getInfo` answered when the route was listed, or why there is no answer.
    pub info: Result<UnlockInfo, DeviceError>,
    /// Which of the sources it is from.
    pub(super) source: usize,
    /// Which appearance of the route this is, in a watch.
    pub(super) appearance: u64,
}

impl FoundRoute {
    /// The Device ID, if the device gave it over this route.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        self.info.as_ref().ok()?.device_id
    }

    /// Whether an authenticator is at its end, be it one that does not know the unlock.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        !matches!(&self.info, Err(DeviceError::Transport(error)) if *error != TransportError::AppletMissing)
    }

    /// Whether both are the same route, which was there the whole time.
    pub(super) fn is_same_appearance(&self, other: &Self) -> bool {
        self.source == other.source
            && self.appearance == other.appearance
            && self.route.is_same_way(&other.route)
    }

    /// The least is preferred: what answered, the vendor interface before a card (which has both
    /// applets), and that before the FIDO interface.
    pub(super) fn rank(&self) -> (bool, u8) {
        let kind = match &self.route.kind {
            RouteKind::Hid(hid) if hid.interface == Interface::Vendor => 0,
            RouteKind::Card => 1,
            RouteKind::Hid(_) => 2,
        };
        (self.info.is_err(), kind)
    }
}

/// One authenticator, however many routes lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDevice {
    /// Its routes, the one that the unlock prefers first; never empty.
    pub routes: Vec<FoundRoute>,
}

impl FoundDevice {
    pub(super) fn new(mut routes: Vec<FoundRoute>) -> Self {
        routes.sort_by(|one, other| {
            let key = |found: &FoundRoute| (found.rank(), found.source);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.route.path.cmp(&other.route.path))
        });
        Self { routes }
    }

    /// What the person sees: the product's name if a key gives it, else the reader's.
    #[must_use]
    pub fn name(&self) -> &str {
        let keys_first = self
            .routes
            .iter()
            .filter(|found| found.route.interface().is_some())
            .chain(&self.routes);
        keys_first
            .map(|found| found.route.name.as_str())
            .find(|name| !name.is_empty())
            .unwrap_or_default()
    }

    /// The Device ID, where any route told it.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        self.routes.iter().find_map(FoundRoute::device_id)
    }

    /// What the preferred route's `getInfo` answered, with the Device ID of any; or why none did.
    ///
    /// # Errors
    /// The error that says most: what the device itself answered, else why it could not be reached.
    pub fn info(&self) -> Result<UnlockInfo, DeviceError> {
        let answer = self.routes.iter().find(|found| found.info.is_ok());
        let reached = || self.routes.iter().find(|found| found.is_reached());
        match answer.or_else(reached).or_else(|| self.routes.first()) {
            Some(found) => found.info.clone().map(|info| UnlockInfo {
                device_id: self.device_id(),
                ..info
            }),
            None => Err(TransportError::NoDevice.into()),
        }
    }

    /// The state when it was listed. `None`: it could not be read.
    #[must_use]
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        diagnose(&self.info(), &[])
    }

    /// Whether an answer to `getInfo` came over any route: it knows the unlock, and can be opened.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.routes.iter().any(|found| found.info.is_ok())
    }

    /// Whether one of its routes has this path.
    #[must_use]
    pub fn has_path(&self, path: &str) -> bool {
        self.routes.iter().any(|found| found.route.path == path)
    }

    /// Whether both are the same one, a moment apart: by Device ID, or by a route that was there all the
    /// time.
    pub(super) fn is_same_device(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (self.device_id(), other.device_id()) {
            return one == two;
        }
        let is_in_other = |one: &FoundRoute| other.routes.iter().any(|two| one.is_same_appearance(two));
        self.routes.iter().any(is_in_other)
    }
}

/// What [`Devices::list`](super::Devices::list) found. No service, no reader and no card are a problem,
/// nothing, and a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The devices, in the sources' order.
    pub devices: Vec<FoundDevice>,
    /// Readers without a card.
    pub readers: Vec<Route>,
    /// Interfaces of devices above that nothing tells to which: several keys of one model, without
    /// serial number, whose Device ID this interface does not tell or which may not be opened.
    pub unassigned: Vec<FoundRoute>,
    /// Why a source could not be listed, while another could.
    pub problems: Vec<TransportError>,
}
