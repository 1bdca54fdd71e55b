//! Kotlin: the binding, the sample and the benchmark's program in one Maven build, so that the binding is
//! compiled once, and nothing goes through the person's own repository, which every build on the machine
//! shares.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::generator::bindgen;
use super::library;
use crate::step::{Done, Failed, Group, root, run, run_tests, within};
use crate::workspace;

/// As many as there are: a class or file of vectors that is left out is seen.
const TESTS: usize = 456;
/// Where the tests find the library with the software authenticator.
const NATIVE: &str = "bindings/kotlin/target/native";
/// What that library's own file is written to.
const GENERATED: &str = "bindings/kotlin/target/generated";
/// The three.
const TOGETHER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.github.fidounlock</groupId>
  <artifactId>together</artifactId>
  <version>0.1.0</version>
  <packaging>pom</packaging>
  <modules>
    <module>../../bindings/kotlin</module>
    <module>../../examples/mdm-kotlin</module>
    <module>../../benches/bindings/kotlin</module>
  </modules>
</project>
"#;

/// The suites of the binding and of the sample.
pub fn test() -> Done {
    prepare(&workspace::built(library::LIBRARY)?)?;
    let reports = root().join("bindings/kotlin/target/surefire-reports");
    // Those of a run before would be counted too.
    let _ = std::fs::remove_dir_all(&reports);
    let mut maven = maven()?;
    maven.arg("test");
    within(Group::Tests, || run_tests("tests: Kotlin", &mut maven))?;
    let ran = count(&reports).map_err(|error| Failed(format!("{}: {error}", reports.display())))?;
    if ran < TESTS {
        return Err(Failed(format!("tests: Kotlin: {ran} ran, {TESTS} expected")));
    }
    Ok(())
}

/// The long form of the test that many unlocks leave nothing behind.
pub fn soak(unlocks: u32) -> Done {
    prepare(&workspace::built(library::LIBRARY)?)?;
    let mut maven = maven()?;
    maven
        .args(["-pl", ":fido-unlock", "-Dtest=GrowthTest", "-Dpatience=7200"])
        .arg(format!("-Dunlocks={unlocks}"))
        .arg("test");
    within(Group::Tests, || run_tests("soak: Kotlin", &mut maven))
}

/// The benchmark's program for this library, compiled unless that was done with the tests; what runs it is
/// `java -classpath` with what this gives.
pub fn bench(library: &Path) -> Result<String, Failed> {
    let program = root().join("benches/bindings/kotlin/target");
    if library != workspace::built(library::LIBRARY)? || !program.join("classes").exists() {
        prepare(library)?;
        let mut maven = maven()?;
        maven.args(["-q", "-pl", ":fido-unlock-bench", "-am", "compile"]);
        run("bench bindings: Kotlin's program", &mut maven)?;
    }
    Ok(format!(
        "{}:{}:{}/*",
        program.join("classes").display(),
        root().join("bindings/kotlin/target/classes").display(),
        program.join("jars").display()
    ))
}

fn maven() -> Result<Command, Failed> {
    let folder = root().join("target/kotlin");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("pom.xml"), TOGETHER))
        .map_err(|error| Failed(format!("{}: {error}", folder.display())))?;
    let built: PathBuf = workspace::built("")?;
    let mut maven = Command::new("mvn");
    maven
        .args(["-B", "-ntp", "-fae", "-f"])
        .arg(folder.join("pom.xml"))
        .arg("-Dgenerated=target/generated")
        .arg(format!("-Dbuilt={}", built.display()))
        .current_dir(root());
    Ok(maven)
}

/// Puts the library, and the file that fits it, where the binding is compiled and tested.
fn prepare(library: &Path) -> Done {
    let native = root().join(NATIVE);
    std::fs::create_dir_all(&native)
        .and_then(|()| std::fs::copy(library, native.join(library::LIBRARY)))
        .map_err(|error| Failed(format!("{}: {error}", native.display())))?;
    let mut generate = bindgen(&["kotlin", "--library"])?;
    generate.arg(library).args(["--out", GENERATED]);
    within(Group::Build, || {
        run("bindings: Kotlin's file for the tests", &mut generate)
    })
}

/// The sum of what Surefire's reports say, one for each class: `<testsuite … tests="9" …>`.
fn count(reports: &Path) -> std::io::Result<usize> {
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
