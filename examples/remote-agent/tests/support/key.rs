//! A software key that is plugged in.

use std::path::Path;

use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Call, SystemTicks};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Interface, Pin};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::Platform;
use fido_unlock_mock::{SoftAuthenticator, Storage, Touch};
use getrandom::SysRng;

/// Copies are the same key.
#[derive(Clone)]
pub struct Key(Device<SoftAuthenticator>);

impl Key {
    /// The one that was made in a file. It is touched when it asks.
    pub fn in_file(file: &Path) -> Self {
        let builder = SoftAuthenticator::builder()
            .touch(Touch::After(1))
            .storage(Storage::File(file.into()));
        Self(Device::new(builder.build().unwrap(), SystemTicks::new()))
    }

    /// Tries a PIN as a sign-in does.
    pub fn try_pin(&self, pin: &str) -> Result<(), ErrorCode> {
        let mut transport = HidTransport::new(self.0.hid(Interface::Fido), SysRng, Interface::Fido);
        let (mut call, mut entropy) = (Call::with_touch(), SysRng);
        let mut platform = Platform::new(&mut transport, &mut entropy, &mut call, PinProtocol::Two);
        let tried = platform.try_pin(&Pin::new(pin.into()));
        tried.map_err(|error| error.code())
    }

    /// Out and in again.
    pub fn replug(&self) {
        self.0.replug();
    }

    /// All its interfaces.
    pub fn device(&self) -> Device<SoftAuthenticator> {
        self.0.clone()
    }
}
