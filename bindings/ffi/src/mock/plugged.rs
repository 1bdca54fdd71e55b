//! Software authenticators that are plugged in where `list_devices` and `DeviceWatch` look.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{
    DeviceSource, HidRoute, Route, RouteChange, RouteKind, Transport, TransportError,
};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use fido_unlock_system::SystemEntropy;

use super::MockKey;

struct Entry {
    key: u64,
    /// Another one each time that it is plugged in.
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

fn number() -> u64 {
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// The place of a key, by the key's number; pulls it when the key is freed.
pub(super) struct Plug(u64);

impl Default for Plug {
    fn default() -> Self {
        Self(number())
    }
}

impl Plug {
    fn pull_from(&self, plugged: &mut Vec<Entry>) {
        plugged.retain(|entry| entry.key != self.0);
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.pull_from(&mut plugged());
    }
}

#[uniffi::export]
impl MockKey {
    /// Plugs it in, under this product name: `list_devices` and every watch then find it.
    pub fn plug_in(&self, name: String) {
        let entry = Entry {
            key: self.plug.0,
            id: number(),
            name,
            device: self.device.clone(),
        };
        // In one step, whoever plugs it in or pulls it at the same time.
        let mut plugged = plugged();
        self.plug.pull_from(&mut plugged);
        plugged.push(entry);
    }

    /// Pulls it out again.
    pub fn pull(&self) {
        self.plug.pull_from(&mut plugged());
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
        name: entry.name.as_str().into(),
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
            SystemEntropy,
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    // The threads meet by chance: with a fault it fails within a few rounds, without one never.
    #[test]
    fn a_key_that_is_plugged_in_and_pulled_by_several_threads_is_there_once_or_not_at_all() {
        let name = "by several threads";
        let there = || plugged().iter().filter(|entry| entry.name == name).count();
        let key = MockKey::new().unwrap();
        for _ in 0..2000 {
            let together = Arc::new(Barrier::new(3));
            let threads = [true, true, false].map(|plug| {
                let (key, together) = (Arc::clone(&key), Arc::clone(&together));
                std::thread::spawn(move || {
                    together.wait();
                    if plug {
                        key.plug_in(name.into());
                    } else {
                        key.pull();
                    }
                })
            });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert!(there() <= 1);
            key.pull();
            assert_eq!(there(), 0);
        }
    }
}
