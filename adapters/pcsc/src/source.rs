//! Core's `DeviceSource`.

use core::time::Duration;

use fido_unlock_host::framing::NfcTransport;
use fido_unlock_host::ports::{DeviceSource, Route, RouteChange, RouteKind, Transport, TransportError};
use fido_unlock_protocol::Interface;

use crate::channel::CardChannel;
use crate::error::PcscError;
use crate::list::{DeviceEntry, list};
use crate::watch::{Event, Watch, watch};

/// Cards and readers, for [`fido_unlock_host::Devices`].
#[derive(Default)]
pub struct PcscSource {
    /// Begun with the first look for changes.
    watch: Option<Watch>,
}

impl PcscSource {
    /// Nothing is listed or opened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { watch: None }
    }
}

fn route(entry: DeviceEntry) -> Route {
    Route {
        name: entry.name,
        path: entry.path,
        kind: RouteKind::Card,
        access: entry.access.map_err(TransportError::from),
    }
}

impl DeviceSource for PcscSource {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(list()?.into_iter().map(route).collect())
    }

    fn open(
        &mut self,
        route: &Route,
        interface: Interface,
        timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        let channel = CardChannel::connect_to(&route.path, timeout)?;
        Ok(Box::new(NfcTransport::new(channel, interface)))
    }

    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError> {
        let running = match &mut self.watch {
            Some(running) => running,
            none => none.insert(watch()?),
        };
        match running.next_event(timeout) {
            // It goes on to look, and tells this once.
            Ok(Some(Event::Problem(error))) => Err(error.into()),
            Ok(event) => Ok(event.and_then(change)),
            Err(error) => {
                // Its thread has ended; the next call starts another.
                self.watch = None;
                Err(error.into())
            }
        }
    }
}

fn change(event: Event) -> Option<RouteChange> {
    Some(match event {
        Event::ServiceStarted => RouteChange::ServiceStarted,
        Event::ServiceStopped => RouteChange::ServiceStopped,
        Event::ReaderAdded(entry) => RouteChange::Added(route(entry)),
        Event::ReaderRemoved(entry) => RouteChange::Removed(route(entry)),
        Event::CardInserted(entry) => RouteChange::Changed(route(entry)),
        Event::CardRemoved(entry) => RouteChange::Changed(route(DeviceEntry {
            access: Err(PcscError::NoCard),
            ..entry
        })),
        Event::Problem(_) => return None,
    })
}
