//! Which devices there are, and the one that is meant: a software authenticator in a file, USB keys and
//! smart cards, all through core's joined list.

mod mock;
mod pick;
pub mod touch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::host::ports::{
    Call, Cancel, NeverCancel, ProgressEvent, SystemTicks, Transport, TransportError,
};
use fido_unlock::host::{self, CtapUnlockDevice, DeviceError, DeviceWatch, Listing};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Interface};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::{SoftAuthenticator, Storage};
use fido_unlock_system::{CtrlC, SystemDevices};
use mock::MockSource;

use crate::args::{Global, InterfaceChoice, MockWay};
use crate::failure::Failure;
use crate::output::{say, shown};
pub use pick::UDEV_RULES;

/// Longest look for devices; each has a second of it.
const LIST_WITHIN: Duration = Duration::from_secs(10);

/// A device that is spoken to.
pub type Opened = CtapUnlockDevice<Box<dyn Transport + Send>>;

/// Runs one call; a wanted touch is told on standard error.
pub fn call<R>(within: Duration, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    call_unless(&NeverCancel, within, work)
}

/// The same with a cancel flag.
pub fn call_unless<R>(cancel: &dyn Cancel, within: Duration, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let mut progress = |event| {
        if event == ProgressEvent::TouchNeeded {
            say(touch::wanted());
        }
    };
    let mut call = Call::within(within).cancelled_by(cancel).telling(&mut progress);
    work(&mut call)
}

/// A call in which the device may want a touch. Ctrl-C cancels it, so that the device stops to wait; nothing
/// is asked at the terminal any more.
pub fn call_with_touch<R>(work: impl FnOnce(&mut Call<'_>) -> R) -> Result<R, Failure> {
    Ok(call_unless(&CtrlC::new()?, Call::WITH_TOUCH, work))
}

/// The devices that the options name.
pub struct Devices {
    mock: Option<(PathBuf, Device<SoftAuthenticator>)>,
    mock_way: MockWay,
    wanted: Option<String>,
    choice: InterfaceChoice,
}

impl Devices {
    /// Powers the software authenticator up, if there is one. `make`: its file need not exist yet.
    pub fn new(global: &Global, make: bool) -> Result<Self, Failure> {
        let mock = match &global.mock {
            None => None,
            Some(path) if !make && !path.exists() => {
                return Err(Failure::new(
                    ErrorCode::NoDevice,
                    format!(
                        "{} does not exist; make it with `mock new`",
                        shown(path.display())
                    ),
                ));
            }
            Some(path) => {
                let key = SoftAuthenticator::builder()
                    .storage(Storage::File(path.clone()))
                    .build()?;
                Some((path.clone(), Device::new(key, SystemTicks::new())))
            }
        };
        Ok(Self {
            mock,
            mock_way: global.mock_transport,
            wanted: global.device.clone(),
            choice: global.interface,
        })
    }

    /// The software authenticator and its file.
    pub fn mock(&self) -> Result<(&Path, &Device<SoftAuthenticator>), Failure> {
        self.mock
            .as_ref()
            .map(|(path, device)| (path.as_path(), device))
            .ok_or_else(|| Failure::usage("this command needs --mock FILE"))
    }

    /// The file of the software authenticator, if there is one.
    pub fn mock_file(&self) -> Option<&Path> {
        self.mock.as_ref().map(|(path, _)| path.as_path())
    }

    fn joined(&self) -> Result<host::Devices, Failure> {
        match &self.mock {
            Some((path, device)) => {
                let source = MockSource::new(device.clone(), path, self.mock_way);
                Ok(host::Devices::new(vec![Box::new(source)]))
            }
            None => host::Devices::system()
                .map_err(|error| Failure::new(error.code(), "without them there is --mock FILE")),
        }
    }

    /// Every device that can be seen, each once.
    pub fn list(&self) -> Result<Listing, Failure> {
        let mut devices = self.joined()?;
        Ok(call(LIST_WITHIN, |call| devices.list(call))?)
    }

    /// The devices as they come and go.
    pub fn watch(&self) -> Result<DeviceWatch, Failure> {
        Ok(self.joined()?.watch())
    }

    fn open(&self, interface: Option<Interface>) -> Result<host::Opened, Failure> {
        let mut devices = self.joined()?;
        let listing = call(LIST_WITHIN, |call| devices.list(call))?;
        let device = pick::pick(&listing, self.wanted.as_deref())?;
        touch::is_with(device);
        call(LIST_WITHIN, |call| devices.open(device, interface, call)).map_err(|error| {
            // The wanted interface may be one of those that nothing tells the device of.
            let denied = listing.unassigned.iter().find_map(pick::failure);
            match denied {
                Some(denied) if error == TransportError::NoDevice => denied,
                _ => error.into(),
            }
        })
    }

    /// The FIDO interface, for what the vendor interface does not serve.
    pub fn open_fido(&self) -> Result<Opened, Failure> {
        Ok(self.open(Some(Interface::Fido))?.device)
    }

    /// The interface for the unlock: the vendor's first, which any process may open, else FIDO's.
    /// With it what `getInfo` answered.
    pub fn open_for_unlock(&self) -> Result<(Opened, Result<UnlockInfo, DeviceError>), Failure> {
        let opened = self.open(match self.choice {
            InterfaceChoice::Auto => None,
            InterfaceChoice::Vendor => Some(Interface::Vendor),
            InterfaceChoice::Fido => Some(Interface::Fido),
        })?;
        Ok((opened.device, opened.info))
    }
}

/// The PIN/UV protocol that the device names first.
pub fn protocol(info: &UnlockInfo) -> Result<PinProtocol, Failure> {
    let none = DeviceError::Malformed("no known PIN/UV protocol");
    info.protocols.first().copied().ok_or_else(|| none.into())
}
