//! The sample hosts: the Kotlin core's suite; Swift parsed. The agent in C# is run by a test of
//! `fido-unlock-bindgen`, the agent in Rust by its own.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::step::{Done, Failed, Group, root, run, run_tests, within};
use crate::workspace;

/// Folders of Swift that was written by hand.
const SWIFT: &[&str] = &[
    "bindings/swift",
    "bindings/swift/Sources/FidoUnlock",
    "bindings/swift/Tests/FidoUnlockTests",
    "examples/agent-swift",
    "examples/agent-swift/Sources/agent",
];
/// The page whose snippets are parsed too.
const PAGE: &str = "docs/for-swift.md";
/// Written by UniFFI, with attributes that the grammar does not know.
const GENERATED: &str = "FidoUnlock.swift";
/// The grammar, and what runs it.
const PARSER: &[&str] = &["tree-sitter==0.26.1", "tree-sitter-swift==0.7.4"];

/// Everything; the agents in Rust and C# are among the workspace's tests.
pub fn test() -> Done {
    kotlin()?;
    within(Group::Checks, swift)
}

/// The binding and the sample in one Maven build, so that neither goes through the person's own
/// repository, which every build on the machine shares.
fn kotlin() -> Done {
    let folder = root().join("target/kotlin");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("pom.xml"), TOGETHER))
        .map_err(|error| Failed(format!("{}: {error}", folder.display())))?;
    let mut maven = Command::new("mvn");
    maven
        .args(["-B", "-ntp", "-f"])
        .arg(folder.join("pom.xml"))
        // The library that was built has the software authenticator, and this file fits it.
        .args(["-Dgenerated=target/generated", "-pl", ":mdm-core", "-am"])
        .args([
            "-Dtest=com.example.**",
            "-Dsurefire.failIfNoSpecifiedTests=false",
            "test",
        ])
        .arg(format!("-Dbuilt={}", workspace::built("")?.display()))
        .current_dir(root());
    within(Group::Tests, || run_tests("tests: samples in Kotlin", &mut maven))
}

/// A project of both.
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
  </modules>
</project>
"#;

/// Parses what nobody can compile here. It sees a missing brace; it sees neither types nor names.
fn swift() -> Done {
    let mut files = vec![root().join(PAGE)];
    for folder in SWIFT {
        let failed = |error: std::io::Error| Failed(format!("{folder}: {error}"));
        for entry in std::fs::read_dir(root().join(folder)).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_swift = path.extension().is_some_and(|extension| extension == "swift");
            if is_swift && path.file_name().is_some_and(|name| name != GENERATED) {
                files.push(path);
            }
        }
    }
    let python = parser()?;
    run(
        "samples: Swift is parsed, not compiled",
        Command::new(python)
            .arg(root().join("xtask/src/parse_swift.py"))
            .args(files),
    )
}

fn parser() -> Result<PathBuf, Failed> {
    let folder = cache::place("swift-venv");
    let python = folder.join("bin/python");
    let done = folder.join("done");
    if !done.exists() {
        run(
            "Swift's grammar: environment",
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
        )?;
        run(
            "Swift's grammar: wheels",
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(PARSER),
        )?;
        std::fs::write(&done, "").map_err(|error| Failed(error.to_string()))?;
    }
    Ok(python)
}
