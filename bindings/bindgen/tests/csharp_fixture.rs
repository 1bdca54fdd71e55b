//! The fixture crate from C#: built, generated for, compiled by mono's `mcs`, and run on mono and on .NET.
//!
//! Needs Debian's `mono-mcs mono-runtime libmono-system-core4.0-cil` and a .NET: `FIDO_UNLOCK_DOTNET`, `dotnet`
//! on the path, or Python's package `dotnetcore2`. What is missing is a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BINDGEN: &str = env!("CARGO_BIN_EXE_fido-unlock-bindgen");

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}

/// Builds the fixture; gives the folder that holds the library.
fn build_fixture() -> PathBuf {
    let folder = Path::new(BINDGEN).parent().unwrap().to_path_buf();
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--quiet", "-p", "fido-unlock-bindgen-fixture"])
        .current_dir(here());
    if folder.ends_with("release") {
        command.arg("--release");
    }
    succeed(&mut command);
    folder
}

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

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cs"))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no C# in {}", folder.display());
    all
}

fn compile(exe: &Path, files: &[PathBuf]) {
    let mut command = Command::new("mcs");
    command.args(["-langversion:7.2", "-warnaserror+", "-warn:4", "-optimize+"]);
    succeed(command.arg(format!("-out:{}", exe.display())).args(files));
    let config = r#"{"runtimeOptions":{"rollForward":"LatestMajor","framework":{"name":"Microsoft.NETCore.App","version":"3.1.0"}}}"#;
    fs::write(exe.with_extension("runtimeconfig.json"), config).unwrap();
}

fn mono(libraries: &Path, exe: &Path) -> Output {
    run(Command::new("mono")
        .arg(exe)
        .env("LD_LIBRARY_PATH", libraries)
        .env("RUST_BACKTRACE", "0"))
}

fn dotnet(libraries: &Path, exe: &Path) -> Output {
    run(Command::new(dotnet_program())
        .arg("exec")
        .arg(exe)
        .env("LD_LIBRARY_PATH", libraries)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .env("RUST_BACKTRACE", "0"))
}

fn dotnet_program() -> PathBuf {
    if let Some(given) = std::env::var_os("FIDO_UNLOCK_DOTNET") {
        return given.into();
    }
    if Command::new("dotnet")
        .arg("--info")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return "dotnet".into();
    }
    let find = "import importlib.util as u, os; print(os.path.dirname(u.find_spec('dotnetcore2').origin))";
    let output = run(Command::new("python3").args(["-c", find]));
    assert!(
        output.status.success(),
        "no .NET: set FIDO_UNLOCK_DOTNET or `pip install --no-deps dotnetcore2`"
    );
    let program = Path::new(String::from_utf8(output.stdout).unwrap().trim()).join("bin/dotnet");
    // The wheel's file comes without the right to be run.
    let mut rights = fs::metadata(&program).unwrap().permissions();
    if rights.mode() & 0o100 == 0 {
        rights.set_mode(rights.mode() | 0o111);
        fs::set_permissions(&program, rights).unwrap();
    }
    program
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The runner's last line must name as many passes as there are tests in the sources.
fn check_summary(output: &Output, expected: usize, runtime: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.lines().last().unwrap_or_default();
    println!("{runtime}: {summary}");
    assert!(
        output.status.success() && summary == format!("{expected} passed, 0 failed"),
        "{runtime}, {expected} tests expected:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn fixture_runs_on_mono_and_dotnet() {
    let libraries = build_fixture();
    let out = scratch("csharp-fixture");
    generate(&libraries, &out);
    let tests = sources(&here().join("fixture/csharp"));
    let expected: usize = tests
        .iter()
        .map(|path| fs::read_to_string(path).unwrap().matches("    [Test]\n").count())
        .sum();
    assert!(expected >= 60, "only {expected} tests found in the sources");
    let exe = out.join("fixture.exe");
    compile(&exe, &[sources(&out), tests].concat());
    check_summary(&mono(&libraries, &exe), expected, "mono");
    check_summary(&dotnet(&libraries, &exe), expected, "dotnet");
}

#[test]
fn another_version_of_the_library_is_refused() {
    let libraries = build_fixture();
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
    for output in [mono(&libraries, &exe), dotnet(&libraries, &exe)] {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("checksum_func_noop"),
            "{output:?}"
        );
    }
}

#[test]
fn a_stale_file_is_found() {
    let libraries = build_fixture();
    let out = scratch("csharp-stale");
    generate(&libraries, &out);
    let runtime = out.join("Uniffi.cs");
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
        String::from_utf8_lossy(&output.stderr).contains("Uniffi.cs is stale"),
        "{output:?}"
    );
}
