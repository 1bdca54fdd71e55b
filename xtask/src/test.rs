//! `cargo xtask test`: every test there is.

use crate::step::{self, Done, cargo};
use crate::{bindings, firmware, packages};

/// Packages first, then the tests that need nothing, then those over the real stacks.
pub fn run() -> Done {
    packages::install()?;
    step::all(&[
        firmware::build,
        default_members,
        real_stacks,
        bindings::test,
        bindings::test_windows,
        bindings::test_packages,
    ])
}

fn default_members() -> Done {
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
    step::run_tests("tests: default members", &mut cargo(&["test", "--no-fail-fast"]))
}

fn real_stacks() -> Done {
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
    )
}
