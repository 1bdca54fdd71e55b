//! Every device that can be reached, over all sources at once; a key seen twice is one device.
//!
//! Each route is asked for its Device ID by `getInfo`, and `join` says which routes lead to one
//! device. Nothing is written to a device, but an applet of each card is selected to ask it.

mod found;
mod join;
mod open;
mod watch;

pub use found::{FoundDevice, FoundRoute, Listing};
pub use open::Opened;
pub use watch::{DeviceEvent, DeviceWatch};

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;

use super::{CtapUnlockDevice, DeviceError, DeviceRefusal};
use crate::ports::{Call, DeviceSource, Route, RouteKind, TransportError, UnlockDevice};

/// Longest wait for one route's answer, so that a silent device does not hide others.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// Shortest wait: what a working device needs, however many there are.
const READ_AT_LEAST: Duration = Duration::from_millis(100);

/// The sources of devices.
pub struct Devices {
    sources: Vec<Box<dyn DeviceSource>>,
}

impl Devices {
    /// Over these sources.
    #[must_use]
    pub const fn new(sources: Vec<Box<dyn DeviceSource>>) -> Self {
        Self { sources }
    }

    /// Lists every device. Each route has its share of the call's time, at most a second and at least 100 ms, so
    /// that silent ones leave time for the others; with more than ten a second this takes longer than the
    /// deadline. One that did not answer within less than a second is asked once more in the time that the others
    /// left. One that cannot be opened or does not answer is listed with its error.
    ///
    /// # Errors
    /// [`TransportError`] when no source could be listed, or on a cancel. That one of several could
    /// not is in [`Listing::problems`].
    pub fn list(&mut self, call: &mut Call<'_>) -> Result<Listing, TransportError> {
        let mut listing = Listing::default();
        let mut seen = Vec::new();
        let mut listed = self.sources.is_empty();
        for (source, routes) in self.sources.iter_mut().map(|source| source.routes()).enumerate() {
            match routes {
                Ok(routes) => {
                    listed = true;
                    seen.extend(routes.into_iter().map(|route| (source, route)));
                }
                Err(error) => listing.problems.push(error),
            }
        }
        if !listed && let Some(error) = listing.problems.pop() {
            return Err(error);
        }
        let mut found = Vec::new();
        for (source, route) in seen {
            if route.is_empty_reader() {
                listing.readers.push(route);
                continue;
            }
            found.push(FoundRoute {
                route,
                info: Err(TransportError::DeadlineExceeded.into()),
                source,
                appearance: 0,
            });
        }
        self.read_in_turns(&mut found, call)?;
        let joined = join::join(found, &[]);
        listing.devices = joined.devices;
        listing.unassigned = joined.unassigned;
        Ok(listing)
    }

    /// Watches them from now on.
    #[must_use]
    pub const fn watch(self) -> DeviceWatch {
        DeviceWatch::new(self)
    }

    /// Asks each route for its `getInfo`, and those that did not answer in time once more.
    fn read_in_turns(&mut self, found: &mut [FoundRoute], call: &mut Call<'_>) -> Result<(), TransportError> {
        let end = call.deadline;
        let mut waiting: Vec<&mut FoundRoute> = found.iter_mut().collect();
        for is_second in [false, true] {
            let turn = core::mem::take(&mut waiting);
            let count = turn.len();
            for (number, found) in turn.into_iter().enumerate() {
                let now = call.ticks.now();
                if is_second && now >= end {
                    return Ok(());
                }
                let share = share(end, now, count - number);
                found.info = self.read(found.source, &found.route, &mut call.until(now + share));
                if call.cancel.is_cancelled() {
                    return Err(TransportError::Cancelled);
                }
                if share < READ_WITHIN && found.info == Err(TransportError::DeadlineExceeded.into()) {
                    waiting.push(found);
                }
            }
        }
        Ok(())
    }

    /// Asks a route for its `getInfo`, until the call's deadline.
    fn read(&mut self, source: usize, route: &Route, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        route.access.clone()?;
        let Some(source) = self.sources.get_mut(source) else {
            return Err(TransportError::NoDevice.into());
        };
        let mut ask = |interface| {
            if call.cancel.is_cancelled() {
                return Err(TransportError::Cancelled.into());
            }
            let transport = source.open(route, interface, call.remaining())?;
            CtapUnlockDevice::new(transport).info(call)
        };
        match &route.kind {
            RouteKind::Hid(hid) => ask(hid.interface),
            // FIDO's applet tells the Device ID also while the PIN is not blocked.
            RouteKind::Card => match ask(Interface::Fido) {
                Err(error) if wants_the_other(&error) => ask(Interface::Vendor).map_err(|_| error),
                answer => answer,
            },
        }
    }
}

/// The time of one of `left` devices that share what is left until `end`.
fn share(end: Duration, now: Duration, left: usize) -> Duration {
    let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
    (end.saturating_sub(now) / left).clamp(READ_AT_LEAST, READ_WITHIN)
}

/// Failures of one applet after which the other is worth a try.
const fn wants_the_other(error: &DeviceError) -> bool {
    matches!(
        error,
        DeviceError::Refused(DeviceRefusal::NotSupported)
            | DeviceError::Transport(
                TransportError::AppletMissing
                    | TransportError::PermissionDenied { .. }
                    | TransportError::NeedsElevation
                    | TransportError::ServiceRefused { .. }
            )
    )
}
