//! Sources whose routes a test puts in and takes out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::host::ports::{
    Call, DeviceSource, HidRoute, NeverCancel, NoProgress, Route, RouteChange, RouteKind, Ticks, Transport,
    TransportError,
};
use fido_unlock::host::{Devices, FoundDevice, FoundRoute, Listing};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{DeviceId, Interface};
use fido_unlock_mock::TestTicks;

/// What a route does when it is opened and asked.
#[derive(Clone, Debug)]
pub enum Does {
    Answers(UnlockInfo),
    /// By its FIDO and by its vendor applet.
    Applets(Option<UnlockInfo>, Option<UnlockInfo>),
    /// After that time.
    AnswersIn(Duration, UnlockInfo),
    Status(u8),
    IsSilent,
    /// As a CTAPHID device that gave a channel: the answer to the cancel is waited for, too.
    IsSilentAndDrained,
    IsRefused(TransportError),
}

#[derive(Default)]
pub struct World {
    pub routes: Vec<(Route, Does)>,
    pub changes: VecDeque<Result<RouteChange, TransportError>>,
    pub broken: Option<TransportError>,
    /// Paths that were opened.
    pub opened: Vec<String>,
}

/// Copies are the same source.
#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    ticks: TestTicks,
}

impl Fake {
    pub fn new(ticks: &TestTicks) -> Self {
        Self {
            world: Arc::default(),
            ticks: ticks.clone(),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// There from the beginning, or seen by a watch as new.
    pub fn put(&self, route: Route, does: Does) {
        let mut world = self.world();
        world.routes.retain(|(other, _)| !other.is_same_way(&route));
        world.changes.push_back(Ok(RouteChange::Added(route.clone())));
        world.routes.push((route, does));
    }

    /// A card goes into a reader that is there, or out of it.
    pub fn exchange(&self, route: Route, does: Does) {
        self.put(route.clone(), does);
        *self.world().changes.back_mut().unwrap() = Ok(RouteChange::Changed(route));
    }

    pub fn pull(&self, route: &Route) {
        let mut world = self.world();
        world.routes.retain(|(other, _)| !other.is_same_way(route));
        world.changes.push_back(Ok(RouteChange::Removed(route.clone())));
    }

    pub fn tell(&self, change: Result<RouteChange, TransportError>) {
        self.world().changes.push_back(change);
    }
}

impl DeviceSource for Fake {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        let world = self.world();
        match &world.broken {
            Some(error) => Err(error.clone()),
            None => Ok(world.routes.iter().map(|(route, _)| route.clone()).collect()),
        }
    }

    fn open(
        &mut self,
        route: &Route,
        interface: Interface,
        _timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        let mut world = self.world();
        world.opened.push(route.path.clone());
        let found = world.routes.iter().find(|(other, _)| other.is_same_way(route));
        let does = match found.ok_or(TransportError::Gone)?.1.clone() {
            Does::IsRefused(error) => return Err(error),
            Does::Applets(_, Some(vendor)) if interface == Interface::Vendor => Does::Answers(vendor),
            Does::Applets(Some(fido), _) => Does::Answers(fido),
            Does::Applets(None, _) => Does::IsRefused(TransportError::AppletMissing),
            other => other,
        };
        Ok(Box::new(End {
            does,
            interface: route.interface().unwrap_or(interface),
        }))
    }

    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError> {
        let change = self.world().changes.pop_front().transpose();
        if matches!(change, Ok(None)) {
            self.ticks.sleep(timeout);
        }
        change
    }
}

struct End {
    does: Does,
    interface: Interface,
}

impl Transport for End {
    fn transact(&mut self, _message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        match &self.does {
            Does::Answers(info) => Ok([&[0][..], &info.to_value().to_bytes()].concat()),
            Does::Status(status) => Ok(vec![*status]),
            Does::IsRefused(error) => Err(error.clone()),
            Does::AnswersIn(time, info) => {
                let left = call.remaining();
                call.ticks.sleep(left.min(*time));
                if left < *time {
                    return Err(TransportError::DeadlineExceeded);
                }
                Ok([&[0][..], &info.to_value().to_bytes()].concat())
            }
            Does::IsSilentAndDrained => {
                call.ticks.sleep(call.remaining() + Duration::from_millis(100));
                Err(TransportError::DeadlineExceeded)
            }
            Does::IsSilent | Does::Applets(..) => {
                call.ticks.sleep(call.remaining());
                Err(TransportError::DeadlineExceeded)
            }
        }
    }

