//! The proofs that core's device side needs no std, and core/protocol no heap: each program has a panic
//! handler of its own, so that one crate that links std fails the build (E0152, two `panic_impl`); the one
//! without a heap has no allocator either, so that one crate that links alloc fails it too.

use crate::cache;
use crate::step::{Done, Group, all, cargo, root, run, within};

/// Builds both for this machine.
pub fn build() -> Done {
    within(Group::Build, || all(&[device, protocol]))
}

fn device() -> Done {
    static_library("firmware without std", "examples/firmware")
}

fn protocol() -> Done {
    static_library("protocol without a heap", "tests/no-heap")
}

fn static_library(name: &str, folder: &str) -> Done {
    let mut command = cargo(&["build", "--quiet", "--release"]);
    command
        .current_dir(root().join(folder))
        .env("CARGO_TARGET_DIR", root().join("target/firmware"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-firmware"));
    run(name, &mut command)
}
