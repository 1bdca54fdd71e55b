//! A guest kernel with uhid and hidraw, and one test in it. Packages: those of
//! `adapters/hid/tests/hidraw.rs`.

use std::path::Path;
use std::process::Command;

/// Set in the guest.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";

#[must_use]
pub fn is_guest() -> bool {
    std::env::var_os(GUEST).is_some()
}

/// Boots it and runs this program's test `name` there, with `others` as programs in `/bin`; `folder` keeps
/// kernel and console. The test must have told that it ran `cases`, by [`tell_cases`].
pub fn boot(folder: &Path, name: &str, others: &[&Path], cases: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let output = Command::new("sh")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../adapters/hid/tests/support/guest.sh"
        ))
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .arg(folder)
        .args(others)
        .output()
        .unwrap();
    let console =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("{console}");
    std::fs::write(folder.join(format!("{name}.txt")), &console).unwrap();
    let exit = format!("guest exit 0 cases {cases}");
    assert!(console.lines().any(|line| line.trim() == exit), "{console}");
}

/// In the guest, at the test's end.
pub fn tell_cases(cases: usize) {
    std::fs::write("/tmp/exit", format!("cases {cases}")).unwrap();
}
