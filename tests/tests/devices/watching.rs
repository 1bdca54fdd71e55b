//! Devices that come and go.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fido_unlock::Interface::{Fido, Vendor};
use fido_unlock::host::ports::{Call, NoProgress, RouteChange, Ticks, TransportError};
use fido_unlock::host::{DeviceEvent, DeviceWatch, Devices, FoundDevice};
use fido_unlock_mock::TestTicks;

use super::fake::*;

struct Bench {
    ticks: TestTicks,
    usb: Fake,
    cards: Fake,
    watch: DeviceWatch,
}

impl Bench {
    fn new() -> Self {
        let ticks = TestTicks::new();
        let (usb, cards) = (Fake::new(&ticks), Fake::new(&ticks));
        let watch = Devices::new(vec![Box::new(usb.clone()), Box::new(cards.clone())]).watch();
        Self {
            ticks,
            usb,
            cards,
            watch,
        }
    }

    /// Everything that is told within a second, in words.
    fn events(&mut self) -> Vec<String> {
        let mut progress = NoProgress;
        let never = AtomicBool::new(false);
        let mut call = Call::new(&self.ticks, Duration::from_secs(1), &never, &mut progress);
        let mut events = Vec::new();
        while let Some(event) = self.watch.next_event(&mut call).unwrap() {
            events.push(match event {
                DeviceEvent::Arrived(device) => format!("arrived: {}{}", ways(&device), access(&device)),
                DeviceEvent::Changed(device) => format!("changed: {}{}", ways(&device), access(&device)),
                DeviceEvent::Left(device) => format!("left: {}", ways(&device)),
                DeviceEvent::ReaderAdded(reader) => format!("reader {}", reader.path),
                DeviceEvent::ReaderRemoved(reader) => format!("no reader {}", reader.path),
                DeviceEvent::ServiceStarted => "service".into(),
                DeviceEvent::ServiceStopped => "no service".into(),
                DeviceEvent::Problem(error) => format!("problem: {error:?}"),
                other => panic!("{other:?}"),
            });
        }
        events
    }
}

/// Whether a way to it is told as refused.
fn access(device: &FoundDevice) -> &'static str {
    let refused = device.routes.iter().any(|found| found.route.access.is_err());
    if refused { ", refused" } else { "" }
}

fn applets(number: u8) -> Does {
    Does::Applets(Some(info(number)), Some(vendor(info(number))))
}

#[test]
fn a_key_seen_three_times_arrives_once_and_leaves_once() {
    let mut bench = Bench::new();
    assert!(bench.events().is_empty());
    bench.usb.put(hid("f", Fido), Does::Answers(info(1)));
    bench.usb.put(hid("v", Vendor), Does::Answers(vendor(info(1))));
    assert_eq!(bench.events(), ["arrived: v f"]);
    bench.cards.put(empty("Reader"), Does::IsSilent);
    assert_eq!(bench.events(), ["reader Reader"]);
    bench.cards.exchange(card("Reader"), applets(1));
    assert_eq!(bench.events(), ["changed: v Reader f"]);
    bench.cards.exchange(empty("Reader"), Does::IsSilent);
    assert_eq!(bench.events(), ["changed: v f"]);
    bench.usb.pull(&hid("v", Vendor));
    assert_eq!(bench.events(), ["changed: f"]);
    bench.usb.pull(&hid("f", Fido));
    assert_eq!(bench.events(), ["left: f"]);
}

#[test]
fn what_is_there_already_comes_first() {
    let mut bench = Bench::new();
    bench.cards.tell(Ok(RouteChange::ServiceStarted));
    bench.cards.put(empty("Reader"), Does::IsSilent);
    bench.cards.exchange(card("Reader"), applets(1));
    bench.usb.put(hid("f", Fido), Does::Answers(info(1)));
    assert_eq!(bench.events(), ["service", "reader Reader", "arrived: Reader f"]);
}

#[test]
fn a_card_exchanged_between_two_looks_is_another_device() {
    let mut bench = Bench::new();
    bench.cards.put(card("Reader"), applets(1));
    assert_eq!(bench.events(), ["reader Reader", "arrived: Reader"]);
    bench.cards.exchange(empty("Reader"), Does::IsSilent);
    bench.cards.exchange(card("Reader"), applets(2));
    assert_eq!(bench.events(), ["left: Reader", "arrived: Reader"]);
    // Also where neither tells a Device ID.
    for number in [3, 4] {
        let fresh = Does::Applets(None, Some(vendor(info(number))));
        bench.cards.exchange(card("Reader"), fresh);
        assert_eq!(bench.events(), ["left: Reader", "arrived: Reader"]);
    }
}

#[test]
fn a_second_key_of_the_model_does_not_take_the_first_ones_half_away() {
    let mut bench = Bench::new();
    bench.usb.put(hid("f1", Fido), Does::Answers(info(1)));
    bench.usb.put(hid("v1", Vendor), Does::Answers(vendor(info(1))));
    assert_eq!(bench.events(), ["arrived: v1 f1"]);
    bench.usb.put(hid("f2", Fido), Does::Answers(info(2)));
    assert_eq!(bench.events(), ["arrived: f2"]);
    bench.usb.put(hid("v2", Vendor), Does::Answers(vendor(info(2))));
    assert_eq!(bench.events(), ["changed: v2 f2"]);
    bench.usb.pull(&hid("f1", Fido));
    bench.usb.pull(&hid("v1", Vendor));
    assert_eq!(bench.events(), ["left: v1 f1"]);
}

