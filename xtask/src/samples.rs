//! The Swift that was written by hand: parsed, in CI; `cargo xtask long swift` compiles and runs it. The other sample
//! hosts are run by tests.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::step::{self, Done, Failed, Group, root, run, within};
use crate::tree;

/// Folders of Swift that was written by hand.
const SWIFT: &[&str] = &[
    "bindings/swift",
    "bindings/swift/Sources/FidoUnlock",
    "bindings/swift/Tests/FidoUnlockTests",
    "bindings/swift/Tests/MockTests",
    "examples/agent-swift",
    "examples/agent-swift/Sources/agent",
];
/// The page whose snippets are parsed too.
const PAGE: &str = "docs/for-swift.md";
/// Written by UniFFI, with attributes that the grammar does not know.
const GENERATED: &str = "FidoUnlock.swift";
/// The grammar, and what runs it.
const PARSER: &[&str] = &["tree-sitter==0.26.1", "tree-sitter-swift==0.7.4"];

/// Everything; the agents in Rust and C# are among the workspace's tests, the app's core among Kotlin's.
pub fn test() -> Done {
    within(Group::Checks, || step::all(&[without_the_mock, swift]))
}

/// They are compiled beside a library that has the software authenticator; one that ships has not.
fn without_the_mock() -> Done {
    let found = tree::files(&[
        "examples/mdm-kotlin",
        "examples/agent-csharp",
        "examples/agent-swift",
    ])?
    .into_iter()
    .find(|name| std::fs::read_to_string(root().join(name)).is_ok_and(|text| text.contains("Mock")));
    match found {
        Some(name) => Err(Failed(format!("{name} uses the software authenticator"))),
        None => Ok(()),
    }
}

/// Parses what needs a compiler that this machine's Debian has not. It sees a missing brace; it sees neither types
/// nor names.
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
        "samples: Swift is parsed",
        Command::new(python)
            .arg(root().join("xtask/src/parse_swift.py"))
            .args(files),
    )
}

fn parser() -> Result<PathBuf, Failed> {
    let folder = cache::made("swift-venv", PARSER, |folder| {
        run(
            "Swift's grammar: environment",
            Command::new("python3").args(["-m", "venv"]).arg(folder),
        )?;
        run(
            "Swift's grammar: wheels",
            Command::new(folder.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet"])
                .args(PARSER),
        )
    })?;
    Ok(folder.join("bin/python"))
}
