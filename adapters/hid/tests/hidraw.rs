//! The adapter over the kernel's real hidraw, with the software authenticator behind uhid, in a
//! guest that QEMU boots in a few seconds. Needs Debian's packages qemu-system-x86, busybox-static,
//! cpio, binutils, and apt's package lists for the kernel.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

#[path = "support/contracts.rs"]
mod contracts;
#[path = "support/uhid.rs"]
mod uhid;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use fido_unlock_hid::{DeviceEntry, Event, HidChannel, HidError, list, open, watch};
use fido_unlock_host::CtapUnlockDevice;
use fido_unlock_host::ports::{
    Call, HidReports, NeverCancel, NoProgress, SystemTicks, Transport, TransportError, UnlockDevice,
};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::Device;
use fido_unlock_protocol::Interface;
use uhid::UhidKey;

/// "root" in the guest, "nobody" in its process without rights.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";
const TEST: &str = "over_hidraw_in_a_guest";
/// Emulation is slow, and other work may have the machine.
const PATIENCE: Duration = Duration::from_secs(60);
const GET_INFO: [u8; 1] = [0x04];

#[test]
fn over_hidraw_in_a_guest() {
    match std::env::var(GUEST).as_deref() {
        Ok("root") => in_the_guest(),
        Ok(_) => without_rights(),
        Err(_) => boot(),
    }
}

fn boot() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
    std::fs::create_dir_all(&folder).unwrap();
    let output = Command::new("sh")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/guest.sh"))
        .arg(std::env::current_exe().unwrap())
        .arg(TEST)
        .arg(&folder)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("{log}");
    let exit = format!("guest exit 0 cases {}", CASES.len());
    assert!(log.lines().any(|line| line.trim() == exit), "{exit}?\n{log}");
}

const CASES: &[(&str, fn())] = &[
    ("lists and speaks on both interfaces", both_interfaces),
    ("reports of 62 and 512 bytes", report_sizes),
    ("two openers at once", two_openers),
    ("pulled and put back", pulled),
    ("seen by watch", watched),
    ("told why it may not be opened", denied),
    ("reports keep their contract", contracts::reports),
    ("messages keep their contract", contracts::messages),
];

fn in_the_guest() {
    for (name, case) in CASES {
        case();
        println!("case passed: {name}");
        eventually("no device", || list().unwrap().is_empty().then_some(()));
    }
    // On the guest's exit line.
    std::fs::write("/tmp/exit", format!("cases {}", CASES.len())).unwrap();
}

fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn key() -> Device<SoftAuthenticator> {
    Device::new(SoftAuthenticator::builder().build().unwrap(), SystemTicks::new())
}

/// The devices, once there are so many.
fn devices(count: usize) -> Vec<DeviceEntry> {
    eventually("devices", || {
        Some(list().unwrap()).filter(|list| list.len() == count)
    })
}

fn call<R>(body: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = SystemTicks::new();
    body(&mut Call::new(&ticks, PATIENCE, &NeverCancel, &mut NoProgress))
}

fn get_info(transport: &mut impl Transport) {
    let answer = call(|call| transport.transact(&GET_INFO, call)).unwrap();
    assert_eq!(answer[0], 0);
    assert!(answer.len() > 64, "one report would hold it");
}

fn both_interfaces() {
    let key = key();
    let _fido = UhidKey::plug(&key, Interface::Fido, 64, "S1");
    let _vendor = UhidKey::plug(&key, Interface::Vendor, 64, "S1");
    let entries = devices(2);
    for entry in &entries {
        assert_eq!(entry.access, Ok(()), "{entry:?}");
        assert_eq!((entry.vendor_id, entry.product_id), (0x1209, 0xF1D0));
        assert_eq!(
            (entry.name.as_str(), entry.serial.as_deref()),
            ("Virtual key", Some("S1"))
        );
        assert!(entry.is_same_key(&entries[0]));
        let mut transport = open(entry).unwrap();
        assert_eq!(transport.reports().layout().output_size, 64);
        if entry.interface == Interface::Fido {
            get_info(&mut transport);
        }
        let mut device = CtapUnlockDevice::new(transport);
        assert_eq!(call(|call| device.info(call)).unwrap().pin_retries, 8);
    }
    assert_ne!(entries[0].interface, entries[1].interface);
    // Nothing comes where nothing was asked.
    let mut channel = HidChannel::open(&entries[0]).unwrap();
    assert_eq!(
        channel.read_report(&mut [0; 64], Duration::from_millis(120)),
        Ok(0)
    );
}

