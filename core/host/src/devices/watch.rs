//! Devices that come and go, over all sources at once.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;

use super::{Devices, FoundDevice, FoundRoute, READ_WITHIN, join, share};
use crate::ports::{Call, Route, RouteChange, RouteKind, TransportError};
use crate::{DeviceError, DeviceRefusal};

/// Between two looks at the cancel flag.
const SLICE: Duration = Duration::from_millis(50);
/// Most changes of one source that are one step: one that never ends must not keep the caller.
const MOST_CHANGES: usize = 64;
/// Between two tries to read a device that cannot be read yet.
const AGAIN: Duration = Duration::from_millis(500);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// The first route to a device appeared.
    Arrived(FoundDevice),
    /// A further route appeared or went, or one tells more than before.
    Changed(FoundDevice),
    /// The last route went; the device as it was.
    Left(FoundDevice),
    /// A reader was connected.
    ReaderAdded(Route),
    /// A reader was taken off.
    ReaderRemoved(Route),
    /// The smart card service runs.
    ServiceStarted,
    /// The smart card service does not run.
    ServiceStopped,
    /// A source cannot look. Reported once, until it can again.
    Problem(TransportError),
}

/// Sees devices come and go. It has no thread: it works while [`DeviceWatch::next_event`] runs, and ends
/// when dropped.
pub struct DeviceWatch {
    devices: Devices,
    seen: Vec<Seen>,
    known: Vec<FoundDevice>,
    events: VecDeque<DeviceEvent>,
    /// Sources that failed the last time.
    failed: Vec<usize>,
    appearances: u64,
}

/// A route that is there.
struct Seen {
    source: usize,
    route: Route,
    appearance: u64,
    /// What it told when it was asked last.
    info: Option<Result<UnlockInfo, DeviceError>>,
    /// It must be asked.
    due: bool,
    tries: u8,
    again: Option<Duration>,
}

impl Seen {
    fn is_to_be_asked(&self) -> bool {
        self.due && !self.route.is_empty_reader()
    }
}

impl DeviceWatch {
    pub(super) const fn new(devices: Devices) -> Self {
        Self {
            devices,
            seen: Vec::new(),
            known: Vec::new(),
            events: VecDeque::new(),
            failed: Vec::new(),
            appearances: 0,
        }
    }

    /// The devices reported so far, to open while the watch runs.
    pub const fn devices(&mut self) -> &mut Devices {
        &mut self.devices
    }

    /// Waits for the next event, until the call's deadline; `None` when nothing changed. What is there
    /// already comes first, as arrived. A device that appeared is asked for its Device ID, which may take
    /// a second longer, however many appeared; who did not get a turn by then is asked by the next call.
    ///
    /// # Errors
    /// [`TransportError::Cancelled`], seen within 100 ms, or a second where a device is being asked.
    pub fn next_event(&mut self, call: &mut Call<'_>) -> Result<Option<DeviceEvent>, TransportError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if call.cancel.is_cancelled() {
                return Err(TransportError::Cancelled);
            }
            let left = call.remaining();
            self.look(left.min(SLICE), call)?;
            if self.events.is_empty() && left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// One round over the sources, which share the time.
    fn look(&mut self, time: Duration, call: &mut Call<'_>) -> Result<(), TransportError> {
        let count = self.devices.sources.len();
        let share = u32::try_from(count).map_or(time, |count| time / count.max(1));
        if count == 0 {
            call.ticks.sleep(time);
        }
        let mut changed = self.seen.iter().any(Seen::is_to_be_asked);
        for source in 0..count {
            let mut wait = share;
            // Everything that happened by now is one step: both interfaces of a key that is plugged in.
            for _ in 0..MOST_CHANGES {
                let Some(change) = self.next_change(source, wait, call)? else {
                    break;
                };
                wait = Duration::ZERO;
                changed |= self.take(source, change, call)?;
                if call.cancel.is_cancelled() {
                    return Err(TransportError::Cancelled);
                }
            }
        }
        let now = call.ticks.now();
        for seen in &mut self.seen {
            if seen.again.is_some_and(|again| again <= now) {
                seen.again = None;
                seen.due = true;
                changed = true;
            }
        }
        if changed { self.tell(call) } else { Ok(()) }
    }

    fn next_change(
        &mut self,
        source: usize,
        wait: Duration,
        call: &Call<'_>,
    ) -> Result<Option<RouteChange>, TransportError> {
        let Some(from) = self.devices.sources.get_mut(source) else {
            return Ok(None);
        };
        match from.next_change(wait) {
            Ok(change) => {
                self.failed.retain(|failed| *failed != source);
                Ok(change)
            }
            Err(error) => {
                if !self.failed.contains(&source) {
                    self.failed.push(source);
                    self.events.push_back(DeviceEvent::Problem(error));
                }
                // It may have failed at once.
                call.ticks.sleep(wait);
                Ok(None)
            }
        }
    }

