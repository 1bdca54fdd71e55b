//! The bindings: generated files fresh, C# on mono and .NET Core, Kotlin on the JVM, the C header.

use std::path::PathBuf;
use std::process::Command;

use crate::packages;
use crate::step::{Done, Failed, cargo, root, run, run_tests};

/// Debian packages of these tests alone.
const PACKAGES: &[(&str, &str)] = &[
    ("mono-mcs", "the C# compiler"),
    ("mono-runtime", "C# programs"),
    ("libmono-system-numerics4.0-cil", "P-256 in the tests of C#"),
    (
        "libmono-system-runtime-serialization4.0-cil",
        "JSON in the tests of C#",
    ),
];
/// A program, and the package that brings it where no other way did.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("java", "openjdk-17-jdk-headless", "Kotlin's tests"),
    ("mvn", "maven", "Kotlin's build"),
];

/// Everything; the library is built with `-p` alone, so that no generator gets into it.
pub fn test() -> Done {
    packages::install_these(PACKAGES)?;
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, ..)| !works(program))
        .map(|(_, package, why)| (*package, *why))
        .collect();
    packages::install_these(&missing)?;
    run(
        "bindings: the library",
        &mut cargo(&["build", "--quiet", "-p", "fido-unlock-ffi"]),
    )?;
    for language in ["kotlin", "swift", "csharp"] {
        run(
            &format!("bindings: {language} is fresh"),
            &mut bindgen(&[language, "--check"]),
        )?;
    }
    let mut csharp = cargo(&["test", "--no-fail-fast", "-p", "fido-unlock-bindgen"]);
    run_tests("tests: C#", csharp.env("FIDO_UNLOCK_DOTNET", dotnet()?))?;
    run_tests(
        "tests: facade",
        &mut cargo(&[
            "test",
            "--no-fail-fast",
            "-p",
            "fido-unlock-ffi",
            "--features",
            "mock",
        ]),
    )?;
    kotlin()
}

/// Kotlin's suite needs a library with the software authenticator, and that library's own file.
fn kotlin() -> Done {
    let build = ["build", "--quiet", "-p", "fido-unlock-ffi", "--features", "mock"];
    run(
        "bindings: the library with the software authenticator",
        &mut cargo(&build),
    )?;
    let card = [
        "build",
        "--quiet",
        "-p",
        "fido-unlock-mock",
        "--features",
        "virtual",
        "--bin",
        "fido-unlock-virtual",
    ];
    run("bindings: the virtual key", &mut cargo(&card))?;
    let native = root().join("bindings/kotlin/target/native");
    let copied = std::fs::create_dir_all(&native).and_then(|()| {
        std::fs::copy(
            root().join("target/debug/libfido_unlock_ffi.so"),
            native.join("libfido_unlock_ffi.so"),
        )
    });
    copied.map_err(|error| Failed(format!("{}: {error}", native.display())))?;
    let library = "bindings/kotlin/target/native/libfido_unlock_ffi.so";
    run(
        "bindings: Kotlin's file for the tests",
        &mut bindgen(&[
            "kotlin",
            "--library",
            library,
            "--out",
            "bindings/kotlin/target/generated",
        ]),
    )?;
    let arguments = [
        "-B",
        "-ntp",
        "-f",
        "bindings/kotlin/pom.xml",
        "-Dgenerated=target/generated",
        "test",
    ];
    run_tests(
        "tests: Kotlin",
        Command::new("mvn").args(arguments).current_dir(root()),
    )
}

fn bindgen(arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--quiet", "-p", "fido-unlock-bindgen", "--"]);
    command.args(arguments);
    command
}

fn works(program: &str) -> bool {
    Command::new(program).arg("-version").output().is_ok()
}

/// .NET Core out of a Python wheel: the one way to it that needs no package source of its own.
fn dotnet() -> Result<PathBuf, Failed> {
    let folder = root().join("target/dotnet-venv");
    let done = folder.join("done");
    if !done.exists() {
        run(
            ".NET Core: environment",
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
        )?;
        let mut pip = Command::new(folder.join("bin/python"));
        run(
            ".NET Core: wheel",
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "dotnetcore2"]),
        )?;
        std::fs::write(&done, "").map_err(|error| Failed(error.to_string()))?;
    }
    let find = "import importlib.util as u, os; print(os.path.dirname(u.find_spec('dotnetcore2').origin))";
    let output = Command::new(folder.join("bin/python"))
        .args(["-c", find])
        .output();
    let output = output.map_err(|error| Failed(format!("dotnetcore2: {error}")))?;
    let package = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let program = package.join("bin/dotnet");
    if program.exists() {
        Ok(program)
    } else {
        Err(Failed(format!("{} is not there", program.display())))
    }
}
