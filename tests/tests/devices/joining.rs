//! Which routes are one device.

use std::time::Duration;

use fido_unlock::Interface::{Fido, Vendor};
use fido_unlock::host::ports::{Ticks, TransportError};
use fido_unlock::host::{Condition, DeviceError, DeviceRefusal, Devices};
use fido_unlock::{ErrorCode, HasCode};
use fido_unlock_mock::TestTicks;

use super::fake::*;

fn denied() -> Does {
    Does::IsRefused(TransportError::PermissionDenied { path: "x".into() })
}

fn fido(path: &str, number: u8) -> (fido_unlock::host::ports::Route, Does) {
    (hid(path, Fido), Does::Answers(info(number)))
}

fn vendor_of(path: &str, number: u8) -> (fido_unlock::host::ports::Route, Does) {
    (hid(path, Vendor), Does::Answers(vendor(info(number))))
}

fn vendor_blocked(path: &str, number: u8) -> (fido_unlock::host::ports::Route, Does) {
    (hid(path, Vendor), Does::Answers(vendor(blocked(number))))
}

#[test]
fn one_key_by_three_routes_is_one_device() {
    let both = Does::Applets(Some(info(1)), Some(vendor(info(1))));
    let listing = list(vec![fido("f", 1), vendor_of("v", 1), (card("Reader"), both)]);
    assert_eq!(shape(&listing), ["v Reader f"]);
    let device = &listing.devices[0];
    assert_eq!(device.name(), "Key");
    assert_eq!(device.device_id(), Some(id(1)));
    let found = device.diagnosis().unwrap();
    assert_eq!(found.condition, Condition::Unlocked { pin_retries: 8 });
    assert_eq!((found.device_id, found.enrolled), (Some(id(1)), true));
}

