//! `cargo xtask bite`: ten bugs of other FIDO software, each put into a copy of the code; the test
//! that docs/hardening.md names for it must fail. The product itself never holds a bug's code.

mod bugs;

use std::path::Path;
use std::process::{Command, Stdio};

use crate::step::{Done, Failed, cargo, root, timed};
use bugs::BUGS;

/// A bug: its number in docs/hardening.md, the file, what stands there, what stands there with the
/// bug, the test binary and the test.
struct Bug {
    number: u8,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    binary: &'static str,
    test: &'static str,
}

/// Runs all of them, one after another, in `target/bite`.
pub fn run() -> Done {
    let copy = root().join("target/bite/tree");
    timed("copy", || copy_tree(&copy))?;
    for bug in BUGS {
        timed(&format!("bug {} is caught by {}", bug.number, bug.test), || {
            try_bug(&copy, bug)
        })?;
    }
    println!("{} passed, 0 failed", BUGS.len());
    Ok(())
}

/// What git knows, uncommitted changes included.
fn copy_tree(copy: &Path) -> Done {
    let list = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .map_err(|error| Failed(format!("git: {error}")))?;
    let failed = |error: std::io::Error| Failed(error.to_string());
    for name in String::from_utf8_lossy(&list.stdout)
        .split('\0')
        .filter(|name| !name.is_empty())
    {
        let (from, to) = (root().join(name), copy.join(name));
        if !from.exists() {
            continue;
        }
        let new = std::fs::read(&from).map_err(failed)?;
        // Left alone where nothing changed, so that cargo builds only what did.
        if std::fs::read(&to).ok().as_deref() != Some(&new) {
            std::fs::create_dir_all(to.parent().unwrap_or(copy)).map_err(failed)?;
            std::fs::write(&to, new).map_err(failed)?;
        }
    }
    Ok(())
}

fn try_bug(copy: &Path, bug: &Bug) -> Done {
    let path = copy.join(bug.file);
    let good = std::fs::read_to_string(&path).map_err(|error| Failed(format!("{}: {error}", bug.file)))?;
    if good.matches(bug.right).count() != 1 {
        return Err(Failed(format!(
            "bug {}: its place in {} is not there, or twice",
            bug.number, bug.file
        )));
    }
    let test = || -> Result<bool, Failed> {
        let status = cargo(&[
            "test",
            "--quiet",
            "-p",
            "fido-unlock-tests",
            "--test",
            bug.binary,
            bug.test,
        ])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", root().join("target/bite/target"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
        Ok(status
            .map_err(|error| Failed(format!("cargo: {error}")))?
            .success())
    };
    let build = |what: &str| -> Done {
        let status = cargo(&[
            "test",
            "--quiet",
            "--no-run",
            "-p",
            "fido-unlock-tests",
            "--test",
            bug.binary,
        ])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", root().join("target/bite/target"))
        .status();
        match status
            .map_err(|error| Failed(format!("cargo: {error}")))?
            .success()
        {
            true => Ok(()),
            false => Err(Failed(format!(
                "bug {}: the code {what} it does not build",
                bug.number
            ))),
        }
    };
    build("without")?;
    if !test()? {
        return Err(Failed(format!(
            "bug {}: {} fails without it",
            bug.number, bug.test
        )));
    }
    let write = |text: &str| std::fs::write(&path, text).map_err(|error| Failed(error.to_string()));
    write(&good.replace(bug.right, bug.wrong))?;
    let outcome = build("with").and_then(|()| test());
    write(&good)?;
    if outcome? {
        return Err(Failed(format!(
            "bug {}: {} does not see it",
            bug.number, bug.test
        )));
    }
    Ok(())
}
