//! `cargo xtask test`: every test there is.

use crate::step::{self, Done, cargo};
use crate::{bindings, firmware, packages};

/// Packages first, then the tests that need nothing, then those over the real stacks.
pub fn run() -> Done {
    packages::install()?;
    firmware::build()?;
    step::run(
        "cli without hid and pcsc",
        &mut cargo(&[
            "check",
            "--quiet",
            "-p",
            "fido-unlock-cli",
            "--no-default-features",
        ]),
    )?;
    step::run_tests("tests: default members", &mut cargo(&["test", "--no-fail-fast"]))?;
    step::run_tests(
        "tests: hid and pcsc",
        &mut cargo(&[
            "test",
            "--no-fail-fast",
            "-p",
            "fido-unlock-hid",
            "-p",
            "fido-unlock-pcsc",
            "-p",
            "fido-unlock-stacks-tests",
        ]),
    )?;
    bindings::test()?;
    bindings::test_windows()?;
    bindings::test_packages()
}
