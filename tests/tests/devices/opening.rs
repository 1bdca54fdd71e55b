//! Which route of a device is opened.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fido_unlock::Interface::{self, Fido, Vendor};
use fido_unlock::host::ports::{Call, NoProgress, TransportError};
use fido_unlock::host::{DeviceError, DeviceRefusal, Devices, Opened};
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::TestTicks;

use super::fake::*;

struct Bench {
    ticks: TestTicks,
    source: Fake,
    devices: Devices,
}

impl Bench {
    fn new(routes: Vec<(fido_unlock::host::ports::Route, Does)>) -> Self {
        let ticks = TestTicks::new();
        let source = Fake::new(&ticks);
        source.world().routes = routes;
        let devices = Devices::new(vec![Box::new(source.clone())]);
        Self {
            ticks,
            source,
            devices,
        }
    }

    /// Opens the first device; then what is at the end of `path` does something else.
    fn open(&mut self, interface: Option<Interface>, now: &[(&str, Does)]) -> Result<Opened, TransportError> {
        let Self {
            ticks,
            source,
            devices,
        } = self;
        let listing = call(ticks, |call| devices.list(call)).unwrap();
        for (path, does) in now {
            let mut world = source.world();
            let route = world.routes.iter_mut().find(|(route, _)| route.path == *path);
            route.unwrap().1 = does.clone();
        }
        source.world().opened.clear();
        call(ticks, |call| devices.open(&listing.devices[0], interface, call))
    }

    fn opened(&self) -> Vec<String> {
        self.source.world().opened.clone()
    }
}

fn three_routes() -> Vec<(fido_unlock::host::ports::Route, Does)> {
    vec![
        (hid("f", Fido), Does::Answers(info(1))),
        (hid("v", Vendor), Does::Answers(vendor(info(1)))),
        (
            card("Reader"),
            Does::Applets(Some(info(1)), Some(vendor(info(1)))),
        ),
    ]
}

#[test]
fn the_vendor_interface_comes_first_and_fido_last() {
    let mut bench = Bench::new(three_routes());
    let opened = bench.open(None, &[]).unwrap();
    assert_eq!(opened.device.interface(), Vendor);
    // FIDO's beside it, for what the vendor's refuses.
    assert_eq!(bench.opened(), ["v", "f"]);
    let gone = Does::IsRefused(TransportError::Gone);
    let opened = bench
        .open(None, &[("v", Does::IsSilent), ("Reader", gone.clone())])
        .unwrap();
    assert_eq!(opened.device.interface(), Fido);
    assert_eq!(bench.opened(), ["v", "Reader", "Reader", "f"]);
    assert_eq!(opened.info.unwrap().device_id, Some(id(1)));
}

#[test]
fn what_the_vendor_interface_does_not_serve_wants_fido() {
    let mut bench = Bench::new(three_routes());
    bench.open(Some(Fido), &[]).unwrap();
    assert_eq!(bench.opened(), ["Reader"]);
    let opened = bench.open(Some(Fido), &[("Reader", Does::IsSilent)]).unwrap();
    assert_eq!(opened.device.interface(), Fido);
    assert_eq!(bench.opened(), ["Reader", "f"]);
    let mut only_vendor = Bench::new(vec![(hid("v", Vendor), Does::Answers(vendor(info(1))))]);
    assert_eq!(
        only_vendor.open(Some(Fido), &[]).err(),
        Some(TransportError::NoDevice)
    );
}

#[test]
fn an_interface_that_is_switched_off_is_passed_over() {
    let mut bench = Bench::new(vec![
        (hid("f", Fido), Does::Answers(info(1))),
        (hid("v", Vendor), Does::Status(0x01)),
    ]);
    let opened = bench.open(None, &[]).unwrap();
    assert_eq!((opened.device.interface(), opened.info.is_ok()), (Fido, true));
    // It does not answer for FIDO's either: then what was reached is given, with what it said.
    let opened = bench.open(None, &[("f", Does::Status(0x01))]).unwrap();
    assert_eq!(
        opened.info,
        Err(DeviceError::Refused(DeviceRefusal::NotSupported))
    );
}

#[test]
fn nothing_that_can_be_opened_is_the_last_ones_error() {
    let needs = Does::IsRefused(TransportError::NeedsElevation);
    let mut bench = Bench::new(three_routes());
    let error = bench
        .open(
            Some(Fido),
            &[("Reader", Does::IsRefused(TransportError::Gone)), ("f", needs)],
        )
        .err()
        .unwrap();
    assert_eq!(error.code(), ErrorCode::NeedsElevation);
}

#[test]
fn another_device_under_the_same_path_is_not_opened() {
    let mut bench = Bench::new(vec![(hid("f", Fido), Does::Answers(info(1)))]);
    let error = bench.open(None, &[("f", Does::Answers(info(2)))]).err();
    assert_eq!(error, Some(TransportError::Gone));
}

#[test]
fn a_cancel_ends_listing_and_opening() {
    let mut bench = Bench::new(three_routes());
    let listing = call(&bench.ticks, |call| bench.devices.list(call)).unwrap();
    let cancel = AtomicBool::new(true);
    let mut progress = NoProgress;
    let mut call = Call::new(&bench.ticks, Duration::from_secs(2), &cancel, &mut progress);
    assert_eq!(bench.devices.list(&mut call), Err(TransportError::Cancelled));
    let error = bench.devices.open(&listing.devices[0], None, &mut call).err();
    assert_eq!(error, Some(TransportError::Cancelled));
}

#[test]
fn the_one_device_that_can_be_unlocked_is_opened_or_the_reason_is_told() {
    let locked = |path, number| (hid(path, Fido), Does::Answers(blocked(number)));
    let open = |routes| {
        let Bench {
            ticks, mut devices, ..
        } = Bench::new(routes);
        let opened = call(&ticks, |call| devices.open_locked(call));
        opened
            .map(|opened| opened.info.unwrap().device_id)
            .map_err(|error| error.code())
    };
    let works = || (hid("works", Fido), Does::Answers(info(9)));
    let denied = || {
        let error = TransportError::PermissionDenied {
            path: "denied".into(),
        };
        (hid("denied", Fido), Does::IsRefused(error))
    };
    assert_eq!(open(vec![works(), denied(), locked("a", 1)]), Ok(Some(id(1))));
    assert_eq!(
        open(vec![locked("a", 1), locked("b", 2)]),
        Err(ErrorCode::SeveralDevices)
    );
    assert_eq!(open(vec![denied(), works()]), Err(ErrorCode::DeviceNotLocked));
    assert_eq!(open(vec![denied()]), Err(ErrorCode::PermissionDenied));
    assert_eq!(
        open(vec![(empty("Reader"), Does::IsSilent)]),
        Err(ErrorCode::NoCard)
    );
    assert_eq!(open(vec![]), Err(ErrorCode::NoDevice));
}