    fn interface(&self) -> Interface {
        self.interface
    }
}

pub fn call<R>(ticks: &TestTicks, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    work(&mut Call::new(
        ticks,
        Duration::from_secs(30),
        &NeverCancel,
        &mut NoProgress,
    ))
}

pub fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 10])
}

/// Of an enrolled key with this number as its Device ID.
pub fn info(number: u8) -> UnlockInfo {
    UnlockInfo {
        pin_set: true,
        pin_retries: 8,
        pin_auth_blocked: false,
        uv_retries: None,
        protocols: vec![PinProtocol::Two],
        min_pin_length: 4,
        max_pin_length: 63,
        force_pin_change: false,
        pin_complexity_policy: false,
        max_msg_size: 1200,
        unlock_counter: 0,
        sealed: true,
        unknown_slots: 0,
        slots: Vec::new(),
        device_id: Some(id(number)),
        unlock_blocked: false,
        touch: true,
        max_slots: 12,
        spent: None,
    }
}

pub fn blocked(number: u8) -> UnlockInfo {
    UnlockInfo {
        pin_retries: 0,
        ..info(number)
    }
}

/// The same as the vendor interface tells it.
pub fn vendor(info: UnlockInfo) -> UnlockInfo {
    UnlockInfo {
        device_id: info.device_id.filter(|_| info.is_blocked()),
        ..info
    }
}

pub fn hid(path: &str, interface: Interface) -> Route {
    Route {
        name: "Key".into(),
        path: path.into(),
        kind: RouteKind::Hid(HidRoute {
            interface,
            vendor_id: 0x1209,
            product_id: 0xF1D0,
            serial: None,
            port: None,
        }),
        access: Ok(()),
    }
}

pub fn with_port(mut route: Route, port: &str) -> Route {
    if let RouteKind::Hid(hid) = &mut route.kind {
        hid.port = Some(port.into());
    }
    route
}

pub fn with_serial(mut route: Route, serial: &str) -> Route {
    if let RouteKind::Hid(hid) = &mut route.kind {
        hid.serial = Some(serial.into());
    }
    route
}

pub fn card(reader: &str) -> Route {
    Route {
        name: reader.into(),
        path: reader.into(),
        kind: RouteKind::Card,
        access: Ok(()),
    }
}

pub fn empty(reader: &str) -> Route {
    Route {
        access: Err(TransportError::NoCard),
        ..card(reader)
    }
}

/// Lists `routes`, of one source.
pub fn list(routes: Vec<(Route, Does)>) -> Listing {
    let ticks = TestTicks::new();
    let source = Fake::new(&ticks);
    source.world().routes = routes;
    call(&ticks, |call| Devices::new(vec![Box::new(source)]).list(call)).unwrap()
}

fn paths(routes: &[FoundRoute]) -> String {
    let paths: Vec<&str> = routes.iter().map(|found| found.route.path.as_str()).collect();
    paths.join(" ")
}

/// A device's paths, the preferred one first.
pub fn ways(device: &FoundDevice) -> String {
    paths(&device.routes)
}

/// Each device's paths; behind a bar what is not assigned.
pub fn shape(listing: &Listing) -> Vec<String> {
    let mut shape: Vec<String> = listing.devices.iter().map(ways).collect();
    shape.extend(
        listing
            .unassigned
            .iter()
            .map(|found| format!("| {}", found.route.path)),
    );
    shape
}
