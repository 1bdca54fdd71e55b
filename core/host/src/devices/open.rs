//! A device that was found, opened by the first of its routes that works.

use alloc::boxed::Box;
use alloc::vec::Vec;

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;

use super::{Devices, FoundDevice, FoundRoute, Listing};
use crate::ports::{Call, RouteKind, Transport, TransportError, UnlockDevice};
use crate::{CtapUnlockDevice, DeviceError, OpenError};

/// A device that was opened, and what it answered then.
pub struct Opened {
    /// The device.
    pub device: CtapUnlockDevice<Box<dyn Transport + Send>>,
    /// The answer of `getInfo`, by the route that was opened. An error is the device's own: it does not
    /// know the unlock, the card has no FIDO applet, or it does not answer.
    pub info: Result<UnlockInfo, DeviceError>,
}

impl Devices {
    /// Opens a device by its preferred route, or by the next one if that cannot be opened or does
    /// not answer: the vendor interface, which any process may open, a card, the FIDO interface.
    /// `interface` restricts it to one of the two; what the vendor interface does not serve (enrolment, probe,
    /// PINs) needs [`Interface::Fido`].
    ///
    /// Each route is asked for `getInfo` within [`Call::QUICK`], whatever is left of the call.
    ///
    /// # Errors
    /// [`TransportError`] of the last route when none could be opened, [`TransportError::NoDevice`]
    /// if none leads to that interface; [`TransportError::Gone`] when another device is at its path
    /// now; or a cancel.
    pub fn open(
        &mut self,
        found: &FoundDevice,
        interface: Option<Interface>,
        call: &mut Call<'_>,
    ) -> Result<Opened, TransportError> {
        let mut reached = None;
        let mut last = TransportError::NoDevice;
        for (route, asked) in attempts(found, interface) {
            if call.cancel.is_cancelled() {
                return Err(TransportError::Cancelled);
            }
            let Some(source) = self.sources.get_mut(route.source) else {
                continue;
            };
            let transport = match source.open(&route.route, asked, Call::QUICK) {
                Ok(transport) => transport,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            let mut device = CtapUnlockDevice::new(transport);
            let deadline = call.ticks.now() + Call::QUICK;
            match device.info(&mut call.until(deadline)) {
                Ok(info) if is_another(found, &info) => last = TransportError::Gone,
                Err(DeviceError::Transport(TransportError::Cancelled)) => {
                    return Err(TransportError::Cancelled);
                }
                Err(DeviceError::Transport(error)) if error != TransportError::AppletMissing => last = error,
                Ok(info) => {
                    let first = device.into_transport();
                    let fido = match interface {
                        None => self.fido_beside(found, route),
                        Some(_) => None,
                    };
                    let mut device = CtapUnlockDevice::new(Either::over(first, fido));
                    device.take_info(&info);
                    return Ok(Opened {
                        device,
                        info: Ok(info),
                    });
                }
                info => reached = Some(Opened { device, info }),
            }
        }
        reached.ok_or(last)
    }
}

impl Devices {
    /// The FIDO interface of a USB key whose vendor interface was opened, for what the vendor's refuses; `None` where
    /// there is none, or none that may be opened.
    fn fido_beside(&mut self, found: &FoundDevice, opened: &FoundRoute) -> Option<Box<dyn Transport + Send>> {
        let is = |route: &FoundRoute, interface| route.route.interface() == Some(interface);
        if !is(opened, Interface::Vendor) {
            return None;
        }
        let fido = found.routes.iter().find(|route| is(route, Interface::Fido))?;
        let source = self.sources.get_mut(fido.source)?;
        source.open(&fido.route, Interface::Fido, Call::QUICK).ok()
    }

    /// Lists the devices and opens the one that can be unlocked now, as [`Devices::open`] does: each of its
    /// routes has [`Call::QUICK`], whatever is left of the call.
    ///
    /// # Errors
    /// [`OpenError::SeveralDevices`] where more than one can. Where none can, the reason that says most:
    /// the state of the first device that told it, why a device could not be reached, an empty reader,
    /// [`TransportError::NoDevice`]. Else those of [`Devices::list`] and [`Devices::open`].
    pub fn open_locked(&mut self, call: &mut Call<'_>) -> Result<Opened, OpenError> {
        let listing = self.list(call)?;
        let can_unlock = |device: &&FoundDevice| device.diagnosis().is_some_and(|state| state.can_unlock());
        let mut locked = listing.devices.iter().filter(can_unlock);
        match (locked.next(), locked.next()) {
            (Some(only), None) => Ok(self.open(only, None, call)?),
            (Some(_), Some(_)) => Err(OpenError::SeveralDevices),
            (None, _) => Err(why_none(&listing)),
        }
    }
}

/// Why no device of `listing` can be unlocked.
fn why_none(listing: &Listing) -> OpenError {
    if let Some(state) = listing.devices.iter().find_map(FoundDevice::diagnosis) {
        return OpenError::CannotUnlock(state.condition);
    }
    if let Some(error) = listing.devices.iter().find_map(|device| device.info().err()) {
        return error.clone().into();
    }
    if listing.readers.is_empty() {
        TransportError::NoDevice.into()
    } else {
        TransportError::NoCard.into()
    }
}

/// The two HID interfaces of one key.
struct Either {
    vendor: Box<dyn Transport + Send>,
    fido: Box<dyn Transport + Send>,
    now: Interface,
}

impl Either {
    /// Only `vendor` if the key has no other, or only one that may not be opened.
    fn over(
        vendor: Box<dyn Transport + Send>,
        fido: Option<Box<dyn Transport + Send>>,
    ) -> Box<dyn Transport + Send> {
        match fido {
            None => vendor,
            Some(fido) => Box::new(Self {
                vendor,
                fido,
                now: Interface::Vendor,
            }),
        }
    }
}

impl Transport for Either {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        match self.now {
            Interface::Vendor => self.vendor.transact(message, call),
            Interface::Fido => self.fido.transact(message, call),
        }
    }

    fn interface(&self) -> Interface {
        self.now
    }

    fn switch_to(&mut self, interface: Interface) -> bool {
        self.now = interface;
        true
    }
}

/// Routes in the order of preference, with the interface to ask for.
fn attempts(
    found: &FoundDevice,
    wanted: Option<Interface>,
) -> impl Iterator<Item = (&FoundRoute, Interface)> {
    found.routes.iter().flat_map(move |route| {
        let interfaces: &[Interface] = match (&route.route.kind, wanted) {
            (RouteKind::Hid(hid), None) => core::slice::from_ref(&hid.interface),
            (RouteKind::Hid(hid), Some(wanted)) if hid.interface == wanted => {
                core::slice::from_ref(&hid.interface)
            }
            (RouteKind::Hid(_), Some(_)) => &[],
            // Asked for the vendor's applet, a card without it gives FIDO's.
            (RouteKind::Card, None) => &[Interface::Vendor, Interface::Fido],
            (RouteKind::Card, Some(Interface::Vendor)) => &[Interface::Vendor],
            (RouteKind::Card, Some(Interface::Fido)) => &[Interface::Fido],
        };
        interfaces.iter().map(move |interface| (route, *interface))
    })
}

/// Whether this is known not to be the device that was found.
fn is_another(found: &FoundDevice, info: &UnlockInfo) -> bool {
    found
        .device_id()
        .zip(info.device_id)
        .is_some_and(|(one, two)| one != two)
}
