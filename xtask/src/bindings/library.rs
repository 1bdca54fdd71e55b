//! The native libraries as they ship: without the software authenticator, with the devices of a desktop.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::vendor;
use crate::cache;
use crate::step::{Failed, Group, cargo, root, run, within};
use crate::workspace::packages;

/// Cargo's profile: "trial", unless this run makes what ships.
static PROFILE: OnceLock<&str> = OnceLock::new();
/// Beside the default ones.
pub const FEATURES: [&str; 2] = ["hid", "pcsc"];
/// The file of the library on Linux.
pub const LIBRARY: &str = "libfido_unlock_ffi.so";

/// From here on this run builds what ships, with all optimisation.
pub fn to_ship() {
    let _ = PROFILE.set("ship");
}

/// Cargo's profile for the native libraries of this run.
pub fn profile() -> &'static str {
    PROFILE.get_or_init(|| "trial")
}

/// Whether this run makes what ships.
pub fn is_to_ship() -> bool {
    profile() == "ship"
}

/// The library for this system, 64-bit Linux, built at most once in a run; gives its path. It is compiled
/// from the archive for machines with Swift, offline and with nothing else in reach, so that what ships and
/// what the archive holds are one.
pub fn build() -> Result<PathBuf, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| within(Group::Build, make).map_err(|Failed(reason)| reason))
        .clone()
        .map_err(Failed)
}

fn make() -> Result<PathBuf, Failed> {
    let tree = vendor::unpacked()?;
    let mut command = cargo(&[
        "build",
        "--quiet",
        "--offline",
        "--locked",
        "--profile",
        profile(),
    ]);
    command
        .args(["-p", "fido-unlock-ffi", "--features", &FEATURES.join(",")])
        .current_dir(&tree)
        .env("CARGO_HOME", tree.join("cargo-home"))
        .env("CARGO_TARGET_DIR", root().join("target"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-ship"))
        // The generators read what it exports; whoever ships it needs no names.
        .args(["--config", &format!("profile.{}.strip = 'debuginfo'", profile())])
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(&tree));
    run(
        "packages: the library for Linux, from vendored crates",
        &mut command,
    )?;
    let built = keep(
        &root().join("target").join(profile()).join(LIBRARY),
        "linux-x64-names",
    )?;
    let shipped = keep(&built, "linux-x64")?;
    let mut strip = Command::new("strip");
    run(
        "packages: its names are taken out",
        strip.arg("--strip-all").arg(&shipped),
    )?;
    Ok(shipped)
}

/// The same with its names, for the generators; gives its path.
pub fn with_names() -> Result<PathBuf, Failed> {
    build()?;
    Ok(packages().join("native/linux-x64-names").join(LIBRARY))
}

/// Copies a built file away from where the next build would write over it.
pub fn keep(file: &Path, kind: &str) -> Result<PathBuf, Failed> {
    let folder = packages().join("native").join(kind);
    let to = folder.join(file.file_name().unwrap_or_default());
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(file, &to))
        .map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok(to)
}

/// The compiler's options by which no path of the machine that built it gets into a library whose sources
/// are in `tree`.
pub fn remapped(tree: &Path) -> String {
    let home = std::env::var("CARGO_HOME").unwrap_or_else(|_| {
        let home = std::env::var("HOME").unwrap_or_default();
        format!("{home}/.cargo")
    });
    let prefix = |from: &str, to: &str| format!("--remap-path-prefix={from}={to}");
    [
        prefix(&home, "cargo"),
        prefix(STD, "rust"),
        prefix(&cache::folder().display().to_string(), "build"),
        // The last that fits counts.
        prefix(&tree.display().to_string(), "fido-unlock"),
    ]
    .join(SEPARATOR)
}

/// Where Debian has the sources of Rust's std.
const STD: &str = "/usr/lib/rustlib/src/rust";
/// Between options in `CARGO_ENCODED_RUSTFLAGS`.
pub const SEPARATOR: &str = "\x1f";
