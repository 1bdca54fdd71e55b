//! Software authenticators that are plugged in where `list_devices` and `DeviceWatch` look.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fido_unlock::framing::HidTransport;
use fido_unlock::ports::{
    DeviceSource, HidRoute, Interface, Route, RouteChange, RouteKind, Transport, TransportError,
};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use getrandom::SysRng;

use super::MockKey;

struct Entry {
    id: u64,
    name: String,
    device: Device<SoftAuthenticator>,
}

static PLUGGED: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
static LAST: AtomicU64 = AtomicU64::new(0);
static LOOKING: AtomicU32 = AtomicU32::new(0);

fn plugged() -> MutexGuard<'static, Vec<Entry>> {
    PLUGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a key; pulls it when the key is freed.
#[derive(Default)]
pub(super) struct Plug(AtomicU64);

impl Plug {
    fn pull(&self) {
        let id = self.0.swap(0, Ordering::Relaxed);
        plugged().retain(|entry| entry.id != id);
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.pull();
    }
}

#[uniffi::export]
impl MockKey {
    /// Plugs it in, under this product name: `list_devices` and every watch then find it.
    pub fn plug_in(&self, name: String) {
        self.plug.pull();
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        self.plug.0.store(id, Ordering::Relaxed);
        plugged().push(Entry {
            id,
            name,
            device: self.device.clone(),
        });
    }

    /// Pulls it out again.
    pub fn pull(&self) {
        self.plug.pull();
    }
}

/// How many lists and watches look for devices now.
#[uniffi::export]
#[must_use]
pub fn mock_looking() -> u32 {
    LOOKING.load(Ordering::Relaxed)
}

fn route(entry: &Entry, interface: Interface) -> Route {
    Route {
        name: entry.name.clone(),
        path: format!("mock:{}", entry.id),
        kind: RouteKind::Hid(HidRoute {
            interface,
            vendor_id: 0x1209,
            product_id: 0xF1D0,
            serial: None,
            port: Some(entry.id.to_string()),
        }),
        access: Ok(()),
    }
}

fn routes() -> Vec<Route> {
    let both = |entry| [Interface::Fido, Interface::Vendor].map(|interface| route(entry, interface));
    plugged().iter().flat_map(both).collect()
}

/// The keys that are plugged in, as a source.
pub(crate) struct PluggedKeys {
    told: Vec<Route>,
}

impl PluggedKeys {
    pub(crate) fn new() -> Self {
        LOOKING.fetch_add(1, Ordering::Relaxed);
        Self { told: Vec::new() }
    }

    fn change(&mut self) -> Option<RouteChange> {
        let now = routes();
        if let Some(gone) = self.told.iter().position(|told| !now.contains(told)) {
            return Some(RouteChange::Removed(self.told.remove(gone)));
        }
        let new = now.into_iter().find(|route| !self.told.contains(route))?;
        self.told.push(new.clone());
        Some(RouteChange::Added(new))
    }
}

impl Drop for PluggedKeys {
    fn drop(&mut self) {
        LOOKING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl DeviceSource for PluggedKeys {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(routes())
    }

    fn open(
        &mut self,
        wanted: &Route,
        interface: Interface,
        _timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        let interface = wanted.interface().unwrap_or(interface);
        let plugged = plugged();
        let found = plugged
            .iter()
            .find(|entry| route(entry, interface).is_same_way(wanted));
        let device = &found.ok_or(TransportError::Gone)?.device;
        Ok(Box::new(HidTransport::new(
            device.hid(interface),
            SysRng,
            interface,
        )))
    }

    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError> {
        if let Some(change) = self.change() {
            return Ok(Some(change));
        }
        std::thread::sleep(timeout);
        Ok(self.change())
    }
}
