//! The bindings: generated files fresh, C# on mono and .NET Core, Kotlin on the JVM, the C header.

use std::path::PathBuf;
use std::process::Command;

use crate::packages;
use crate::step::{Done, Failed, cargo, root, run};

/// Debian packages of these tests alone.
const PACKAGES: &[(&str, &str)] = &[
    ("mono-mcs", "the C# compiler"),
    ("mono-runtime", "C# programs"),
    ("libmono-system-core4.0-cil", "the same"),
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
        "bindings: the library as it ships",
        &mut cargo(&["build", "--quiet", "-p", "fido-unlock-ffi"]),
    )?;
    for language in ["kotlin", "swift", "csharp"] {
        run(
            &format!("bindings: {language} is fresh"),
            &mut cargo(&[
                "run",
                "--quiet",
                "-p",
                "fido-unlock-bindgen",
                "--",
                language,
                "--check",
            ]),
        )?;
    }
    // The committed files are of the library as it ships; the tests need the software authenticator.
    run(
        "bindings: the library with the software authenticator",
        &mut cargo(&["build", "--quiet", "-p", "fido-unlock-ffi", "--features", "mock"]),
    )?;
    let mut csharp = cargo(&[
        "test",
        "--no-fail-fast",
        "-p",
        "fido-unlock-bindgen",
        "-p",
        "fido-unlock-bindgen-fixture",
    ]);
    run("tests: C#", csharp.env("FIDO_UNLOCK_DOTNET", dotnet()?))?;
    run(
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
    run(
        "tests: Kotlin",
        Command::new("mvn")
            .args(["-B", "-q", "-f", "bindings/kotlin/pom.xml", "test"])
            .current_dir(root()),
    )
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
