//! A software authenticator on a TCP port, so that a pipe in another language can reach it.

use std::io;
use std::sync::Arc;

use fido_unlock::Interface;
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::serve::{KeyServer, Wire};

/// What the frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MockWire {
    /// HID reports.
    Hid,
    /// APDUs.
    Apdu,
}

/// A running server; it ends with this object.
#[derive(uniffi::Object)]
pub struct MockServer(KeyServer);

impl MockServer {
    pub(super) fn start(
        device: Device<SoftAuthenticator>,
        wire: MockWire,
        interface: Interface,
        port: u16,
    ) -> io::Result<Arc<Self>> {
        let wire = match wire {
            MockWire::Hid => Wire::Hid,
            MockWire::Apdu => Wire::Apdu,
        };
        KeyServer::start(device, wire, interface, port).map(|server| Arc::new(Self(server)))
    }
}

#[uniffi::export]
impl MockServer {
    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Ends it.
    pub fn stop(&self) {
        self.0.stop();
    }
}
