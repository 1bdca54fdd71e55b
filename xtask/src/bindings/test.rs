//! The tests in each language: C# on mono and .NET Core, Kotlin on the JVM, the C header, the facade.

use std::path::Path;
use std::process::Command;

use super::{bindgen, dotnet, library};
use crate::step::{self, Done, Failed, cargo, root, run, run_tests};
use crate::{packages, samples};

/// Debian packages of these tests alone.
const PACKAGES: &[(&str, &str)] = &[
    ("mono-mcs", "the C# compiler"),
    ("mono-runtime", "C# programs"),
    ("libmono-system-numerics4.0-cil", "P-256 in the tests of C#"),
    (
        "libmono-system-runtime-serialization4.0-cil",
        "JSON in the tests of C#",
    ),
    ("libmono-system-net-http4.0-cil", "HTTP in the sample agent in C#"),
];
/// A program, and the package that brings it where no other way did.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("java", "openjdk-17-jdk-headless", "Kotlin's tests"),
    ("mvn", "maven", "Kotlin's build"),
];

/// As many as there are: a class or file of vectors that is left out is seen.
const KOTLIN_TESTS: usize = 456;

/// The library with the software authenticator, where the tests of Kotlin find it.
const NATIVE: &str = "bindings/kotlin/target/native/libfido_unlock_ffi.so";

/// What every test and package of C# and Kotlin needs.
pub fn install() -> Done {
    packages::install_these(PACKAGES)?;
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, ..)| !works(program))
        .map(|(_, package, why)| (*package, *why))
        .collect();
    packages::install_these(&missing)
}

/// All of them.
pub fn all() -> Done {
    install()?;
    step::all(&[csharp, facade, kotlin, bench, samples::test])
}

/// Their output is shown, since the summaries of the runners in C# are in it.
fn csharp() -> Done {
    let mut tests = cargo(&[
        "test",
        "--no-fail-fast",
        "-p",
        "fido-unlock-bindgen",
        "--",
        "--show-output",
    ]);
    run_tests("tests: C#", tests.env("FIDO_UNLOCK_DOTNET", dotnet::program()?))
}

fn facade() -> Done {
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
    )
}

/// The long form of the tests that many unlocks leave nothing behind: `unlocks` in each runtime.
pub fn soak(unlocks: u32) -> Done {
    install()?;
    step::joined(vec![soak_csharp(unlocks), soak_kotlin(unlocks)])
}

fn soak_csharp(unlocks: u32) -> Done {
    let mut tests = cargo(&[
        "test",
        "-p",
        "fido-unlock-bindgen",
        "--test",
        "csharp_growth",
        "--",
        "--nocapture",
    ]);
    tests
        .env("FIDO_UNLOCK_DOTNET", dotnet::program()?)
        .env("FIDO_UNLOCK_UNLOCKS", unlocks.to_string());
    run_tests("soak: C#", &mut tests)
}

fn soak_kotlin(unlocks: u32) -> Done {
    prepare_kotlin()?;
    let mut tests = maven();
    tests.args(["-Dtest=GrowthTest", "-Dpatience=7200"]);
    run_tests("soak: Kotlin", tests.arg(format!("-Dunlocks={unlocks}")))
}

fn kotlin() -> Done {
    prepare_kotlin()?;
    let reports = root().join("bindings/kotlin/target/surefire-reports");
    // Those of a run before would be counted too.
    let _ = std::fs::remove_dir_all(&reports);
    run_tests("tests: Kotlin", &mut maven())?;
    let ran = kotlin_tests(&reports).map_err(|error| Failed(format!("{}: {error}", reports.display())))?;
    if ran < KOTLIN_TESTS {
        return Err(Failed(format!(
            "tests: Kotlin: {ran} ran, {KOTLIN_TESTS} expected"
        )));
    }
    Ok(())
}

/// Behind `kotlin`, whose library it takes.
fn bench() -> Done {
    super::bench_check(&root().join(NATIVE))
}

fn maven() -> Command {
    let mut command = Command::new("mvn");
    command.current_dir(root()).args([
        "-B",
        "-ntp",
        "-f",
        "bindings/kotlin/pom.xml",
        "-Dgenerated=target/generated",
        "test",
    ]);
    command
}

/// Kotlin's suite needs a library with the software authenticator, and that library's own file.
fn prepare_kotlin() -> Done {
    let build = ["build", "--quiet", "-p", "fido-unlock-ffi", "--features", "mock"];
    run(
        "bindings: the library with the software authenticator",
        &mut cargo(&build),
    )?;
    let card = ["build", "--quiet", "-p", "fido-unlock-virtual"];
    run("bindings: the virtual key", &mut cargo(&card))?;
    let native = root().join(NATIVE);
    let copied = std::fs::create_dir_all(native.parent().unwrap_or(&native))
        .and_then(|()| std::fs::copy(root().join("target/debug").join(library::LIBRARY), &native));
    copied.map_err(|error| Failed(format!("{}: {error}", native.display())))?;
    run(
        "bindings: Kotlin's file for the tests",
        &mut bindgen(&[
            "kotlin",
            "--library",
            NATIVE,
            "--out",
            "bindings/kotlin/target/generated",
        ]),
    )
}

/// The sum of what Surefire's reports say, one for each class: `<testsuite … tests="9" …>`.
fn kotlin_tests(reports: &Path) -> std::io::Result<usize> {
    let mut ran = 0;
    for entry in std::fs::read_dir(reports)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let report = std::fs::read_to_string(path)?;
            let number = report.split_once("<testsuite ").and_then(|(_, rest)| {
                let (_, rest) = rest.split_once(" tests=\"")?;
                rest.split('"').next()?.parse::<usize>().ok()
            });
            ran += number.unwrap_or(0);
        }
    }
    Ok(ran)
}

fn works(program: &str) -> bool {
    Command::new(program).arg("-version").output().is_ok()
}
