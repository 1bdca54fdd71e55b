//! The user's security key: the software authenticator behind CTAPHID or APDUs.

use fido_unlock::host::framing::{HidTransport, Interface, NfcTransport, Statistics};
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks, Transport, TransportError};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, Pin};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::{Device, MockApdu, MockHid};
use fido_unlock_mock::platform::Platform;
use getrandom::SysRng;

use crate::Way;
use crate::report::Failure;

/// The PIN/UV protocol that the platform uses.
pub const PROTOCOL: PinProtocol = PinProtocol::Two;

/// A way to the key that counts.
pub enum KeyTransport {
    /// CTAPHID.
    Hid(HidTransport<MockHid<SoftAuthenticator>, SysRng>),
    /// APDUs.
    Nfc(NfcTransport<MockApdu<SoftAuthenticator>>),
}

impl KeyTransport {
    /// What went over it.
    pub fn statistics(&self) -> Statistics {
        match self {
            Self::Hid(transport) => transport.statistics(),
            Self::Nfc(transport) => transport.statistics(),
        }
    }
}

impl Transport for KeyTransport {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        match self {
            Self::Hid(transport) => transport.transact(message, call),
            Self::Nfc(transport) => transport.transact(message, call),
        }
    }

    fn interface(&self) -> Interface {
        match self {
            Self::Hid(transport) => transport.interface(),
            Self::Nfc(transport) => Transport::interface(transport),
        }
    }
}

/// The key itself.
pub struct Key {
    device: Device<SoftAuthenticator>,
    way: Way,
    ticks: SystemTicks,
}

impl Key {
    /// A new key, plugged in.
    pub fn new(way: Way) -> Result<Self, Failure> {
        let authenticator = SoftAuthenticator::builder()
            .build()
            .map_err(|error| Failure::new(ErrorCode::StoreBroken, error.to_string()))?;
        let ticks = SystemTicks::default();
        Ok(Self {
            device: Device::new(authenticator, SystemTicks::default()),
            way,
            ticks,
        })
    }

    /// Opens it. The vendor interface is what an ordinary process on Windows may open.
    pub fn open(&self, interface: Interface) -> KeyTransport {
        match self.way {
            Way::Hid => KeyTransport::Hid(HidTransport::new(self.device.hid(interface), SysRng, interface)),
            Way::Nfc => KeyTransport::Nfc(NfcTransport::new(self.device.card(), interface)),
        }
    }

    /// The person takes it out and puts it back in.
    pub fn replug(&self) {
        self.device.replug();
    }

    /// One call of at most 30 seconds.
    pub fn call<R>(&self, work: impl FnOnce(&mut Call<'_>) -> R) -> R {
        let mut progress = NoProgress;
        work(&mut Call::new(
            &self.ticks,
            Call::WITH_TOUCH,
            &NeverCancel,
            &mut progress,
        ))
    }

    /// One ceremony of the platform.
    pub fn platform<R>(&self, work: impl FnOnce(&mut Platform<'_, '_>) -> R) -> R {
        let mut transport = self.open(Interface::Fido);
        self.call(|call| work(&mut Platform::new(&mut transport, &mut SysRng, call, PROTOCOL)))
    }

    /// A sign-in's PIN check, alone.
    pub fn try_pin(&self, pin: &str) -> Result<(), Failure> {
        Ok(self.platform(|platform| platform.try_pin(&Pin::new(pin.into())))?)
    }
}
