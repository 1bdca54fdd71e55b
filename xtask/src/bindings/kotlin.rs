//! Kotlin: the binding, the sample and the benchmark's program in one Maven build, so that the binding is
//! compiled once, and nothing goes through the person's own repository, which every build on the machine
//! shares.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::generator::bindgen;
use super::library;
use crate::step::{Done, Failed, Group, joined, root, run, run_tests, within};
use crate::workspace;

/// The binding's and the sample's folders, and how many tests each has: a class or file of vectors that is left
/// out is seen.
const SUITES: [(&str, usize); 2] = [("bindings/kotlin", 514), ("examples/mdm-kotlin", 8)];
const BENCH: &str = "benches/bindings/kotlin/target";
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
    workspace::console()?;
    prepare(&workspace::built(library::LIBRARY)?)?;
    // Classes of sources that are gone would still run, and reports of a run before be counted.
    for (folder, _) in SUITES {
        for old in ["classes", "test-classes", "surefire-reports"] {
            let _ = std::fs::remove_dir_all(root().join(folder).join("target").join(old));
        }
    }
    let _ = std::fs::remove_dir_all(root().join(BENCH));
    let mut maven = maven()?;
    // So that one suite's failure hides neither the other nor the benchmark; the reports tell.
    maven.args(["-Dmaven.test.failure.ignore=true", "test"]);
    within(Group::Tests, || run_tests("tests: Kotlin", &mut maven))?;
    joined(
        SUITES
            .iter()
            .map(|(folder, tests)| judge(folder, *tests))
            .collect(),
    )
}

/// Every test of a suite ran, and none failed.
fn judge(folder: &str, tests: usize) -> Done {
    let reports = root().join(folder).join("target/surefire-reports");
    let sums = Sums::of(&reports).map_err(|error| Failed(format!("{}: {error}", reports.display())))?;
    if sums == (Sums { tests, bad: 0 }) {
        Ok(())
    } else {
        Err(Failed(format!(
            "tests: Kotlin: {folder}: {} ran of {tests}, {} failed or were skipped",
            sums.tests, sums.bad
        )))
    }
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
    let program = root().join(BENCH);
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
        // The suites let the library panic on purpose, and each trace would take seconds.
        .env("RUST_BACKTRACE", "0")
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

/// What Surefire's reports say in sum, one for each class: `<testsuite … tests="9" errors="0" …>`.
#[derive(Default, PartialEq, Eq)]
struct Sums {
    tests: usize,
    bad: usize,
}

impl Sums {
    fn of(reports: &Path) -> std::io::Result<Self> {
        let mut sums = Self::default();
        for entry in std::fs::read_dir(reports)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                sums.take(&std::fs::read_to_string(path)?);
            }
        }
        Ok(sums)
    }

    fn take(&mut self, report: &str) {
        let head = report.split_once("<testsuite ").map_or("", |(_, rest)| rest);
        let head = head.split_once('>').map_or("", |(head, _)| head);
        let number = |name: &str| {
            head.split_once(&format!(" {name}=\""))
                .and_then(|(_, rest)| rest.split('"').next()?.parse::<usize>().ok())
                .unwrap_or(0)
        };
        self.tests += number("tests");
        self.bad += number("errors") + number("failures") + number("skipped");
    }
}

#[cfg(test)]
mod tests {
    use super::Sums;

    #[test]
    fn what_failed_or_was_skipped_is_seen() {
        let mut sums = Sums::default();
        sums.take("<?xml version=\"1.0\"?>\n<testsuite name=\"A\" time=\"1\" tests=\"9\" errors=\"1\" skipped=\"2\" failures=\"3\">\n<testcase tests=\"5\"/>");
        assert_eq!((sums.tests, sums.bad), (9, 6));
    }
}