fn report_sizes() {
    for size in [62, 512] {
        let key = key();
        let plugged = UhidKey::plug(&key, Interface::Fido, size, "");
        let entry = devices(1).remove(0);
        let mut transport = open(&entry).unwrap();
        assert_eq!(transport.reports().report_size(), usize::from(size));
        get_info(&mut transport);
        drop((transport, plugged));
        devices(0);
    }
}

/// hidraw gives every report to every opener.
fn two_openers() {
    let key = key();
    let _fido = UhidKey::plug(&key, Interface::Fido, 64, "");
    let entry = devices(1).remove(0);
    let mut one = open(&entry).unwrap();
    let mut two = open(&entry).unwrap();
    for _ in 0..5 {
        get_info(&mut one);
        get_info(&mut two);
    }
}

fn pulled() {
    let key = key();
    let plugged = UhidKey::plug(&key, Interface::Fido, 64, "S1");
    let entry = devices(1).remove(0);
    let mut channel = HidChannel::open(&entry).unwrap();
    // While a report is waited for.
    let pulling = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(plugged);
    });
    assert_eq!(
        channel.read_report(&mut [0; 64], PATIENCE),
        Err(TransportError::Gone)
    );
    pulling.join().unwrap();
    assert_eq!(channel.write_report(&[0; 64]), Err(TransportError::Gone));
    devices(0);
    assert_eq!(open(&entry).err(), Some(HidError::Gone));

    // Put back while the dead handle is still open: another path, the same key.
    let _plugged = UhidKey::plug(&key, Interface::Fido, 64, "S1");
    let again = devices(1).remove(0);
    assert_ne!(again.path, entry.path);
    assert!(again.is_same_key(&entry));
    get_info(&mut open(&again).unwrap());
    assert_eq!(channel.write_report(&[0; 64]), Err(TransportError::Gone));
}

fn watched() {
    let key = key();
    let mut watch = watch();
    assert_eq!(watch.next_event(Duration::from_millis(10)), Ok(None));
    for _ in 0..2 {
        let plugged = UhidKey::plug(&key, Interface::Vendor, 64, "");
        let Ok(Some(Event::Plugged(entry))) = watch.next_event(PATIENCE) else {
            panic!("not seen");
        };
        assert_eq!(
            (entry.interface, entry.access.clone()),
            (Interface::Vendor, Ok(()))
        );
        // Another of its like between two looks: it gets the same path.
        drop(plugged);
        let plugged = UhidKey::plug(&key, Interface::Vendor, 64, "");
        assert_eq!(
            watch.next_event(PATIENCE),
            Ok(Some(Event::Unplugged(entry.clone())))
        );
        assert_eq!(
            watch.next_event(PATIENCE),
            Ok(Some(Event::Plugged(entry.clone())))
        );
        drop(plugged);
        assert_eq!(watch.next_event(PATIENCE), Ok(Some(Event::Unplugged(entry))));
    }
}

fn denied() {
    let key = key();
    let _fido = UhidKey::plug(&key, Interface::Fido, 64, "");
    let _vendor = UhidKey::plug(&key, Interface::Vendor, 64, "");
    let vendor = devices(2)
        .into_iter()
        .find(|entry| entry.interface == Interface::Vendor)
        .unwrap();
    // As a udev rule that knows the vendor interface alone.
    std::fs::set_permissions(&vendor.path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args([TEST, "--exact", "--nocapture"])
        .env(GUEST, "nobody")
        .uid(65534)
        .gid(65534)
        .status()
        .unwrap();
    assert!(status.success());
}

fn without_rights() {
    let entries = list().unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        if entry.interface == Interface::Vendor {
            assert_eq!(entry.access, Ok(()));
            let mut device = CtapUnlockDevice::new(open(&entry).unwrap());
            assert_eq!(call(|call| device.info(call)).unwrap().pin_retries, 8);
        } else {
            let Err(HidError::PermissionDenied { path, rule }) = open(&entry).map(drop) else {
                panic!("{entry:?}");
            };
            assert_eq!(path, entry.path);
            assert!(rule.contains("*:1209:F1D0.*"), "{rule}");
            assert_eq!(entry.access, Err(HidError::PermissionDenied { path, rule }));
        }
    }
}
