//! Keys plugged in and pulled.

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::error::HidError;
use crate::list::{DeviceEntry, instances, list, list_unopened};

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
    known: Vec<Known>,
    events: std::collections::VecDeque<Event>,
    last: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    entry: DeviceEntry,
    /// It changes when a key replaces one like it, and so takes over its path; if the system gives it.
    instance: Option<String>,
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
        let before = instances();
        let present = with_instances(list_unopened()?, &before);
        if !is_same_set(&self.known, &present) {
            // Only now is anything opened, to tell whether the new ones can be.
            let present = list()?;
            self.take(present, &before, &instances());
        }
        Ok(())
    }

    /// What was listed between two looks at the instances; while those change it is listed again later.
    fn take(&mut self, present: Vec<DeviceEntry>, before: &Instances, after: &Instances) {
        if before == after {
            self.update(with_instances(present, before));
        }
    }

    fn update(&mut self, present: Vec<Known>) {
        for known in &self.known {
            if !present.iter().any(|other| is_same(known, other)) {
                self.events.push_back(Event::Unplugged(known.entry.clone()));
            }
        }
        for known in &present {
            if !self.known.iter().any(|other| is_same(known, other)) {
                self.events.push_back(Event::Plugged(known.entry.clone()));
            }
        }
        self.known = present;
    }
}

type Instances = BTreeMap<String, String>;

fn with_instances(entries: Vec<DeviceEntry>, instances: &Instances) -> Vec<Known> {
    let known = |entry: DeviceEntry| Known {
        instance: instances.get(&entry.path).cloned(),
        entry,
    };
    entries.into_iter().map(known).collect()
}

fn is_same(left: &Known, right: &Known) -> bool {
    left.entry.path == right.entry.path
        && left.instance == right.instance
        && left.entry.interface == right.entry.interface
        && left.entry.is_same_key(&right.entry)
}

fn is_same_set(known: &[Known], present: &[Known]) -> bool {
    known.len() == present.len()
        && known
            .iter()
            .all(|entry| present.iter().any(|other| is_same(entry, other)))
}

#[cfg(test)]
mod tests {
    use fido_unlock_protocol::Interface;

    use super::*;

    fn entry(path: &str, interface: Interface) -> DeviceEntry {
        DeviceEntry {
            name: "Key".into(),
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
    fn only_what_changed_is_looked_at_again() {
        let [one, two] = ["1", "2"].map(|instance| Instances::from([("a".to_owned(), instance.to_owned())]));
        let of = |path, instances| with_instances(vec![entry(path, Interface::Fido)], instances);
        assert!(is_same_set(&of("a", &one), &of("a", &one)));
        assert!(!is_same_set(&of("a", &one), &of("a", &two)));
        assert!(!is_same_set(&of("a", &one), &of("b", &one)));
        assert!(!is_same_set(&of("a", &one), &[]));
        assert!(!is_same_set(&[], &of("a", &one)));
    }

    #[test]
    fn both_interfaces_of_a_key_come_and_go() {
        let (fido, vendor) = (entry("a", Interface::Fido), entry("b", Interface::Vendor));
        let mut watch = watch();
        let see = |watch: &mut Watch, entries: Vec<DeviceEntry>, instances: &Instances| {
            watch.take(entries, instances, instances);
        };
        let same = Instances::new();
        see(&mut watch, vec![fido.clone(), vendor.clone()], &same);
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(fido.clone())));
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(vendor.clone())));
        see(&mut watch, vec![vendor.clone()], &same);
        assert_eq!(watch.events.pop_front(), Some(Event::Unplugged(fido)));
        see(&mut watch, vec![vendor.clone()], &same);
        assert_eq!(watch.events.pop_front(), None);
        // Plugged in again between two looks: another path.
        let again = entry("c", Interface::Vendor);
        see(&mut watch, vec![again.clone()], &same);
        assert_eq!(watch.events.pop_front(), Some(Event::Unplugged(vendor)));
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(again.clone())));
        // One of its like, at the same path; what is listed while they change is not believed.
        let [one, two] = ["1", "2"].map(|instance| Instances::from([("c".to_owned(), instance.to_owned())]));
        watch.update(with_instances(vec![again.clone()], &one));
        watch.events.clear();
        for (before, after) in [(&one, &two), (&same, &two), (&two, &one)] {
            watch.take(vec![again.clone()], before, after);
            assert_eq!(watch.events.pop_front(), None);
        }
        see(&mut watch, vec![again.clone()], &two);
        assert_eq!(watch.events.pop_front(), Some(Event::Unplugged(again.clone())));
        assert_eq!(watch.events.pop_front(), Some(Event::Plugged(again)));
    }
}
