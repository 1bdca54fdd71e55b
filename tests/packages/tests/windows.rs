//! What was built for Windows, under Wine: the command line, and C# on .NET for Windows.
//!
//! Wine has neither HID devices nor a smart card service: both must come out as errors of ours. The software
//! authenticator takes their place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fido_unlock_packages_tests::{Wine, compile, given, packages, root, scratch, sources, succeed};

const LIBRARY: &str = "fido_unlock_ffi.dll";

fn tested() -> PathBuf {
    packages().join("native/win-x64-tests")
}

/// The DLLs that a program or DLL wants, in small letters.
fn imports(file: &Path) -> Vec<String> {
    let text = succeed(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(file));
    let mut all: Vec<String> = text
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("DLL Name: ")?.to_lowercase()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// No file of mingw has to lie beside it.
#[test]
fn the_library_needs_nothing_but_windows() {
    let library = packages().join("native/win-x64").join(LIBRARY);
    let all = imports(&library);
    println!("{all:?}");
    for wanted in ["winscard.dll", "kernel32.dll"] {
        assert!(all.iter().any(|name| name == wanted), "{all:?}");
    }
    let system = [
        "advapi32.dll",
        "bcrypt.dll",
        "bcryptprimitives.dll",
        "cfgmgr32.dll",
        "hid.dll",
        "kernel32.dll",
        "msvcrt.dll",
        "ntdll.dll",
        "setupapi.dll",
        "userenv.dll",
        "winscard.dll",
        "ws2_32.dll",
    ];
    for name in &all {
        assert!(
            system.contains(&name.as_str()) || name.starts_with("api-ms-win-"),
            "{name} is not a part of Windows"
        );
    }
}

/// What ships holds no software authenticator.
#[test]
fn the_library_that_ships_has_no_mock() {
    let has_mock = |folder: &str| {
        let file = packages().join("native").join(folder).join(LIBRARY);
        succeed(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(file)).contains("fn_func_mock_")
    };
    assert!(has_mock("win-x64-tests"));
    assert!(!has_mock("win-x64"));
}

/// Neither a panic nor an empty list: Wine's smart card service and HID cannot be asked.
#[test]
fn devices_that_cannot_be_asked_are_errors_of_ours() {
    let output = Wine::ready()
        .command(&tested().join("fido-unlock.exe"))
        .args(["devices", "--json"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\"family\":\"transport\""), "{text}");
    assert_eq!(output.status.code(), Some(50));
}

/// The whole suite in C#, compiled by mono, on .NET for Windows with the Windows library.
#[test]
fn csharp_on_dotnet_for_windows() {
    let out = scratch("windows-csharp");
    let tests = sources(&root().join("bindings/csharp/FidoUnlock.Tests"));
    let expected: usize = tests
        .iter()
        .map(|path| fs::read_to_string(path).unwrap().matches("    [Test]\n").count())
        .sum();
    assert!(expected >= 23, "only {expected} tests found in the sources");
    let files = [
        sources(&tested().join("generated")),
        sources(&root().join("bindings/csharp/FidoUnlock")),
        tests,
        vec![root().join("bindings/bindgen/fixture/csharp/Runner.cs")],
    ];
    let exe = out.join("unlock.exe");
    compile(&exe, &files.concat(), &[]);
    fs::copy(tested().join(LIBRARY), out.join(LIBRARY)).unwrap();
    let text = succeed(
        Wine::ready()
            .command(&given("FIDO_UNLOCK_WINDOWS_DOTNET"))
            .arg("exec")
            .arg(&exe)
            .current_dir(&out)
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .env("FIDO_UNLOCK_VECTORS", root().join("tests/vectors"))
            .env("RUST_BACKTRACE", "0"),
    );
    let summary = text.lines().last().map_or("", str::trim_end);
    // One line alone, for the end of CI.
    println!("windows: {summary}");
    assert_eq!(summary, format!("{expected} passed, 0 failed"), "{text}");
}
