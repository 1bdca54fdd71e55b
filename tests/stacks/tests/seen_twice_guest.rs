//! One key over the kernel's hidraw and over pcscd at once, in a guest kernel: one device.
//!
//! Packages: those of `hid_guest.rs` and of `pcsc/main.rs`.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fido_unlock::host::ports::RouteKind;
use fido_unlock::host::{Condition, DeviceEvent, DeviceWatch, FoundDevice, Listing};
use fido_unlock::{Interface, Suite};
use fido_unlock_stacks_tests::{
    CommandLine, Desk, Joined, NEW_PIN, PATIENCE, VirtualKey, call, guest, try_pin,
};

const TEST: &str = "one_key_over_usb_and_pcsc_in_a_guest";
const READER: &str = "Virtual PCD 00 00";
/// Nothing comes any more.
const QUIET: Duration = Duration::from_secs(2);

type Case = (&'static str, fn());

const CASES: &[Case] = &[
    ("one device by three routes", one_device_by_three_routes),
    ("watched as it comes and goes", watched),
    ("two keys of one model", two_keys_of_one_model),
    ("pcscd ends and comes back", pcscd_ends_and_comes_back),
];

#[test]
fn one_key_over_usb_and_pcsc_in_a_guest() {
    if guest::is_guest() {
        in_the_guest();
        return;
    }
    let pcscd = PathBuf::from("/usr/sbin/pcscd");
    let driver = PathBuf::from("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
    for (path, package) in [(&pcscd, "pcscd"), (&driver, "vsmartcard-vpcd")] {
        assert!(path.exists(), "needs Debian's package {package}");
    }
    guest::boot(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks-guest"),
        TEST,
        &[
            Path::new(env!("CARGO_BIN_EXE_virtual_key")),
            &CommandLine::build(),
            &pcscd,
            &driver,
        ],
        None,
        CASES.len(),
    );
}

fn in_the_guest() {
    // The virtual card and its reader speak TCP.
    let up = Command::new("/bin/busybox")
        .args(["ifconfig", "lo", "up"])
        .status();
    assert!(up.unwrap().success());
    for (name, case) in CASES {
        let begun = Instant::now();
        case();
        println!("case passed: {name} ({} ms)", begun.elapsed().as_millis());
    }
    guest::tell_cases(CASES.len());
}

/// pcscd with vpcd's two readers, killed when dropped.
struct Pcscd(Child);

impl Pcscd {
    fn start() -> Self {
        std::fs::create_dir_all("/run/pcscd").unwrap();
        std::fs::create_dir_all("/tmp/readers").unwrap();
        std::fs::write(
            "/tmp/readers/vpcd",
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH /bin/libifdvpcd.so\nCHANNELID 0x8C7B\n",
        )
        .unwrap();
        for stale in ["pcscd.comm", "pcscd.pid"] {
            let _ = std::fs::remove_file(Path::new("/run/pcscd").join(stale));
        }
        let process = Command::new("/bin/pcscd")
            .args(["--foreground", "--error", "--config", "/tmp/readers"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut pcscd = Self(process);
        let begun = Instant::now();
        while !Path::new("/run/pcscd/pcscd.comm").exists() {
            assert_eq!(pcscd.0.try_wait().unwrap(), None, "pcscd ended");
            assert!(begun.elapsed() < PATIENCE, "no pcscd");
            std::thread::sleep(Duration::from_millis(20));
        }
        pcscd
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A key that is enrolled and blocked, in a file of its own.
fn blocked(name: &str) -> (Desk, PathBuf) {
    let state = Path::new("/tmp").join(name);
    let _ = std::fs::remove_file(&state);
    (Desk::with_blocked_key(Suite::P256EcdhMac, &state), state)
}

fn both(state: &Path, more: &[&str]) -> VirtualKey {
    VirtualKey::start("/bin/virtual_key", "both", state, more)
}

/// "usb fido", "usb vendor", "card", in the order of preference.
fn kinds(device: &FoundDevice) -> Vec<&'static str> {
    let kind = |found: &fido_unlock::host::FoundRoute| match &found.route.kind {
        RouteKind::Hid(hid) if hid.interface == Interface::Fido => "usb fido",
        RouteKind::Hid(_) => "usb vendor",
        _ => "card",
    };
    device.routes.iter().map(kind).collect()
}

const ALL: [&str; 3] = ["usb vendor", "card", "usb fido"];

fn is_one_with(routes: &[&str]) -> impl Fn(&Listing) -> bool {
    move |listing| matches!(listing.devices.as_slice(), [only] if kinds(only) == routes)
}

fn one_device_by_three_routes() {
    let _pcscd = Pcscd::start();
    let (desk, state) = blocked("one");
    let _key = both(&state, &[]);
    let listing = Joined::list_when("one device with three routes", is_one_with(&ALL));
    let device = &listing.devices[0];
    assert_eq!(device.name(), "Virtual key");
    assert_eq!(device.diagnosis().unwrap().condition, Condition::Locked);
    assert!(listing.unassigned.is_empty() && listing.problems.is_empty());
    assert_eq!(listing.readers.len(), 1);
    // Every route told the same Device ID while the PIN is blocked.
    let id = device.device_id().unwrap();
    assert!(device.routes.iter().all(|found| found.device_id() == Some(id)));

    let command_line = CommandLine {
        program: Path::new("/bin/fido-unlock"),
        state: Path::new("/tmp/home"),
    };
    let shown = command_line.run(&["devices"], "");
    assert_eq!(shown.matches(&id.to_code()).count(), 1, "{shown}");
    assert_eq!(shown.matches(READER).count(), 1, "{shown}");
    assert_eq!(shown.matches("/dev/hidraw").count(), 2, "{shown}");
    command_line.run(&["--device", &id.to_code(), "diagnose"], "");
    command_line.unlock(&desk, "Virtual key");

    // Its vendor interface tells no Device ID any more, and is the same key's all the same.
    let listing = Joined::list_when("one device after the unlock", is_one_with(&ALL));
    let device = &listing.devices[0];
    assert_eq!(device.device_id(), Some(id));
    assert_eq!(device.routes[0].device_id(), None);
    let mut opened = call(|call| Joined::devices().open(device, Some(Interface::Fido), call)).unwrap();
    assert_eq!(try_pin(opened.device.transport(), NEW_PIN), Ok(()));
}

/// The next event about a device, others passed over.
fn device_event(watch: &mut DeviceWatch) -> DeviceEvent {
    loop {
        let event = Joined::event(watch);
        if matches!(
            event,
            DeviceEvent::Arrived(_) | DeviceEvent::Changed(_) | DeviceEvent::Left(_)
        ) {
            return event;
        }
    }
}

/// Changes of one device until it has these routes.
fn changes_until(watch: &mut DeviceWatch, routes: &[&str]) {
    loop {
        match device_event(watch) {
            DeviceEvent::Changed(device) if kinds(&device) == routes => return,
            DeviceEvent::Changed(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn arrives(watch: &mut DeviceWatch) {
    match device_event(watch) {
        DeviceEvent::Arrived(device) if kinds(&device) == ALL => {}
        DeviceEvent::Arrived(_) => changes_until(watch, &ALL),
        other => panic!("{other:?}"),
    }
}

fn leaves(watch: &mut DeviceWatch, last: &[&str]) {
    match device_event(watch) {
        DeviceEvent::Left(device) => assert_eq!(kinds(&device), last),
        other => panic!("{other:?}"),
    }
    assert_eq!(Joined::event_within(watch, QUIET), None);
}

fn watched() {
    let _pcscd = Pcscd::start();
    let (_, state) = blocked("watched");
    let mut key = both(&state, &["--removed"]);
    let mut watch = Joined::devices().watch();
    while Joined::event_within(&mut watch, QUIET).is_some() {}
    key.tell("insert");
    arrives(&mut watch);
    key.tell("remove card");
    changes_until(&mut watch, &["usb vendor", "usb fido"]);
    key.tell("insert card");
    changes_until(&mut watch, &ALL);
    key.tell("remove usb");
    changes_until(&mut watch, &["card"]);
    key.tell("insert usb");
    changes_until(&mut watch, &ALL);
    key.tell("remove card");
    changes_until(&mut watch, &["usb vendor", "usb fido"]);
    key.tell("remove usb");
    match device_event(&mut watch) {
        // Both interfaces were pulled between two looks, or one by one.
        DeviceEvent::Changed(_) => leaves(&mut watch, &["usb fido"]),
        DeviceEvent::Left(_) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(Joined::event_within(&mut watch, QUIET), None);
}

/// Not blocked, so that their vendor interfaces tell no Device ID, and without serial numbers.
fn two_keys_of_one_model() {
    let unlocked = |name: &str| {
        let (desk, state) = blocked(name);
        let key = VirtualKey::start("/bin/virtual_key", "hid", &state, &[]);
        let listing = Joined::list_when(
            "a key",
            |listing| matches!(listing.devices.as_slice(), [only] if only.routes.len() == 2),
        );
        let mut opened = call(|call| Joined::devices().open(&listing.devices[0], None, call)).unwrap();
        desk.unlock(&mut opened.device, NEW_PIN).unwrap();
        drop(opened);
        drop(key);
        Joined::list_when("no key", |listing| listing.devices.is_empty());
        state
    };
    let _pcscd = Pcscd::start();
    let (one, two) = (unlocked("first"), unlocked("second"));
    let _one = both(&one, &[]);
    let _two = VirtualKey::start("/bin/virtual_key", "hid", &two, &[]);
    // The issuers' keys, which both interfaces tell, say which halves belong together.
    let listing = Joined::list_when("two devices", |listing| {
        let mut routes: Vec<usize> = listing.devices.iter().map(|device| device.routes.len()).collect();
        routes.sort_unstable();
        routes == [2, 3]
    });
    assert!(listing.unassigned.is_empty(), "{listing:#?}");
    for device in &listing.devices {
        let expected = if device.routes.len() == 3 {
            &ALL[..]
        } else {
            &["usb vendor", "usb fido"]
        };
        assert_eq!(kinds(device), expected);
    }
    assert_ne!(listing.devices[0].device_id(), listing.devices[1].device_id());
}

fn pcscd_ends_and_comes_back() {
    let pcscd = Pcscd::start();
    let (_, state) = blocked("restart");
    let mut key = both(&state, &[]);
    let mut watch = Joined::devices().watch();
    arrives(&mut watch);
    drop(pcscd);
    changes_until(&mut watch, &["usb vendor", "usb fido"]);
    while Joined::event(&mut watch) != DeviceEvent::ServiceStopped {}
    let listing = Joined::list_when("USB alone", is_one_with(&["usb vendor", "usb fido"]));
    assert_eq!(listing.problems.len(), 1, "{listing:#?}");
    let _pcscd = Pcscd::start();
    changes_until(&mut watch, &ALL);
    key.tell("remove");
}
