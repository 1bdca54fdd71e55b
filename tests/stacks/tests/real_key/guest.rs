//! The same steps on a HID key: in a guest kernel, with the virtual key behind uhid.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fido_unlock::framing::Interface;
use fido_unlock_hid::list;
use fido_unlock_stacks_tests::VirtualKey;

use crate::life::whole_life;
use crate::place::Place;

/// Set in the guest.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";
const TEST: &str = "guest::whole_life_of_an_unlock_over_hidraw";

#[cfg(target_arch = "x86_64")]
#[test]
fn whole_life_of_an_unlock_over_hidraw() {
    if std::env::var_os(GUEST).is_some() {
        in_the_guest();
    } else {
        boot();
    }
}

fn boot() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-key-guest");
    std::fs::create_dir_all(&folder).unwrap();
    let output = Command::new("sh")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../adapters/hid/tests/support/guest.sh"
        ))
        .arg(std::env::current_exe().unwrap())
        .arg(TEST)
        .arg(&folder)
        .arg(env!("CARGO_BIN_EXE_virtual_key"))
        .output()
        .unwrap();
    let console =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let exit = "guest exit 0 unlocked";
    assert!(console.lines().any(|line| line.trim() == exit), "{console}");
}

fn in_the_guest() {
    let mut key = VirtualKey::start("/bin/virtual_key", "hid", Path::new("/tmp/key"), &[]);
    let entry = loop {
        let mut entries = list().unwrap().into_iter();
        match entries.find(|entry| entry.interface == Interface::Fido && entry.access.is_ok()) {
            Some(entry) => break entry,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let outcome = whole_life(&mut Place::named(&entry.path), &mut key);
    assert_eq!(outcome, Ok(()));
    std::fs::write("/tmp/exit", "unlocked").unwrap();
}
