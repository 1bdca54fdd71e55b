//! Core's `DeviceSource`.

use core::time::Duration;

use fido_unlock_host::ports::{
    DeviceSource, HidRoute, Route, RouteChange, RouteKind, Transport, TransportError,
};
use fido_unlock_protocol::Interface;

use crate::channel::open;
use crate::list::{DeviceEntry, list_unopened};
use crate::watch::{Event, Watch};

/// USB keys, for [`fido_unlock_host::Devices`].
#[derive(Debug, Default)]
pub struct HidSource {
    watch: Watch,
}

impl HidSource {
    /// Nothing is listed or opened yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

fn route(entry: DeviceEntry) -> Route {
    Route {
        name: entry.name,
        path: entry.path,
        kind: RouteKind::Hid(HidRoute {
            interface: entry.interface,
            vendor_id: entry.vendor_id,
            product_id: entry.product_id,
            serial: entry.serial,
            port: entry.port,
        }),
        access: entry.access.map_err(TransportError::from),
    }
}

fn entry(route: &Route) -> Option<DeviceEntry> {
    let RouteKind::Hid(hid) = &route.kind else {
        return None;
    };
    Some(DeviceEntry {
        name: route.name.clone(),
        path: route.path.clone(),
        interface: hid.interface,
        vendor_id: hid.vendor_id,
        product_id: hid.product_id,
        serial: hid.serial.clone(),
        port: hid.port.clone(),
        access: Ok(()),
    })
}

impl DeviceSource for HidSource {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(list_unopened()?.into_iter().map(route).collect())
    }

    fn open(
        &mut self,
        route: &Route,
        _interface: Interface,
        _timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        let entry = entry(route).ok_or(TransportError::NoDevice)?;
        Ok(Box::new(open(&entry)?))
    }

    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError> {
        Ok(self.watch.next_event(timeout)?.map(|event| match event {
            Event::Plugged(entry) => RouteChange::Added(route(entry)),
            Event::Unplugged(entry) => RouteChange::Removed(route(entry)),
        }))
    }
}
