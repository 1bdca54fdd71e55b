//! `cargo xtask long bench`: figures, as docs/benchmarks.md explains them. No part of CI: a machine that
//! does something else gives others.

use crate::packages;
use crate::step::{self, Done, cargo};

/// Beside the packages of the tests.
const PACKAGES: &[(&str, &str)] = &[("libfido2-dev", "libfido2, a client that is not ours")];

/// An unlock over pcscd and hidraw.
pub fn transport(options: &[&str]) -> Done {
    packages::install()?;
    packages::install_these(PACKAGES)?;
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "-p",
        "fido-unlock-bench-transport",
        "--",
    ]);
    step::run("bench transport", command.args(options))
}

/// The console over loopback, with so many devices.
pub fn console(devices: &[&str]) -> Done {
    let words = [
        "run",
        "--quiet",
        "--release",
        "-p",
        "fido-unlock-bench-console",
        "--",
    ];
    step::run("bench console", cargo(&words).args(devices))
}

/// The desk over SQLite, with so many devices.
pub fn desk(devices: &[&str]) -> Done {
    let words = [
        "run",
        "--quiet",
        "--release",
        "-p",
        "fido-unlock-bench-desk",
        "--",
    ];
    step::run("bench desk", cargo(&words).args(devices))
}
