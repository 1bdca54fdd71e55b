//! The software authenticator as a source of devices.

use std::path::Path;
use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{
    DeviceSource, HidRoute, Route, RouteChange, RouteKind, Transport, TransportError,
};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use fido_unlock_system::SystemEntropy;

use crate::args::MockWay;

/// One key, always there.
pub struct MockSource {
    device: Device<SoftAuthenticator>,
    path: String,
    way: MockWay,
    untold: Vec<Route>,
}

impl MockSource {
    /// The key in the file `path`.
    pub fn new(device: Device<SoftAuthenticator>, path: &Path, way: MockWay) -> Self {
        let mut source = Self {
            device,
            path: path.display().to_string(),
            way,
            untold: Vec::new(),
        };
        source.untold = source.all();
        source
    }

    fn all(&self) -> Vec<Route> {
        let route = |kind| Route {
            name: "software authenticator".into(),
            path: self.path.clone(),
            kind,
            access: Ok(()),
        };
        let hid = |interface| {
            RouteKind::Hid(HidRoute {
                interface,
                vendor_id: 0,
                product_id: 0,
                serial: None,
                port: Some(self.path.clone()),
            })
        };
        match self.way {
            MockWay::Hid => vec![route(hid(Interface::Fido)), route(hid(Interface::Vendor))],
            MockWay::Nfc => vec![route(RouteKind::Card)],
        }
    }
}

impl DeviceSource for MockSource {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(self.all())
    }

    fn open(
        &mut self,
        route: &Route,
        interface: Interface,
        _timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        Ok(match route.interface() {
            Some(own) => Box::new(HidTransport::new(self.device.hid(own), SystemEntropy, own)),
            None => Box::new(NfcTransport::new(self.device.card(), interface)),
        })
    }

    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError> {
        let next = self.untold.pop().map(RouteChange::Added);
        if next.is_none() {
            std::thread::sleep(timeout);
        }
        Ok(next)
    }
}
