//! Where a device comes from: a software authenticator in a file, a USB key or a smart card.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::framing::{HidTransport, NfcTransport};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::ports::{Call, Interface, NeverCancel, ProgressEvent, SystemTicks, Transport, UnlockDevice};
use fido_unlock::unlock::{CtapUnlockDevice, DeviceError};
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::{SoftAuthenticator, Storage};
use getrandom::SysRng;

use crate::args::{Global, InterfaceChoice, MockWay};
use crate::failure::Failure;

/// A device that is spoken to.
pub type Opened = CtapUnlockDevice<Box<dyn Transport>>;

/// Runs one call; a wanted touch is told on standard error.
pub fn call<R>(within: Duration, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    let mut progress = |event| {
        if event == ProgressEvent::TouchNeeded {
            eprintln!("Touch your key.");
        }
    };
    let mut call = Call::new(&ticks, within, &NeverCancel, &mut progress);
    work(&mut call)
}

/// What `devices` lists.
pub struct Entry {
    /// Product or reader name.
    pub name: String,
    /// What `--device` takes.
    pub path: String,
    /// "mock", "usb" or "card".
    pub kind: &'static str,
    /// The interface, where it is known before the device is opened.
    pub interface: Option<Interface>,
    /// Whether it can be opened.
    pub access: Result<(), ErrorCode>,
}

/// What can be seen.
pub struct Listing {
    /// The devices.
    pub entries: Vec<Entry>,
    /// Why a kind of device could not be listed.
    pub problems: Vec<Failure>,
}

/// The device that the options name.
pub struct Devices {
    mock: Option<(PathBuf, Device<SoftAuthenticator>)>,
    mock_way: MockWay,
    path: Option<String>,
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
                    format!("{} does not exist; `mock new` makes it", path.display()),
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
            path: global.device.clone(),
            choice: global.interface,
        })
    }

    /// The software authenticator and its file.
    pub fn mock(&self) -> Result<(&Path, &Device<SoftAuthenticator>), Failure> {
        self.mock
            .as_ref()
            .map(|(path, device)| (path.as_path(), device))
            .ok_or_else(|| Failure::usage("this command wants --mock FILE"))
    }

    /// The file of the software authenticator, if there is one.
    pub fn mock_file(&self) -> Option<&Path> {
        self.mock.as_ref().map(|(path, _)| path.as_path())
    }

    /// Opens an interface.
    pub fn open(&self, interface: Interface) -> Result<Box<dyn Transport>, Failure> {
        let Some((_, mock)) = &self.mock else {
            return hardware::open(self.path.as_deref(), interface);
        };
        Ok(match self.mock_way {
            MockWay::Hid => Box::new(HidTransport::new(mock.hid(interface), SysRng, interface)),
            MockWay::Nfc => Box::new(NfcTransport::new(mock.card(), interface)),
        })
    }

    /// The FIDO interface, for what the vendor interface does not serve.
    pub fn open_fido(&self) -> Result<Opened, Failure> {
        self.open(Interface::Fido).map(CtapUnlockDevice::new)
    }

    /// The interface for the unlock: the vendor's first, which any process may open, else FIDO's.
    /// With it what `getInfo` answered.
    pub fn open_for_unlock(&self) -> Result<(Opened, Result<UnlockInfo, DeviceError>), Failure> {
        let (first, fall_back) = match self.choice {
            InterfaceChoice::Auto => (Interface::Vendor, true),
            InterfaceChoice::Vendor => (Interface::Vendor, false),
            InterfaceChoice::Fido => (Interface::Fido, false),
        };
        let attempt = self.open(first).map(|transport| {
            let mut device = CtapUnlockDevice::new(transport);
            let info = call(Call::QUICK, |call| device.info(call));
            (device, info)
        });
        let code = match &attempt {
            Ok((_, Ok(_))) => return attempt,
            Ok((_, Err(error))) => error.code(),
            Err(failure) => failure.code,
        };
        if !fall_back || !wants_fido(code) {
            return attempt;
        }
        let mut device = self.open_fido()?;
        let info = call(Call::QUICK, |call| device.info(call));
        Ok((device, info))
    }

    /// Every device that can be seen.
    pub fn list(&self) -> Result<Listing, Failure> {
        if let Some(path) = self.mock_file() {
            let entry = Entry {
                name: "software authenticator".into(),
                path: path.display().to_string(),
                kind: "mock",
                interface: None,
                access: Ok(()),
            };
            return Ok(Listing {
                entries: vec![entry],
                problems: Vec::new(),
            });
        }
        hardware::list()
    }
}

/// Failures of the vendor interface after which FIDO's is worth a try.
fn wants_fido(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotSupported
            | ErrorCode::NoDevice
            | ErrorCode::AppletMissing
            | ErrorCode::PermissionDenied
            | ErrorCode::Busy
    )
}

/// The PIN/UV protocol that the device names first.
pub fn protocol(info: &UnlockInfo) -> Result<PinProtocol, Failure> {
    let none = DeviceError::Malformed("no PIN/UV protocol that is known");
    info.protocols.first().copied().ok_or_else(|| none.into())
}

#[cfg(not(any(feature = "hid", feature = "pcsc")))]
mod hardware {
    use super::*;

    const NONE: &str = "this program was built without the features `hid` and `pcsc`: use --mock FILE";

    pub fn open(_: Option<&str>, _: Interface) -> Result<Box<dyn Transport>, Failure> {
        Err(Failure::new(ErrorCode::NoDevice, NONE))
    }

    pub fn list() -> Result<Listing, Failure> {
        Err(Failure::new(ErrorCode::NoDevice, NONE))
    }
}

#[cfg(any(feature = "hid", feature = "pcsc"))]
mod hardware;
#[cfg(any(feature = "hid", feature = "pcsc", test))]
mod pick;
