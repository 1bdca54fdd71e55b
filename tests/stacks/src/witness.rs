//! Programs that are not ours.

use std::fs::File;
use std::path::{Path, PathBuf};

use fido_unlock_tests::python::{Fido2, run};

/// Where the Python programs of these tests are.
#[must_use]
pub fn witness() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("witness")
}

/// python-fido2 with PC/SC; pip builds pyscard (package libpcsclite-dev).
#[must_use]
pub fn fido2_pcsc() -> Fido2 {
    let fido2 = Fido2::new();
    let lock = File::create(fido2.source().join("pyscard.lock")).unwrap();
    lock.lock().unwrap();
    let there = fido2.python().args(["-c", "import smartcard"]).output().unwrap();
    if !there.status.success() {
        run(fido2.python().args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "pyscard==2.3.1",
        ]));
    }
    fido2
}
