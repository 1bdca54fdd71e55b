//! The same steps on a HID key: in a guest kernel, with the virtual key behind uhid.

use std::path::Path;
use std::time::Duration;

use fido_unlock::host::framing::Interface;
use fido_unlock_hid::list;
use fido_unlock_stacks_tests::{VirtualKey, guest};

use crate::life::whole_life;
use crate::place::Place;

#[test]
fn whole_life_of_an_unlock_over_hidraw() {
    if guest::is_guest() {
        in_the_guest();
        guest::tell_cases(1);
        return;
    }
    guest::boot(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks-guest"),
        "guest::whole_life_of_an_unlock_over_hidraw",
        &[Path::new(env!("CARGO_BIN_EXE_virtual_key"))],
        None,
        1,
    );
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
}
