//! The tests in each language: C# on mono and .NET Core, Kotlin on the JVM, the C header, the facade.

use std::path::Path;
use std::process::Command;

use super::generator::bindgen;
use super::{dotnet, library};
use crate::packages;
use crate::step::{self, Done, Failed, Group, root, run, run_tests, within};
use crate::workspace::{self, Tests, filters};

/// As many as there are: a class or file of vectors that is left out is seen.
const KOTLIN_TESTS: usize = 456;

/// The library with the software authenticator, where the tests of Kotlin find it.
const NATIVE: &str = "bindings/kotlin/target/native/libfido_unlock_ffi.so";

/// All of them; the facade's own are among the workspace's.
pub fn all() -> Done {
    packages::install_for_languages()?;
    step::all(&[csharp, kotlin, bench])
}

/// Their output is shown, since the summaries of the runners in C# are in it.
fn csharp() -> Done {
    let all = Tests::list()?;
    let names = all.of(&["fido-unlock-bindgen"]);
    let environment = [
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_SHIPPED", library::build()?),
    ];
    workspace::test("tests: C#", &filters(&names), &environment, &["--show-output"])
}

/// The long form of the tests that many unlocks leave nothing behind: `unlocks` in each runtime.
pub fn soak(unlocks: u32) -> Done {
    packages::install_for_languages()?;
    step::joined(vec![soak_csharp(unlocks), soak_kotlin(unlocks)])
}

fn soak_csharp(unlocks: u32) -> Done {
    let environment = [
        ("FIDO_UNLOCK_DOTNET", dotnet::program()?),
        ("FIDO_UNLOCK_UNLOCKS", unlocks.to_string().into()),
    ];
    workspace::test(
        "soak: C#",
        &["--test=csharp_growth".into()],
        &environment,
        &["--nocapture"],
    )
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
    within(Group::Tests, || run_tests("tests: Kotlin", &mut maven()))?;
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
    let library = workspace::built(library::LIBRARY)?;
    let native = root().join(NATIVE);
    std::fs::create_dir_all(native.parent().unwrap_or(&native))
        .and_then(|()| std::fs::copy(library, &native))
        .map_err(|error| Failed(format!("{}: {error}", native.display())))?;
    let mut generate = bindgen(&[
        "kotlin",
        "--library",
        NATIVE,
        "--out",
        "bindings/kotlin/target/generated",
    ])?;
    within(Group::Build, || {
        run("bindings: Kotlin's file for the tests", &mut generate)
    })
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
