//! fido-unlock for 64-bit Windows, made on Linux: Debian's Rust brings the sources of its std, so that std is
//! built with the rest (`build-std`), and mingw links. Nothing else here is built by that Rust.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::dotnet;
use super::generator::bindgen;
use super::library::{self, FEATURES, profile};
use crate::cache;
use crate::packages;
use crate::step::{self, Done, Failed, Group, root, run, within};
use crate::{tree, workspace};

const TARGET: &str = "x86_64-pc-windows-gnu";
/// The file of the library.
pub const LIBRARY: &str = "fido_unlock_ffi.dll";
const PROGRAM: &str = "fido-unlock.exe";

/// The library with all optimisation; gives its path.
pub fn ship() -> Result<PathBuf, Failed> {
    library::to_ship();
    build()
}

/// The library without the software authenticator, built at most once in a run; gives its path.
pub fn build() -> Result<PathBuf, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| within(Group::Build, make).map_err(|Failed(reason)| reason))
        .clone()
        .map_err(Failed)
}

/// Library and command line always together: alone, either would have its crates with other features and so
/// compiled again. The command line is without graviola, which the library would get with it.
const SELECTION: &[&str] = &[
    "-p",
    "fido-unlock-ffi",
    "-p",
    "fido-unlock-cli",
    "--no-default-features",
];
const EACH: &str = "fido-unlock-ffi/files,fido-unlock-cli/hid,fido-unlock-cli/pcsc";

fn make() -> Result<PathBuf, Failed> {
    packages::install_these(packages::WINDOWS)?;
    let features = FEATURES.map(|name| format!("fido-unlock-ffi/{name}"));
    run(
        "windows: the library, the command line",
        &mut rust(&features.join(","))?,
    )?;
    library::keep(&built(PROGRAM), "win-x64-tests")?;
    library::keep(&built(LIBRARY), "win-x64")
}

/// The library as tests want it, with the software authenticator; as on Linux it asks for no devices.
fn build_for_tests() -> Result<PathBuf, Failed> {
    packages::install_these(packages::WINDOWS)?;
    run(
        "windows: the library with the software authenticator",
        &mut rust("fido-unlock-ffi/mock")?,
    )?;
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
    let fits = run(
        "windows: C# that is committed fits the library",
        bindgen(&["csharp", "--check", "--library"])?.arg(&shipped),
    );
    let generated = folder.join("generated");
    let mut generate = bindgen(&["csharp", "--library"])?;
    generate.arg(&tested).arg("--out").arg(&generated);
    let on_windows = run("windows: C# for the tests", &mut generate).and_then(|()| {
        let dotnet = [("FIDO_UNLOCK_WINDOWS_DOTNET", dotnet)];
        workspace::test(
            "tests: Windows",
            &["--test=windows".into()],
            &dotnet,
            &["--show-output"],
        )
    });
    // The same tests as for this system, where files and processes matter; terminals are Linux's.
    let wine = root().join("tests/packages/wine/fido-unlock");
    let command_line = workspace::test(
        "tests: command line for Windows",
        &["--test=cli".into()],
        &[("FIDO_UNLOCK_PROGRAM", wine)],
        &["flow::", "keys::", "secrets::"],
    );
    step::joined(vec![fits, on_windows, command_line])
}

fn rust(features: &str) -> Result<Command, Failed> {
    // No libgcc_s_seh-1.dll beside it.
    let mut command = debian_cargo(TARGET, &["-Ctarget-feature=+crt-static".into()])?;
    command
        .args(SELECTION)
        .args(["--features", EACH, "--features", features])
        .env("CARGO_TARGET_DIR", root().join("target/windows"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-windows"));
    Ok(command)
}

/// Debian's cargo for another system, whatever another one came first in the path, over a copy of the project that
/// is always in the same place on a machine, so that its crates are compiled once for all clones. `options`: the
/// compiler's own.
pub fn debian_cargo(target: &str, options: &[String]) -> Result<Command, Failed> {
    let tree = cache::place("windows");
    tree::mirror(&tree)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let options = [&[library::remapped(&tree)], options].concat();
    let mut command = Command::new("/usr/bin/cargo");
    // Of the cargo and rustup that run this program.
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    step::forget_xtask(&mut command);
    command
        .args(["build", "--quiet", "--locked", "--target", target])
        .args(["-Z", "build-std=std,panic_unwind", "--profile", profile()])
        .env("PATH", format!("/usr/bin:{path}"))
        .env_remove("CARGO_BUILD_TARGET")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", options.join(library::SEPARATOR))
        .current_dir(tree);
    Ok(command)
}

fn built(file: &str) -> PathBuf {
    root()
        .join("target/windows")
        .join(TARGET)
        .join(profile())
        .join(file)
}
