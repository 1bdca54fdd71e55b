//! A device that was found, opened by the first of its routes that works.

use alloc::boxed::Box;
use core::time::Duration;

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;

use super::{Devices, FoundDevice};
use crate::ports::{Call, RouteKind, Transport, TransportError, UnlockDevice};
use crate::{CtapUnlockDevice, DeviceError};

/// A device that was opened, and what it answered then.
pub struct Opened {
    /// The device.
    pub device: CtapUnlockDevice<Box<dyn Transport + Send>>,
    /// The answer of `getInfo`, by the route that was opened. An error is the device's own: it does not
    /// know the unlock, the card has no FIDO applet, or it does not answer.
    pub info: Result<UnlockInfo, DeviceError>,
}

impl Devices {
    /// Opens a device by its preferred route, and by the next one where that cannot be opened or does
    /// not answer: the vendor interface, which any process may open, a card, the FIDO interface.
    /// `interface` keeps to one of both; what the vendor interface does not serve (enrolment, probe,
    /// PINs) wants [`Interface::Fido`].
    ///
    /// Each route is asked for `getInfo` within [`Call::QUICK`], whatever is left of the call.
    ///
    /// # Errors
    /// [`TransportError`] of the last route when none could be opened, [`TransportError::NoDevice`]
    /// where none leads to that interface; [`TransportError::Gone`] when another device is at its path
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
            match device.info(&mut within(Call::QUICK, call)) {
                Ok(info) if is_another(found, &info) => last = TransportError::Gone,
                Err(DeviceError::Transport(TransportError::Cancelled)) => {
                    return Err(TransportError::Cancelled);
                }
                Err(DeviceError::Transport(error)) if error != TransportError::AppletMissing => last = error,
                info if info.is_ok() => return Ok(Opened { device, info }),
                info => reached = Some(Opened { device, info }),
            }
        }
        reached.ok_or(last)
    }
}

/// Routes in the order of preference, with the interface to ask for.
fn attempts(
    found: &FoundDevice,
    wanted: Option<Interface>,
) -> impl Iterator<Item = (&super::FoundRoute, Interface)> {
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

/// Whether this is not the device that was found, as far as both tell.
fn is_another(found: &FoundDevice, info: &UnlockInfo) -> bool {
    found
        .device_id()
        .zip(info.device_id)
        .is_some_and(|(one, two)| one != two)
}

/// The same call with a deadline of its own.
pub(super) fn within<'a>(time: Duration, call: &'a mut Call<'_>) -> Call<'a> {
    Call {
        ticks: call.ticks,
        deadline: call.ticks.now() + time,
        cancel: call.cancel,
        progress: &mut *call.progress,
    }
}
