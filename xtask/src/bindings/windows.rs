//! fido-unlock for 64-bit Windows, made on Linux: Debian's Rust brings the sources of its std, so that std is
//! built with the rest (`build-std`), and mingw links. Nothing else here is built by that Rust.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::dotnet;
use super::generator::bindgen;
use super::library::{self, FEATURES, PROFILE};
use crate::cache;
use crate::packages;
use crate::step::{Done, Failed, Group, root, run, within};
use crate::{tree, workspace};

const TARGET: &str = "x86_64-pc-windows-gnu";
/// The file of the library.
pub const LIBRARY: &str = "fido_unlock_ffi.dll";

/// The library as it ships, built at most once in a run; gives its path.
pub fn build() -> Result<PathBuf, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| within(Group::Build, make).map_err(|Failed(reason)| reason))
        .clone()
        .map_err(Failed)
}

fn make() -> Result<PathBuf, Failed> {
    packages::install_these(packages::WINDOWS)?;
    run(
        "windows: the library",
        &mut rust(&["-p", "fido-unlock-ffi"], &features("fido-unlock-ffi", FEATURES))?,
    )?;
    library::keep(&built(LIBRARY), "win-x64")
}

/// What the tests run: the library with the software authenticator, and the command line.
fn build_for_tests() -> Result<PathBuf, Failed> {
    packages::install_these(packages::WINDOWS)?;
    // As on Linux the C# tests' library asks for no devices; the command line does.
    let all = format!("fido-unlock-ffi/mock,{}", features("fido-unlock-cli", FEATURES));
    run(
        "windows: library with the software authenticator, command line",
        &mut rust(&["-p", "fido-unlock-ffi", "-p", "fido-unlock-cli"], &all)?,
    )?;
    library::keep(&built("fido-unlock.exe"), "win-x64-tests")?;
    library::keep(&built(LIBRARY), "win-x64-tests")
}

/// Under Wine: the command line, and C# on .NET for Windows.
pub fn test() -> Done {
    packages::install_for_languages()?;
    packages::install_these(packages::WINE)?;
    let dotnet = dotnet::windows_program()?;
    let shipped = build()?;
    let tested = within(Group::Build, build_for_tests)?;
    let folder = tested.parent().unwrap_or(Path::new("."));
    run(
        "windows: C# that is committed fits the library",
        bindgen(&["csharp", "--check", "--library"])?.arg(&shipped),
    )?;
    let generated = folder.join("generated");
    run(
        "windows: C# for the tests",
        bindgen(&["csharp", "--library"])?
            .arg(&tested)
            .arg("--out")
            .arg(&generated),
    )?;
    let dotnet = [("FIDO_UNLOCK_WINDOWS_DOTNET", dotnet)];
    workspace::test(
        "tests: Windows",
        &["--test=windows".into()],
        &dotnet,
        &["--show-output"],
    )?;
    // The same tests as for this system, where files and processes matter; terminals are Linux's.
    let wine = root().join("tests/packages/wine/fido-unlock");
    workspace::test(
        "tests: command line for Windows",
        &["--test=cli".into()],
        &[("FIDO_UNLOCK_PROGRAM", wine)],
        &["flow::", "keys::", "secrets::"],
    )
}

/// Debian's cargo, whatever another one came first in the path, over a copy of the project that is always in
/// the same place on a machine, so that its crates are compiled once for all clones.
fn rust(what: &[&str], features: &str) -> Result<Command, Failed> {
    let tree = cache::place("windows");
    tree::mirror(&tree)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let options = [library::remapped(&tree), "-Ctarget-feature=+crt-static".into()];
    let mut command = Command::new("/usr/bin/cargo");
    // Of the cargo and rustup that run this program.
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command
        .args(["build", "--quiet", "--locked", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_unwind", "--profile", PROFILE])
        .args(what)
        .args(["--features", features])
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", root().join("target/windows"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-windows"))
        // No libgcc_s_seh-1.dll beside it.
        .env("CARGO_ENCODED_RUSTFLAGS", options.join(library::SEPARATOR))
        .current_dir(tree);
    Ok(command)
}

fn features(package: &str, names: &[&str]) -> String {
    let all: Vec<_> = names.iter().map(|name| format!("{package}/{name}")).collect();
    all.join(",")
}

fn built(file: &str) -> PathBuf {
    root()
        .join("target/windows")
        .join(TARGET)
        .join(PROFILE)
        .join(file)
}