#[test]
fn the_table_of_joins() {
    let refused = |path, interface| (hid(path, interface), denied());
    let table = [
        (
            "two keys of one model, blocked",
            vec![
                (hid("f1", Fido), Does::Answers(blocked(1))),
                (hid("f2", Fido), Does::Answers(blocked(2))),
                vendor_blocked("v2", 2),
                vendor_blocked("v1", 1),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "two keys of one model, not blocked: two devices, and no guess",
            vec![
                fido("f1", 1),
                fido("f2", 2),
                vendor_of("v1", 1),
                vendor_of("v2", 2),
            ],
            vec!["f1", "f2", "| v1", "| v2"],
        ),
        (
            "one of them blocked leaves one half for the other",
            vec![
                (hid("f1", Fido), Does::Answers(blocked(1))),
                fido("f2", 2),
                vendor_blocked("v1", 1),
                vendor_of("v2", 2),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "an unlock counter tells them apart",
            vec![
                fido("f1", 1),
                (
                    hid("f2", Fido),
                    Does::Answers(fido_unlock::ctap2::device_unlock::UnlockInfo {
                        unlock_counter: 3,
                        ..info(2)
                    }),
                ),
                (
                    hid("v2", Vendor),
                    Does::Answers(vendor(fido_unlock::ctap2::device_unlock::UnlockInfo {
                        unlock_counter: 3,
                        ..info(2)
                    })),
                ),
                vendor_of("v1", 1),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "ports tell them apart",
            vec![
                (with_port(hid("f1", Fido), "1"), denied()),
                (with_port(hid("f2", Fido), "2"), denied()),
                (with_port(hid("v2", Vendor), "2"), Does::Answers(vendor(info(2)))),
                (with_port(hid("v1", Vendor), "1"), Does::Answers(vendor(info(1)))),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "serial numbers tell them apart",
            vec![
                (with_serial(hid("f1", Fido), "1"), denied()),
                (with_serial(hid("f2", Fido), "2"), denied()),
                (
                    with_serial(hid("v2", Vendor), "2"),
                    Does::Answers(vendor(info(2))),
                ),
                (
                    with_serial(hid("v1", Vendor), "1"),
                    Does::Answers(vendor(info(1))),
                ),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "FIDO kept for administrators, one key",
            vec![refused("f", Fido), vendor_of("v", 1)],
            vec!["v f"],
        ),
        (
            "FIDO kept for administrators, two keys: two devices",
            vec![
                refused("f1", Fido),
                refused("f2", Fido),
                vendor_of("v1", 1),
                vendor_of("v2", 2),
            ],
            vec!["v1", "v2", "| f1", "| f2"],
        ),
        (
            "the same, one of them blocked",
            vec![
                refused("f1", Fido),
                refused("f2", Fido),
                vendor_blocked("v1", 1),
                vendor_of("v2", 2),
            ],
            vec!["v1", "v2", "| f1", "| f2"],
        ),
        (
            "a half that could be of either is not given to one",
            vec![fido("f1", 1), fido("f2", 2), vendor_of("v", 1)],
            vec!["f1", "f2", "| v"],
        ),
        (
            "vendor interfaces alone",
            vec![vendor_of("v1", 1), vendor_of("v2", 2)],
            vec!["v1", "v2"],
        ),
        (
            "nothing can be opened",
            vec![
                refused("f1", Fido),
                refused("f2", Fido),
                refused("v1", Vendor),
                refused("v2", Vendor),
            ],
            vec!["f1", "f2", "| v1", "| v2"],
        ),
        (
            "the busy one of two is found by what the others tell",
            vec![
                fido("f1", 1),
                (hid("f2", Fido), Does::IsSilent),
                vendor_blocked("v2", 2),
                vendor_of("v1", 1),
            ],
            vec!["v1 f1", "v2 f2"],
        ),
        (
            "two halves that tell different things are two keys",
            vec![fido("f", 1), vendor_blocked("v", 2)],
            vec!["f", "v"],
        ),
        (
            "a card is joined by its Device ID alone",
            vec![
                fido("f", 1),
                (card("A"), Does::Applets(Some(info(1)), None)),
                (card("B"), Does::Applets(Some(info(2)), None)),
            ],
            vec!["A f", "B"],
        ),
        (
            "a card that tells none is a device of its own",
            vec![
                fido("f", 1),
                (card("A"), Does::Applets(None, Some(vendor(info(1))))),
            ],
            vec!["f", "A"],
        ),
        (
            "a copy of a key is the same device",
            vec![fido("f1", 1), fido("f2", 1)],
            vec!["f1 f2"],
        ),
    ];
    for (name, routes, expected) in table {
        assert_eq!(shape(&list(routes)), expected, "{name}");
    }
}

#[test]
fn what_is_silent_or_refused_hides_nothing_and_has_its_error() {
    let listing = list(vec![
        (with_serial(hid("silent", Fido), "1"), Does::IsSilent),
        (with_serial(hid("refused", Fido), "2"), denied()),
        (with_serial(hid("old", Fido), "3"), Does::Status(0x01)),
        (card("bank card"), Does::Applets(None, None)),
        (empty("empty"), Does::IsSilent),
        (with_serial(hid("good", Fido), "4"), Does::Answers(info(4))),
    ]);
    assert_eq!(shape(&listing), ["silent", "refused", "old", "bank card", "good"]);
    let codes: Vec<Option<ErrorCode>> = listing
        .devices
        .iter()
        .map(|device| device.info().err().map(|error| error.code()))
        .collect();
    assert_eq!(
        codes,
        [
            Some(ErrorCode::DeadlineExceeded),
            Some(ErrorCode::PermissionDenied),
            Some(ErrorCode::NotSupported),
            Some(ErrorCode::AppletMissing),
            None
        ]
    );
    let usable: Vec<bool> = listing.devices.iter().map(|device| device.is_usable()).collect();
    assert_eq!(usable, [false, false, false, false, true]);
    assert_eq!(listing.readers.len(), 1);
}

#[test]
fn silent_devices_take_a_second_each_and_the_call_no_longer_than_its_deadline() {
    let ticks = TestTicks::new();
    let source = Fake::new(&ticks);
    for number in 0..60 {
        source.put(
            with_serial(hid(&format!("{number}"), Fido), &format!("{number}")),
            Does::IsSilent,
        );
    }
    let mut devices = Devices::new(vec![Box::new(source)]);
    let listing = call(&ticks, |call| devices.list(call)).unwrap();
    assert_eq!(listing.devices.len(), 60);
    assert!(ticks.now() < Duration::from_secs(31), "{:?}", ticks.now());
}

#[test]
fn one_source_that_fails_is_a_problem_and_all_of_them_an_error() {
    let ticks = TestTicks::new();
    let (usb, cards) = (Fake::new(&ticks), Fake::new(&ticks));
    usb.put(hid("f", Fido), Does::Answers(info(1)));
    cards.world().broken = Some(TransportError::NoService);
    let mut devices = Devices::new(vec![Box::new(usb.clone()), Box::new(cards.clone())]);
    let listing = call(&ticks, |call| devices.list(call)).unwrap();
    assert_eq!(shape(&listing), ["f"]);
    assert_eq!(listing.problems, [TransportError::NoService]);
    usb.world().broken = Some(TransportError::Sandboxed);
    let error = call(&ticks, |call| devices.list(call)).unwrap_err();
    assert_eq!(error, TransportError::NoService);

    // No service, no reader and no card are three things.
    usb.world().broken = None;
    usb.world().routes.clear();
    cards.world().broken = None;
    let none = call(&ticks, |call| devices.list(call)).unwrap();
    assert_eq!(
        (none.devices.len(), none.readers.len(), none.problems.len()),
        (0, 0, 0)
    );
    cards.put(empty("Reader"), Does::IsSilent);
    let reader = call(&ticks, |call| devices.list(call)).unwrap();
    assert_eq!(
        (reader.devices.len(), reader.readers.len(), reader.problems.len()),
        (0, 1, 0)
    );
    assert!(
        call(&ticks, |call| Devices::new(Vec::new()).list(call))
            .unwrap()
            .devices
            .is_empty()
    );
}

#[test]
fn a_key_without_the_unlock_is_diagnosed() {
    let listing = list(vec![(hid("f", Fido), Does::Status(0x01))]);
    let found = listing.devices[0].diagnosis().unwrap();
    assert_eq!(found.condition, Condition::NotSupported);
    let info = listing.devices[0].info();
    assert_eq!(info, Err(DeviceError::Refused(DeviceRefusal::NotSupported)));
}
