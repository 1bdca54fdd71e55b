//! A guest kernel with uhid and hidraw, and one test in it. Packages: those of
//! `adapters/hid/tests/hidraw.rs`.

use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Set in the guest.
const GUEST: &str = "FIDO_UNLOCK_HID_GUEST";

#[must_use]
pub fn is_guest() -> bool {
    std::env::var_os(GUEST).is_some()
}

/// Where the files of [`boot`] are in the guest.
pub const FILES: &str = "/files";

/// Boots it and runs this program's test `name` there, with `others` as programs in `/bin`, and copies of what
/// is in `files` in [`FILES`]; `folder` keeps kernel and console. The test must have told that it ran `cases`,
/// by [`tell_cases`].
pub fn boot(folder: &Path, name: &str, others: &[&Path], files: Option<&Path>, cases: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let mut command = Command::new("sh");
    if let Some(files) = files {
        command.env("GUEST_FILES", files);
    }
    let output = command
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
