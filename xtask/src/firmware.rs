//! The proof that core's device side needs no std: `examples/firmware` has a panic handler of its
//! own, so that one crate that links std fails the build (E0152, two `panic_impl`).

use crate::step::{Done, cargo, root, run};

/// Builds it for this machine, and says how large the library is.
pub fn build() -> Done {
    let folder = root().join("examples/firmware");
    let target = root().join("target/firmware");
    let mut command = cargo(&["build", "--quiet", "--release"]);
    command.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
    run("firmware without std", &mut command)
}
