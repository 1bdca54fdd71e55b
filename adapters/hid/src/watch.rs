//! Keys plugged in and pulled.

use core::time::Duration;
use std::time::Instant;

use crate::error::HidError;
use crate::list::{DeviceEntry, list, list_unopened};

/// hidapi has no notification, so the devices are listed again this often.
const INTERVAL: Duration = Duration::from_millis(300);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An interface appeared. Its `access` is of that moment: udev may give the permission a little
    /// later, so what counts is whether [`crate::open`] works.
    Plugged(DeviceEntry),
    /// An interface went away.
    Unplugged(DeviceEntry),
}

/// Sees what is plugged in and pulled. It has no thread: it works while [`Watch::next_event`] runs,
/// and ends when dropped.
#[derive(Debug, Default)]
pub struct Watch {
    known: Vec<DeviceEntry>,
    events: std::collections::VecDeque<Event>,
    last: Option<Instant>,
}

/// Begins to watch. What is there already comes first, as [`Event::Plugged`].
#[must_use]
pub fn watch() -> Watch {
    Watch::default()
}

impl Watch {
    /// Waits for the next event, at most `timeout`; `None` when nothing changed.
    ///
    /// # Errors
    /// [`HidError::Start`] when the devices cannot be listed; the next call tries again.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Event>, HidError> {
        let begun = Instant::now();
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let left = timeout.saturating_sub(begun.elapsed());
            let due = self
                .last
                .map_or(Duration::ZERO, |last| INTERVAL.saturating_sub(last.elapsed()));
            if due > left {
                std::thread::sleep(left);
                return Ok(None);
            }
            std::thread::sleep(due);
            self.last = Some(Instant::now());
            self.poll()?;
        }
    }

    fn poll(&mut self) -> Result<(), HidError> {
        let present = list_unopened()?;
        if !is_same_set(&self.known, &present) {
            // Only now is anything opened, to tell whether the new ones can be.
            let present = list()?;
            self.update(present);
        }
        Ok(())
    }

    fn update(&mut self, present: Vec<DeviceEntry>) {
        for entry in &self.known {
            if !present.iter().any(|other| is_same(entry, other)) {
                self.events.push_back(Event::Unplugged(entry.clone()));
            }
        }
        for entry in &present {
            if !self.known.iter().any(|other| is_same(entry, other)) {
                self.events.push_back(Event::Plugged(entry.clone()));
            }
        }
        self.known = present;
    }
}

fn is_same(left: &DeviceEntry, right: &DeviceEntry) -> bool {
    left.path == right.path && left.interface == right.interface && left.is_same_key(right)
}

fn is_same_set(known: &[DeviceEntry], present: &[DeviceEntry]) -> bool {
    known.len() == present.len()
        && known
            .iter()
            .all(|entry| present.iter().any(|other| is_same(entry, other)))
}

#[cfg(test)]
mod tests {
    use fido_unlock::ports::Interface;

    use super::*;

    fn entry(path: &str, interface: Interface) -> DeviceEntry {
        DeviceEntry {
            name: "Key".to_owned(),
            path: path.to_owned(),
            interface,
            vendor_id: 1,
            product_id: 2,
            serial: None,
            port: None,
            access: Ok(()),
        }
    }

    #[test]
    fn both_interfaces_of_a_key_come_and_go() {
        let (fido, vendor) = (entry("a", Interface::Fido), entry("b", Interface::Vendor));
        let mut watch = watch();
        watch.update(vec![fido.clone(), vendor.clone()]);
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(fido.clone())));
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(vendor.clone())));
        watch.update(vec![vendor.clone()]);
        assert_eq!(watch.events.pop_front(), Some(Event::Unplugged(fido)));
        watch.update(vec![vendor.clone()]);
        assert_eq!(watch.events.pop_front(), None);
        // Plugged in again between two looks: another path.
        let again = entry("c", Interface::Vendor);
        watch.update(vec![again.clone()]);
        assert_eq!(watch.events.pop_front(), Some(Event::Unplugged(vendor)));
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(again)));
    }
}
