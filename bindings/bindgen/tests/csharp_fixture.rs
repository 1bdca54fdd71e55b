//! The fixture crate from C#: built, generated for, compiled by mono's `mcs`, and run on mono and on .NET.
//!
//! Needs what the README of this crate names. A .NET is found by `FIDO_UNLOCK_DOTNET`, `dotnet`
//! on the path, or Python's package `dotnetcore2`. What is missing is a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{
    BINDGEN, Run, build, check_summary, compile, count_tests, here, run, scratch, sources, succeed,
};

fn generate(libraries: &Path, out: &Path) {
    let library = libraries.join("libfido_unlock_bindgen_fixture.so");
    let mut command = Command::new(BINDGEN);
    command
        .args(["csharp", "--namespace", "Fixture", "--library"])
        .arg(&library)
        .arg("--out")
        .arg(out);
    succeed(&mut command);
    succeed(command.arg("--check"));
}

#[test]
fn fixture_runs_on_mono_and_dotnet() {
    let libraries = build("fido-unlock-bindgen-fixture", &[]);
    let out = scratch("csharp-fixture");
    generate(&libraries, &out);
    let tests = sources(&here().join("fixture/csharp"));
    let expected = count_tests(&tests);
    assert!(expected >= 60, "only {expected} tests found in the sources");
    let exe = out.join("fixture.exe");
    compile(&exe, &[sources(&out), tests].concat());
    check_summary(&Run::of(&libraries, &exe).mono(), expected, "mono");
    check_summary(&Run::of(&libraries, &exe).dotnet(), expected, "dotnet");
}

#[test]
fn another_version_of_the_library_is_refused() {
    let libraries = build("fido-unlock-bindgen-fixture", &[]);
    let out = scratch("csharp-mismatch");
    generate(&libraries, &out);
    let generated = out.join("Fixture.cs");
    let text = fs::read_to_string(&generated).unwrap();
    let call = "UniffiNative.uniffi_fido_unlock_bindgen_fixture_checksum_func_noop(), ";
    let start = text.find(call).expect("a checksum of noop") + call.len();
    let length = text[start..].find(')').unwrap();
    let other = (text[start..start + length].parse::<u16>().unwrap()).wrapping_add(1);
    fs::write(
        &generated,
        format!("{}{other}{}", &text[..start], &text[start + length..]),
    )
    .unwrap();
    let program = out.join("Program.cs");
    fs::write(
        &program,
        "public static class Program { public static int Main() {\n\
         try { Fixture.FixtureFunctions.Noop(); return 1; }\n\
         catch (Fixture.NativeLibraryMismatchException thrown) { System.Console.WriteLine(thrown.Message); return 0; } } }",
    )
    .unwrap();
    let exe = out.join("mismatch.exe");
    compile(&exe, &sources(&out));
    for output in [
        Run::of(&libraries, &exe).mono(),
        Run::of(&libraries, &exe).dotnet(),
    ] {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("checksum_func_noop"),
            "{output:?}"
        );
    }
}

#[test]
fn a_stale_file_is_found() {
    let libraries = build("fido-unlock-bindgen-fixture", &[]);
    let out = scratch("csharp-stale");
    generate(&libraries, &out);
    let runtime = out.join("UniffiCodec.cs");
    fs::write(&runtime, fs::read_to_string(&runtime).unwrap() + "\n").unwrap();
    let library = libraries.join("libfido_unlock_bindgen_fixture.so");
    let mut command = Command::new(BINDGEN);
    command
        .args(["csharp", "--check", "--namespace", "Fixture", "--library"])
        .arg(library)
        .arg("--out")
        .arg(&out);
    let output = run(&mut command);
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("UniffiCodec.cs is stale"),
        "{output:?}"
    );
}
