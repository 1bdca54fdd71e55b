//! Listing over the system's own udev, with devices that umockdev adds to it. They cannot be
//! opened: umockdev knows no hidraw.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use fido_unlock_hid::{DeviceEntry, Event, HidError, list, open, watch};
use fido_unlock_protocol::Interface;

/// Set in the process that runs under umockdev.
const INSIDE: &str = "FIDO_UNLOCK_HID_TEST_INSIDE";

/// A report descriptor with one input and one output report of 64 bytes.
fn descriptor(usage_page: u16) -> String {
    let [low, high] = usage_page.to_le_bytes();
    format!("06{low:02X}{high:02X}0901A1010920150026FF007508954081020921150026FF00750895409102C0")
}

fn device(number: u32, product_id: u16, serial: &str, usage_page: u16) -> String {
    device_named(
        &format!("Test key {number}"),
        number,
        product_id,
        serial,
        usage_page,
    )
}

/// One line of each kind that umockdev wants, for a HID device and its hidraw node.
fn device_named(name: &str, number: u32, product_id: u16, serial: &str, usage_page: u16) -> String {
    let path = format!("/devices/virtual/misc/uhid/0003:1209:{product_id:04X}.{number:04}");
    let mut text = String::new();
    writeln!(
        text,
        "P: {path}\nE: SUBSYSTEM=hid\nE: HID_ID=0003:00001209:0000{product_id:04X}"
    )
    .unwrap();
    writeln!(text, "E: HID_NAME={name}\nE: HID_UNIQ={serial}").unwrap();
    writeln!(text, "H: report_descriptor={}\n", descriptor(usage_page)).unwrap();
    writeln!(text, "P: {path}/hidraw/hidraw{number}\nN: hidraw{number}").unwrap();
    writeln!(
        text,
        "E: SUBSYSTEM=hidraw\nE: DEVNAME=/dev/hidraw{number}\nL: device=../..\n"
    )
    .unwrap();
    text
}

/// Runs `body` in a process of its own, which sees these devices and no others.
fn with_devices(name: &str, devices: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let folder = tempfile::tempdir().unwrap();
    let description = folder.path().join("devices.umockdev");
    std::fs::write(&description, devices).unwrap();
    let output = Command::new("umockdev-run")
        .arg("--device")
        .arg(&description)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("umockdev-run, from Debian's package umockdev");
    let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && log.contains("1 passed"), "{log}");
}

fn summary(entry: &DeviceEntry) -> (&str, &str, Interface, u16, Option<&str>) {
    (
        &entry.name,
        &entry.path,
        entry.interface,
        entry.product_id,
        entry.serial.as_deref(),
    )
}

#[test]
fn both_interfaces_are_listed_and_other_devices_are_not() {
    let devices = [
        device(0, 0xF1D0, "S1", 0xF1D0),
        device(1, 0xF1D0, "S1", 0xFF55),
        // A keyboard, and another maker's vendor page.
        device(2, 0x0001, "", 0x0001),
        device(3, 0x0002, "", 0xFF00),
        device(4, 0xF1D1, "", 0xF1D0),
    ]
    .concat();
    with_devices(
        "both_interfaces_are_listed_and_other_devices_are_not",
        &devices,
        || {
            let entries = list().unwrap();
            assert_eq!(
                entries.iter().map(summary).collect::<Vec<_>>(),
                [
                    ("Test key 0", "/dev/hidraw0", Interface::Fido, 0xF1D0, Some("S1")),
                    (
                        "Test key 1",
                        "/dev/hidraw1",
                        Interface::Vendor,
                        0xF1D0,
                        Some("S1")
                    ),
                    ("Test key 4", "/dev/hidraw4", Interface::Fido, 0xF1D1, None),
                ]
            );
            // Not one of them can be opened, and none hides another.
            for entry in &entries {
                assert!(matches!(entry.access, Err(HidError::Failed { .. })), "{entry:?}");
                assert_eq!(open(entry).err(), entry.access.clone().err());
            }
            let mut watch = watch();
            for entry in entries {
                let event = watch.next_event(core::time::Duration::from_secs(60)).unwrap();
                assert_eq!(event, Some(Event::Plugged(entry)));
            }
        },
    );
}

#[test]
fn what_a_device_calls_itself_is_not_obeyed() {
    // hidapi gives a name beyond ASCII as an empty one where the program has set no locale.
    let name = "Key \u{1B}[31m\u{7}";
    let devices = device_named(name, 0, 0xF1D0, "S\u{1B}1", 0xF1D0);
    with_devices("what_a_device_calls_itself_is_not_obeyed", &devices, || {
        let entries = list().unwrap();
        let shown = (r"Key \u{1b}[31m\u{7}", Some(r"S\u{1b}1"));
        assert_eq!(
            entries
                .iter()
                .map(|entry| (&*entry.name, entry.serial.as_deref()))
                .collect::<Vec<_>>(),
            [shown]
        );
    });
}

#[test]
fn no_device_is_an_empty_list_and_a_pulled_one_is_gone() {
    with_devices("no_device_is_an_empty_list_and_a_pulled_one_is_gone", "", || {
        assert_eq!(list(), Ok(Vec::new()));
        assert!(!Path::new("/dev/hidraw77").exists());
        let pulled = DeviceEntry {
            name: "Key".into(),
            path: "/dev/hidraw77".to_owned(),
            interface: Interface::Fido,
            vendor_id: 0x1209,
            product_id: 0xF1D0,
            serial: None,
            port: None,
            access: Ok(()),
        };
        assert_eq!(open(&pulled).err(), Some(HidError::Gone));
    });
}
