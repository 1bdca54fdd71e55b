//! What the tests of the packages share. They need what `cargo xtask test packages` and
//! `cargo xtask test windows` make and name; without it they fail and say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(clippy::missing_panics_doc, missing_docs)]

mod maven;
mod wine;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fido_unlock::ErrorCode;
pub use maven::{VERSION, artifact, local_repository};
pub use wine::Wine;

/// The project's own folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// What `cargo xtask package` and `cargo xtask windows` left.
pub fn packages() -> PathBuf {
    let folder = root().join("target/packages");
    assert!(folder.exists(), "run `cargo xtask package` before");
    folder
}

/// A path that a step of xtask names.
pub fn given(name: &str) -> PathBuf {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: run by `cargo xtask test packages` or `test windows`"))
        .into()
}

/// Whether the packages are those that ship: with a library for ARM too.
pub fn ships() -> bool {
    std::env::var_os("FIDO_UNLOCK_SHIPS").is_some()
}

/// An ELF file for 64-bit ARM.
pub fn is_arm64(library: &Path) -> bool {
    let bytes = fs::read(library).unwrap();
    // e_machine, little-endian: EM_AARCH64.
    bytes.starts_with(b"\x7fELF") && bytes[18..20] == [183, 0]
}

/// An empty folder.
pub fn scratch(name: &str) -> PathBuf {
    let folder = root().join("target/packages/tests").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs to a good end; what it printed. A program that hangs is a failure after half an hour.
pub fn succeed(command: &mut Command) -> String {
    let output = bounded(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn bounded(command: &Command) -> Output {
    let mut timeout = Command::new("timeout");
    timeout.args(["--kill-after=5", "1800"]);
    // Cargo's: by it a host would find the library that was built last, and not the package's.
    timeout.env_remove("LD_LIBRARY_PATH");
    timeout.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timeout.env(name, value),
            None => timeout.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        timeout.current_dir(folder);
    }
    timeout
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// The C# files of a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cs"))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no C# in {}", folder.display());
    all
}

/// Compiles a C# program with mono's `mcs`, for mono and .NET.
pub fn compile(exe: &Path, files: &[PathBuf], references: &[PathBuf]) {
    let mut mcs = Command::new("mcs");
    mcs.args([
        "-langversion:7.2",
        "-warnaserror+",
        "-optimize+",
        "-r:System.Runtime.Serialization",
        "-r:System.Numerics",
    ]);
    for reference in references {
        mcs.arg(format!("-r:{}", reference.display()));
    }
    succeed(mcs.arg(format!("-out:{}", exe.display())).args(files));
    let config = r#"{"runtimeOptions":{"rollForward":"LatestMajor","framework":{"name":"Microsoft.NETCore.App","version":"3.1.0"}}}"#;
    fs::write(exe.with_extension("runtimeconfig.json"), config).unwrap();
}

/// What every host in `hosts/` prints; `devices` is what there is to be listed.
pub fn check_hello(text: &str, devices: &[&str]) {
    println!("{text}");
    let line = |word: &str| {
        // Debian's Maven begins its output with an escape sequence, whatever it is told.
        let found = text
            .lines()
            .find_map(|line| line.trim_start_matches("\x1b[0m").strip_prefix(word));
        found
            .unwrap_or_else(|| panic!("no {word}: {text}"))
            .trim()
            .to_owned()
    };
    let named = |code: ErrorCode| format!("{} {}", code.number(), code.name());
    assert_eq!(line("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(line("code"), named(ErrorCode::CodeCheck));
    assert_eq!(line("pipe"), named(ErrorCode::Gone));
    assert!(devices.contains(&line("devices").as_str()), "{text}");
}

/// `devices` of a machine with readers or without, with pcscd or without.
pub const DEVICES_OF_LINUX: &[&str] = &["good", "501 NoDevice", "511 NoService", "512 NoReader"];
