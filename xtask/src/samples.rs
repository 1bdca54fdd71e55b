//! The sample hosts: the Kotlin core's suite; Swift parsed. The agent in C# is run by a test of
//! `fido-unlock-bindgen`, the agent in Rust by its own.

use std::path::PathBuf;
use std::process::Command;

use crate::step::{Done, Failed, cargo, root, run, run_tests};

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

/// Everything.
pub fn test() -> Done {
    let agent = [
        "check",
        "--quiet",
        "-p",
        "remote-agent",
        "--features",
        "hid,pcsc,tls",
    ];
    run(
        "samples: the agent in Rust with all it can have",
        &mut cargo(&agent),
    )?;
    kotlin()?;
    swift()
}

/// Over the library as it ships, and the binding's artifact as Maven installs it.
fn kotlin() -> Done {
    run(
        "samples: the library and the stub help desk",
        &mut cargo(&[
            "build",
            "--quiet",
            "-p",
            "fido-unlock-ffi",
            "-p",
            "help-desk-stub",
        ]),
    )?;
    let maven = |pom: &str, rest: &[&str]| {
        let mut command = Command::new("mvn");
        command
            .args(["-B", "-ntp", "-f", pom])
            .args(rest)
            .current_dir(root());
        command
    };
    let install = ["-q", "-Dmaven.test.skip=true", "install"];
    run(
        "samples: the Kotlin binding for Maven",
        &mut maven("bindings/kotlin/pom.xml", &install),
    )?;
    run_tests(
        "tests: samples in Kotlin",
        &mut maven("examples/mdm-kotlin/pom.xml", &["test"]),
    )
}

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
    let folder = root().join("target/swift-venv");
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
