//! fido-unlock for Linux on 64-bit ARM, made and run on x86: Debian's Rust builds its std with the rest, as for
//! Windows (`windows.rs`), Debian's cross compiler links, and qemu runs it with the libraries of an ARM Debian that
//! lie in a folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::generator::bindgen;
use super::library::{self, FEATURES, LIBRARY, profile};
use super::{debian, windows};
use crate::packages;
use crate::step::{Done, Failed, Group, root, run, timed, within};
use crate::{cache, step};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const COMPILER: &str = "aarch64-linux-gnu-gcc";
/// Debian's name for the processor, and for its libraries' folder.
const ARCHITECTURE: &str = "arm64";
const LIBRARIES: &str = "usr/lib/aarch64-linux-gnu";
/// The release that the library for x86 is built on, so that both want the same C library.
const RELEASE: &str = "bookworm";
/// What the adapters link.
const WANTED: &[&str] = &["libudev1", "libudev-dev", "libpcsclite1", "libpcsclite-dev"];

/// The library as it ships, built at most once in a run; gives its path.
pub fn build() -> Result<PathBuf, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| within(Group::Build, make).map_err(|Failed(reason)| reason))
        .clone()
        .map_err(Failed)
}

fn make() -> Result<PathBuf, Failed> {
    let sysroot = sysroot()?;
    run("arm64: the library", &mut rust(&sysroot, &FEATURES.join(","))?)?;
    let shipped = library::keep(&built(), "linux-arm64")?;
    let mut strip = Command::new("aarch64-linux-gnu-strip");
    run(
        "arm64: its names are taken out",
        strip.arg("--strip-all").arg(&shipped),
    )?;
    Ok(shipped)
}

/// Under qemu: a whole unlock in C through the header, and the library that ships as a program loads it.
pub fn test() -> Done {
    packages::install_these(packages::ARM64_TESTS)?;
    let sysroot = sysroot()?;
    let shipped = build()?;
    within(Group::Build, || {
        run(
            "arm64: the library with the software authenticator",
            &mut rust(&sysroot, "mock")?,
        )
    })?;
    let tested = library::keep(&built(), "linux-arm64-tests")?;
    within(Group::Tests, || {
        step::joined(vec![whole_unlock(&sysroot, &tested), loads(&sysroot, &shipped)])
    })
}

/// The C program that CI runs on x86, without its sanitizers: qemu has no room for their memory.
fn whole_unlock(sysroot: &Path, library: &Path) -> Done {
    let folder = folder(library);
    let mut generate = bindgen(&["swift", "--library"])?;
    generate.arg(library).arg("--out").arg(&folder);
    run("arm64: the C header", &mut generate)?;
    let program = folder.join("unlock_test");
    let mut compile = c(&program);
    compile
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(folder.join("fido_unlockFFI"))
        .arg(root().join("bindings/swift/Tests/c/unlock_test.c"))
        .arg(library);
    run("arm64: the test in C", &mut compile)?;
    let text = timed("tests: arm64, a whole unlock in C under qemu", || {
        output(&mut qemu(sysroot, &folder, &program))
    })?;
    let sums = text.lines().last().unwrap_or_default();
    step::keep(format!("tests: arm64: C: {sums}"));
    if sums.ends_with(" passed, 0 failed") && !sums.starts_with("0 ") {
        Ok(())
    } else {
        Err(Failed(format!("tests: arm64: {text}")))
    }
}

/// As a runtime does: by its name, with all of its symbols resolved at once.
fn loads(sysroot: &Path, library: &Path) -> Done {
    const LOADS: &str = r#"#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
int main(int count, char **arguments) {
    void *library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : 0;
    uint32_t (*contract)(void) = library ? dlsym(library, "ffi_fido_unlock_ffi_uniffi_contract_version") : 0;
    if (!contract) return fprintf(stderr, "%s\n", dlerror()), 1;
    printf("contract %u\n", contract());
    return 0;
}
"#;
    let folder = folder(library);
    let source = folder.join("loads.c");
    std::fs::write(&source, LOADS).map_err(|error| Failed(format!("{}: {error}", source.display())))?;
    let program = folder.join("loads");
    run(
        "arm64: a program that loads it",
        c(&program).arg(&source).arg("-ldl"),
    )?;
    let text = timed("tests: arm64, what ships loads under qemu", || {
        output(qemu(sysroot, &folder, &program).arg(LIBRARY))
    })?;
    if text.starts_with("contract ") {
        Ok(())
    } else {
        Err(Failed(format!("tests: arm64: {text}")))
    }
}

fn folder(library: &Path) -> PathBuf {
    library.parent().unwrap_or(Path::new(".")).to_path_buf()
}

fn c(program: &Path) -> Command {
    let mut compile = Command::new(COMPILER);
    compile.arg("-o").arg(program);
    compile
}

fn qemu(sysroot: &Path, libraries: &Path, program: &Path) -> Command {
    let mut qemu = Command::new("qemu-aarch64");
    qemu.arg("-L")
        .arg(sysroot)
        .arg("-E")
        .arg(format!("LD_LIBRARY_PATH={}", libraries.display()))
        .arg(program);
    qemu
}

/// What it printed, where it ended well.
fn output(command: &mut Command) -> Result<String, Failed> {
    let output = command
        .output()
        .map_err(|error| Failed(format!("qemu-aarch64: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    println!("{text}");
    if output.status.success() {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failed(format!("qemu-aarch64: {}: {text}{said}", output.status)))
}

/// An ARM Debian's libraries: nothing of it is installed, so nothing of it is run here.
fn sysroot() -> Result<PathBuf, Failed> {
    packages::install_these(packages::ARM64)?;
    let of = [&[RELEASE], WANTED].concat();
    cache::made("arm64-debian", &of, |folder| {
        debian::unpack(folder, ARCHITECTURE, RELEASE, WANTED)
    })
}

/// Debian's cargo, as for Windows, over a copy of the project.
fn rust(sysroot: &Path, features: &str) -> Result<Command, Failed> {
    let libraries = sysroot.join(LIBRARIES);
    let mut command = windows::debian_cargo(TARGET, &[format!("-Lnative={}", libraries.display())])?;
    command
        .args(["-p", "fido-unlock-ffi", "--features", features])
        .env("CARGO_TARGET_DIR", root().join("target/arm64"))
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-arm64"))
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", COMPILER)
        .env("CC_aarch64_unknown_linux_gnu", COMPILER)
        .env("PKG_CONFIG_ALLOW_CROSS", "1")
        .env("PKG_CONFIG_SYSROOT_DIR", sysroot)
        .env("PKG_CONFIG_LIBDIR", libraries.join("pkgconfig"));
    Ok(command)
}

fn built() -> PathBuf {
    root()
        .join("target/arm64")
        .join(TARGET)
        .join(profile())
        .join(LIBRARY)
}
