//! Makes tests/vectors again. Each set comes from code that is not the library's: Python with
//! `cryptography` and python-fido2, or a plain encoder in the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::step::{Done, Failed, Group, root, run, within};
use crate::workspace;

/// What the generators are made for.
const REQUIREMENTS: &[&str] = &["cryptography==48.0.0", "fido2==2.2.1"];

/// Writes every vector file.
pub fn write() -> Done {
    let python = environment()?;
    for generator in [
        "make_suite_vectors.py",
        "make_framing_vectors.py",
        "make_audit_vectors.py",
    ] {
        run(
            generator,
            Command::new(&python)
                .arg(Path::new("tests/tools").join(generator))
                .current_dir(root()),
        )?;
    }
    let path = root().join("tests/vectors/code_line.json");
    let output = workspace::program("examples/code_vectors")?
        .output()
        .map_err(|error| Failed(format!("code_vectors: {error}")))?;
    if !output.status.success() {
        return Err(Failed(format!("code_vectors: {}", output.status)));
    }
    std::fs::write(&path, output.stdout).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    run(
        "check_code_vectors.py",
        Command::new(&python)
            .args([
                "tests/tools/check_code_vectors.py",
                "tests/vectors/code_line.json",
            ])
            .current_dir(root()),
    )
}

/// Fails when a generator gives other bytes than are committed.
pub fn check() -> Done {
    write()?;
    let changed = Command::new("git")
        .args(["status", "--porcelain", "--", "tests/vectors"])
        .current_dir(root())
        .output()
        .map_err(|error| Failed(format!("git: {error}")))?;
    if changed.stdout.is_empty() {
        return Ok(());
    }
    Err(Failed(format!(
        "vectors differ from their generators:\n{}",
        String::from_utf8_lossy(&changed.stdout)
    )))
}

fn environment() -> Result<PathBuf, Failed> {
    within(Group::Install, make_environment)
}

fn make_environment() -> Result<PathBuf, Failed> {
    let folder = cache::place("vectors-venv");
    let python = folder.join("bin/python");
    if !folder.join("done").exists() {
        run(
            "python environment",
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
        )?;
        let mut pip = Command::new(&python);
        run(
            "python packages",
            pip.args(["-m", "pip", "install", "--quiet"]).args(REQUIREMENTS),
        )?;
        std::fs::write(folder.join("done"), "").map_err(|error| Failed(error.to_string()))?;
    }
    Ok(python)
}