#[test]
fn the_service_ends_and_comes_back() {
    let mut bench = Bench::new();
    bench.cards.tell(Ok(RouteChange::ServiceStarted));
    bench.cards.put(card("Reader"), applets(1));
    assert_eq!(bench.events(), ["service", "reader Reader", "arrived: Reader"]);
    bench.cards.exchange(empty("Reader"), Does::IsSilent);
    bench.cards.pull(&empty("Reader"));
    bench.cards.tell(Ok(RouteChange::ServiceStopped));
    bench.cards.tell(Ok(RouteChange::ServiceStarted));
    bench.cards.put(empty("Reader"), Does::IsSilent);
    bench.cards.exchange(card("Reader"), applets(1));
    assert_eq!(
        bench.events(),
        [
            "left: Reader",
            "no reader Reader",
            "no service",
            "service",
            "reader Reader",
            "arrived: Reader"
        ]
    );
}

#[test]
fn a_permission_that_comes_a_moment_later_is_seen() {
    let mut bench = Bench::new();
    let denied = TransportError::PermissionDenied { path: "f".into() };
    let mut route = hid("f", Fido);
    route.access = Err(denied.clone());
    bench.usb.put(route.clone(), Does::IsRefused(denied));
    assert_eq!(bench.events(), ["arrived: f, refused"]);
    bench.usb.world().routes[0].1 = Does::Answers(info(1));
    assert_eq!(bench.events(), ["changed: f"]);
    // It is not tried for ever.
    bench.usb.world().opened.clear();
    assert!(bench.events().is_empty());
    assert!(bench.usb.world().opened.is_empty());
}

#[test]
fn what_passes_is_tried_again() {
    for error in [
        TransportError::Gone,
        TransportError::CardReset,
        TransportError::Busy,
    ] {
        let mut bench = Bench::new();
        bench.usb.put(hid("f", Fido), Does::IsRefused(error.clone()));
        assert_eq!(bench.events(), ["arrived: f"], "{error:?}");
        bench.usb.world().routes[0].1 = Does::Answers(info(1));
        assert_eq!(bench.events(), ["changed: f"], "{error:?}");
    }
    // A device that was too slow gets a second question, and no third.
    let mut bench = Bench::new();
    bench.usb.put(hid("f", Fido), Does::IsSilent);
    assert_eq!(bench.events(), ["arrived: f"]);
    for _ in 0..5 {
        assert!(bench.events().is_empty());
    }
    assert_eq!(bench.usb.world().opened.len(), 2);
    bench.usb.put(hid("g", Fido), Does::IsSilent);
    assert_eq!(bench.events(), ["arrived: g"]);
    bench.usb.world().routes[1].1 = Does::Answers(info(2));
    assert_eq!(bench.events(), ["changed: g"]);
}

#[test]
fn a_source_that_fails_is_told_once_and_the_other_goes_on() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.cards.tell(Err(TransportError::NoService));
    }
    bench.usb.put(hid("f", Fido), Does::Answers(info(1)));
    assert_eq!(bench.events(), ["problem: NoService", "arrived: f"]);
    bench.cards.tell(Err(TransportError::NoService));
    assert_eq!(bench.events(), ["problem: NoService"]);
}

#[test]
fn a_silent_key_is_told_with_its_error_and_holds_nothing_up() {
    let mut bench = Bench::new();
    bench
        .usb
        .put(with_serial(hid("silent", Fido), "1"), Does::IsSilent);
    bench
        .usb
        .put(with_serial(hid("good", Fido), "2"), Does::Answers(info(1)));
    assert_eq!(bench.events(), ["arrived: silent", "arrived: good"]);
}

#[test]
fn the_deadline_and_the_cancel_are_kept() {
    for sources in [0, 1, 3] {
        let ticks = TestTicks::new();
        let fakes = (0..sources).map(|_| Box::new(Fake::new(&ticks)) as Box<_>);
        let mut watch = Devices::new(fakes.collect()).watch();
        let mut progress = NoProgress;
        let cancel = AtomicBool::new(false);
        let mut call = Call::new(&ticks, Duration::from_secs(2), &cancel, &mut progress);
        assert_eq!(watch.next_event(&mut call), Ok(None));
        let over = ticks.now();
        assert!(
            (Duration::from_secs(2)..Duration::from_millis(2100)).contains(&over),
            "{over:?}"
        );
        let cancel = AtomicBool::new(true);
        let mut call = Call::new(&ticks, Duration::from_secs(2), &cancel, &mut progress);
        assert_eq!(watch.next_event(&mut call), Err(TransportError::Cancelled));
        assert!(ticks.now() - over < Duration::from_millis(100));
    }
}
