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
    alone("firmware without std", "build", "examples/firmware")
}

/// Not built: the compiler looks for the allocator before it generates code.
fn protocol() -> Done {
    alone("protocol without a heap", "check", "tests/no-heap")
}

fn alone(name: &str, what: &str, folder: &str) -> Done {
    let mut command = cargo(&[what, "--quiet", "--release"]);
    command
        .current_dir(root().join(folder))
        .env("CARGO_TARGET_DIR", root().join("target/firmware"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-firmware"));
    run(name, &mut command)
}
