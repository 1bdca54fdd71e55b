//! Every device, over USB and PC/SC at once.

use std::time::{Duration, Instant};

use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks};
use fido_unlock::host::{DeviceEvent, DeviceWatch, Devices, FoundDevice, Listing};
use fido_unlock_hid::HidSource;
use fido_unlock_pcsc::PcscSource;

use crate::{PATIENCE, call};

/// Both sources.
pub struct Joined;

impl Joined {
    #[must_use]
    pub fn devices() -> Devices {
        Devices::new(vec![Box::new(HidSource::new()), Box::new(PcscSource::new())])
    }

    /// What is listed, once `is_it` says so.
    pub fn list_when(what: &str, is_it: impl Fn(&Listing) -> bool) -> Listing {
        let begun = Instant::now();
        loop {
            let listing = call(|call| Self::devices().list(call));
            if let Ok(listing) = &listing
                && is_it(listing)
            {
                return listing.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "not in time: {what}: {listing:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The next event of a watch.
    pub fn event(watch: &mut DeviceWatch) -> DeviceEvent {
        let event = Self::event_within(watch, PATIENCE);
        event.unwrap_or_else(|| panic!("no event"))
    }

    pub fn event_within(watch: &mut DeviceWatch, within: Duration) -> Option<DeviceEvent> {
        let ticks = SystemTicks::new();
        let mut call_progress = NoProgress;
        let mut call = Call::new(&ticks, within, &NeverCancel, &mut call_progress);
        let event = watch.next_event(&mut call).unwrap();
        println!("{}", event.as_ref().map_or("nothing".to_owned(), words));
        event
    }
}

/// An event in a line.
#[must_use]
pub fn words(event: &DeviceEvent) -> String {
    let device = |name: &str, device: &FoundDevice| {
        let routes: Vec<&str> = device
            .routes
            .iter()
            .map(|found| found.route.path.as_str())
            .collect();
        format!("{name} {:?} by {}", device.device_id(), routes.join(", "))
    };
    match event {
        DeviceEvent::Arrived(found) => device("arrived", found),
        DeviceEvent::Changed(found) => device("changed", found),
        DeviceEvent::Left(found) => device("left", found),
        other => format!("{other:?}"),
    }
}
