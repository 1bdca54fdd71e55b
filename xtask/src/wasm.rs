//! What of core compiles for a browser: `wasm32-unknown-unknown`, which has neither an operating system nor a random
//! source of its own. README says the same for who builds.

use std::process::Command;

use crate::bindings::debian_cargo;
use crate::step::{self, Done, Failed, Group, root, run, timed, within};
use crate::{cache, packages};

const TARGET: &str = "wasm32-unknown-unknown";

/// What compiles, and what says why it does not.
pub fn check() -> Done {
    packages::install_these(packages::WASM)?;
    within(Group::Build, || {
        let compiles = [
            ("fido-unlock-protocol", ""),
            ("fido-unlock-protocol", "alloc"),
            ("fido-unlock-protocol", "note"),
            ("fido-unlock-host", ""),
            ("fido-unlock-host", "tracing"),
            ("fido-unlock-host", "note"),
        ];
        let mut results = Vec::new();
        for (package, features) in compiles {
            let name = format!("wasm: {package}, features [{features}]");
            results.push(run(&name, &mut cargo(package, features)?));
        }
        results.push(timed("wasm: std wants a random source", std_does_not));
        step::joined(results)
    })
}

/// With the default features it does not; the day that it does, README is to say so.
fn std_does_not() -> Done {
    let output = cargo("fido-unlock-host", "std")?
        .output()
        .map_err(|error| Failed(format!("cargo: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && said.contains("getrandom") {
        Ok(())
    } else {
        Err(Failed(format!(
            "wasm: `std` was to fail for want of getrandom's source: {said}"
        )))
    }
}

fn cargo(package: &str, features: &str) -> Result<Command, Failed> {
    let mut command = debian_cargo(TARGET, &[])?;
    command
        .args(["-p", package, "--no-default-features", "--features", features])
        .env("CARGO_TARGET_DIR", root().join("target/wasm"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-wasm"));
    Ok(command)
}
