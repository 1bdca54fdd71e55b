//! The software authenticator.

use std::sync::Arc;
use std::time::Duration;

use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{self, Call, SystemTicks, TransportError};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Pin};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::{Platform, PlatformError};
use fido_unlock_mock::{SoftAuthenticator, Touch, TouchHandle};
use fido_unlock_system::SystemEntropy;

use super::plugged::Plug;
use super::serve::{MockServer, MockWire};
use crate::{Interface, UnlockError};

/// How long the key waits for a message's next packet: a host's own language may collect its memory between two.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the person does when the key blinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MockTouch {
    /// Touches at once.
    AtOnce,
    /// Touches after this many keep-alives of 100 ms.
    After {
        /// How many.
        keepalives: u32,
    },
    /// Walks away.
    Never,
    /// Says no on the device.
    Refused,
}

/// A software authenticator in memory, plugged in.
#[derive(uniffi::Object)]
pub struct MockKey {
    pub(super) device: Device<SoftAuthenticator>,
    touch: TouchHandle,
    pub(super) plug: Plug,
}

impl From<PlatformError> for UnlockError {
    fn from(error: PlatformError) -> Self {
        Self::of(&error)
    }
}

impl MockKey {
    /// One ceremony of the platform.
    pub(super) fn platform<R>(
        &self,
        work: impl FnOnce(&mut Platform<'_, '_>) -> Result<R, PlatformError>,
    ) -> Result<R, PlatformError> {
        let mut transport = HidTransport::new(
            self.device.hid(ports::Interface::Fido),
            SystemEntropy,
            ports::Interface::Fido,
        );
        work(&mut Platform::new(
            &mut transport,
            &mut SystemEntropy,
            &mut Call::with_touch(),
            PinProtocol::Two,
        ))
    }
}

#[uniffi::export]
impl MockKey {
    /// A new key: 8 tries, PINs of 4 or more characters, touched at once.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>, UnlockError> {
        let authenticator = SoftAuthenticator::builder()
            .build()
            .map_err(|error| UnlockError::new(ErrorCode::StoreBroken, error.to_string()))?;
        let touch = authenticator.touch_handle();
        let device = Device::new(authenticator, SystemTicks::default());
        device.set_receive_timeout(PATIENCE);
        Ok(Arc::new(Self {
            device,
            touch,
            plug: Plug::default(),
        }))
    }

    /// Opens it in this process, without a host pipe.
    #[must_use]
    pub fn open(&self, wire: MockWire, which: Interface) -> Arc<crate::Device> {
        let which = which.into();
        crate::Device::new(match wire {
            MockWire::Hid => Box::new(HidTransport::new(self.device.hid(which), SystemEntropy, which)),
            MockWire::Apdu => Box::new(NfcTransport::new(self.device.card(), which)),
        })
    }

    /// Serves the key on a TCP port of this machine (0 takes a free one): frames of a length (u16,
    /// big-endian) and that many bytes. Over `Hid` each is a report, both ways; over `Apdu` each is a
    /// command APDU, answered by a response APDU. Connections come one after the other.
    pub fn serve(&self, wire: MockWire, which: Interface, port: u16) -> Result<Arc<MockServer>, UnlockError> {
        let failed = |_| TransportError::Failed {
            function: "bind",
            value: 0,
        };
        Ok(MockServer::start(self.device.clone(), wire, which.into(), port).map_err(failed)?)
    }

    /// What the person does from now on.
    pub fn set_touch(&self, touch: MockTouch) {
        self.touch.set(match touch {
            MockTouch::AtOnce => Touch::AtOnce,
            MockTouch::After { keepalives } => Touch::After(keepalives),
            MockTouch::Never => Touch::Never,
            MockTouch::Refused => Touch::Refused,
        });
    }

    /// Out and in again: open pipes are dead.
    pub fn replug(&self) {
        self.device.replug();
    }

    /// Sets the first PIN.
    pub fn set_pin(&self, pin: String) -> Result<(), UnlockError> {
        let pin = Pin::new(pin);
        Ok(self.platform(|platform| platform.set_pin(&pin))?)
    }

    /// Types this PIN until the key is blocked for good, with the re-plugging that it takes: how many
    /// tries that were.
    pub fn block(&self, wrong_pin: String) -> Result<u32, UnlockError> {
        let wrong = Pin::new(wrong_pin);
        let mut tries = 0;
        loop {
            let Err(error) = self.platform(|platform| platform.try_pin(&wrong)) else {
                return Err(ErrorCode::InvalidArgument.into());
            };
            tries += 1;
            match error.code() {
                ErrorCode::PinInvalid => {}
                ErrorCode::PinAuthBlocked => self.device.replug(),
                ErrorCode::PinBlocked => return Ok(tries),
                _ => return Err(error.into()),
            }
        }
    }

    /// Checks a PIN as a sign-in does.
    pub fn try_pin(&self, pin: String) -> Result<(), UnlockError> {
        let pin = Pin::new(pin);
        Ok(self.platform(|platform| platform.try_pin(&pin))?)
    }
}
