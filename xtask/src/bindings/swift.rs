//! Swift, compiled and run: the binding's tests beside the software authenticator, and the sample agent, with the
//! library that ships, on a card in a reader. Both are built from the archive for machines with Swift.
//!
//! This machine's Debian has no Swift; a newer one in a folder has. What is compiled here runs there, since its
//! C library is the newer one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::debian::{Debian, shared};
use super::generator::bindgen;
use super::library::{self, LIBRARY};
use super::{swift_agent, vendor};
use crate::packages;
use crate::step::{self, Done, Failed, Group, root, run, timed, within};
use crate::{tree, workspace};

/// The release, and the folder of the cache that it is kept in.
const RELEASE: &str = "trixie";
const FOLDER: &str = "swift-debian";
const PACKAGE: &str = "bindings/swift";
/// What the generator writes.
const GENERATED: [&str; 2] = [
    "bindings/swift/Sources/FidoUnlock/FidoUnlock.swift",
    "bindings/swift/Sources/fido_unlockFFI/fido_unlockFFI.h",
];

/// The suites, `unlocks` in the one that looks for what is left behind, and the sample.
pub fn test(unlocks: u32) -> Done {
    let debian = Debian::with(FOLDER, RELEASE, packages::SWIFT)?;
    within(Group::Tests, || {
        step::joined(vec![suites(&debian, unlocks), sample(&debian)])
    })
}

/// The tests, with a library and generated sources that have the software authenticator.
fn suites(debian: &Debian, unlocks: u32) -> Done {
    let library = workspace::built(LIBRARY)?;
    let overlay = root().join("target/swift/generated");
    let mut generate = bindgen(&["swift", "--library"])?;
    generate
        .arg(&library)
        .arg("--out")
        .arg(overlay.join("bindings/swift/Sources"));
    run("swift: sources for the tests", &mut generate)?;
    let shared = lay("mock", &library, Some(&overlay))?;
    let build = ["build", "--build-tests"];
    let mut build = swift(debian, &shared, PACKAGE, &build, &[("FIDO_UNLOCK_MOCK", "1")]);
    run("swift: the binding and its tests", &mut build)?;
    let unlocks = unlocks.to_string();
    let environment = [("FIDO_UNLOCK_MOCK", "1"), ("FIDO_UNLOCK_UNLOCKS", &unlocks)];
    let mut test = swift(debian, &shared, PACKAGE, &["test", "--skip-build"], &environment);
    judge(&timed("tests: Swift", || output(&mut test))?, tests()?)
}

/// The agent, with what ships.
fn sample(debian: &Debian) -> Done {
    let library = library::build()?;
    let shared = lay("shipped", &library, None)?;
    let mut build = swift(debian, &shared, swift_agent::PACKAGE, &["build"], &[]);
    run("swift: the sample agent", &mut build)?;
    timed("swift: the sample agent unlocks", || {
        swift_agent::test(debian, &shared)
    })
}

/// A folder with the archive's Swift, and the library beside it: what is in `overlay` counts before.
fn lay(name: &str, library: &Path, overlay: Option<&Path>) -> Result<PathBuf, Failed> {
    let archive = vendor::unpacked()?;
    let folder = root().join("target/swift").join(name);
    let places: Vec<&Path> = overlay.into_iter().chain([archive.as_path()]).collect();
    // Git knows the generated files too.
    debug_assert!(GENERATED.iter().all(|name| archive.join(name).exists()));
    tree::lay(&folder, &tree::files(vendor::SWIFT)?, &places)?;
    let to = folder.join("target");
    std::fs::create_dir_all(&to)
        .and_then(|()| std::fs::copy(library, to.join(LIBRARY)))
        .map_err(|error| Failed(format!("{}: {error}", to.display())))?;
    Ok(folder)
}

/// SwiftPM in a package of that folder.
fn swift(
    debian: &Debian,
    shared: &Path,
    package: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Command {
    let package = format!(shared!("/{}"), package);
    let all = [
        &["swift"],
        arguments,
        &[
            "--package-path",
            &package,
            "-Xlinker",
            concat!("-L", shared!("/target")),
        ],
    ]
    .concat();
    let mut command = debian.command(shared, &all);
    command.env("LD_LIBRARY_PATH", shared!("/target"));
    for (name, value) in environment {
        command.env(name, value);
    }
    command
}

/// Its standard output, which is printed too.
fn output(command: &mut Command) -> Result<String, Failed> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| Failed(format!("swift: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    if output.status.success() {
        Ok(text)
    } else {
        Err(Failed(format!("tests: Swift: {}", output.status)))
    }
}

/// How many tests the sources hold: one that is left out is seen.
fn tests() -> Result<usize, Failed> {
    let mut count = 0;
    for name in tree::files(&["bindings/swift/Tests"])? {
        let text = std::fs::read(root().join(&name)).map_err(|error| Failed(format!("{name}: {error}")))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        count += text
            .lines()
            .filter(|line| line.trim_start().starts_with("func test"))
            .count();
    }
    Ok(count)
}

/// XCTest's sums: each suite has its own, that of all comes behind "All tests".
fn judge(text: &str, tests: usize) -> Done {
    let (ran, failed) = sums(text).ok_or_else(|| Failed("tests: Swift: no sums".into()))?;
    step::keep(format!(
        "tests: Swift: swift: {} passed, {failed} failed",
        ran - failed
    ));
    if (ran, failed) == (tests, 0) {
        Ok(())
    } else {
        Err(Failed(format!(
            "tests: Swift: {ran} ran of {tests}, {failed} failed"
        )))
    }
}

/// Run and failed: "Executed 57 tests, with 0 failures (0 unexpected) in …".
fn sums(text: &str) -> Option<(usize, usize)> {
    let (_, rest) = text.split_once("Test Suite 'All tests' ")?;
    let (_, rest) = rest.split_once("Test Suite 'All tests' ")?;
    let (_, rest) = rest.split_once("Executed ")?;
    let (ran, rest) = rest.split_once(" test")?;
    let (_, rest) = rest.split_once("with ")?;
    let (failed, _) = rest.split_once(" failure")?;
    Some((ran.parse().ok()?, failed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::sums;

    #[test]
    fn the_sums_are_those_of_all_tests() {
        let text = "Test Suite 'All tests' started at 2026-01-01 00:00:00.000\n\
            Test Suite 'CodeTests' passed at 2026-01-01 00:00:01.000\n\
            \t Executed 4 tests, with 0 failures (0 unexpected) in 1.0 (1.0) seconds\n\
            Test Suite 'All tests' failed at 2026-01-01 00:00:02.000\n\
            \t Executed 57 tests, with 1 failure (0 unexpected) in 12.0 (12.0) seconds\n";
        assert_eq!(sums(text), Some((57, 1)));
        assert_eq!(sums("Test Suite 'All tests' started at"), None);
    }
}