    /// Takes a change in; whether devices may be others now.
    fn take(
        &mut self,
        source: usize,
        change: RouteChange,
        call: &mut Call<'_>,
    ) -> Result<bool, TransportError> {
        let is_same = |seen: &Seen, route: &Route| seen.source == source && seen.route.is_same_way(route);
        let event = match change {
            RouteChange::Added(route) | RouteChange::Changed(route) => {
                let before = self.seen.len();
                self.seen.retain(|seen| !is_same(seen, &route));
                let is_new_reader = route.kind == RouteKind::Card && before == self.seen.len();
                self.appearances += 1;
                self.seen.push(Seen {
                    source,
                    route: route.clone(),
                    appearance: self.appearances,
                    info: None,
                    due: true,
                    tries: 0,
                    again: None,
                });
                if !is_new_reader {
                    return Ok(true);
                }
                DeviceEvent::ReaderAdded(route)
            }
            RouteChange::Removed(route) => {
                self.seen.retain(|seen| !is_same(seen, &route));
                if route.kind != RouteKind::Card {
                    return Ok(true);
                }
                DeviceEvent::ReaderRemoved(route)
            }
            RouteChange::ServiceStarted => DeviceEvent::ServiceStarted,
            RouteChange::ServiceStopped => DeviceEvent::ServiceStopped,
        };
        if matches!(event, DeviceEvent::ReaderRemoved(_) | DeviceEvent::ServiceStopped) {
            // The devices in it left before.
            self.tell(call)?;
        }
        let added = matches!(event, DeviceEvent::ReaderAdded(_));
        self.events.push_back(event);
        Ok(added)
    }

    /// Asks the new routes, and tells what came of it.
    fn tell(&mut self, call: &mut Call<'_>) -> Result<(), TransportError> {
        let mut found = Vec::new();
        let end = call.deadline.saturating_add(READ_WITHIN);
        let mut left = self.seen.iter().filter(|seen| seen.is_to_be_asked()).count();
        for seen in &mut self.seen {
            if seen.route.is_empty_reader() {
                continue;
            }
            let now = call.ticks.now();
            if seen.due && now < end {
                let mut route = seen.route.clone();
                if seen.tries > 0 {
                    // What the source knew is of the moment when it came.
                    route.access = Ok(());
                }
                let deadline = now + share(end, now, left);
                left = left.saturating_sub(1);
                let info = self.devices.read(seen.source, &route, &mut call.until(deadline));
                if call.cancel.is_cancelled() {
                    return Err(TransportError::Cancelled);
                }
                seen.due = false;
                seen.tries += 1;
                let most = info.as_ref().err().map_or(0, tries);
                seen.again = (seen.tries < most).then(|| call.ticks.now() + AGAIN);
                if info.is_ok() {
                    seen.route.access = Ok(());
                }
                seen.info = Some(info);
            }
            let Some(info) = seen.info.clone() else {
                continue;
            };
            found.push(FoundRoute {
                route: seen.route.clone(),
                info,
                source: seen.source,
                appearance: seen.appearance,
            });
        }
        let now = join::join(found, &self.known).devices;
        let mut gone = core::mem::replace(&mut self.known, now.clone());
        let mut here = Vec::new();
        for device in now {
            let same = gone.iter().position(|before| before.is_same_device(&device));
            match same.map(|same| gone.remove(same)) {
                None => here.push(DeviceEvent::Arrived(device)),
                Some(before) if before != device => here.push(DeviceEvent::Changed(device)),
                Some(_) => {}
            }
        }
        self.events.extend(gone.into_iter().map(DeviceEvent::Left));
        self.events.extend(here);
        Ok(())
    }
}

/// How often a device that fails so is asked in all.
const fn tries(error: &DeviceError) -> u8 {
    match error {
        // udev makes the path, and gives the permission, a moment after the device; the program that was
        // faster lets it go, or resets the card.
        DeviceError::Refused(DeviceRefusal::Busy)
        | DeviceError::Transport(
            TransportError::PermissionDenied { .. }
            | TransportError::Busy
            | TransportError::Gone
            | TransportError::CardReset,
        ) => 6,
        // It, or the computer, had much to do; but it holds the others up.
        DeviceError::Transport(TransportError::DeadlineExceeded) => 2,
        _ => 1,
    }
}
