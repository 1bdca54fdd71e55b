//! `cargo xtask long bite`: bugs of other FIDO software, each put into a copy of the code; the test that
//! docs/hardening.md names for it must fail. So must the test of a fuzz target's inputs, for bugs that were
//! planted to see it. The product itself never holds a bug's code.

mod bugs;
mod planted;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::step::{Done, Failed, cargo, root, timed};
use crate::tree;

/// Tests of this package see the bugs.
const PACKAGE: &str = "fido-unlock-tests";
/// Some bugs make a test go round for ever: it sees them too. The slowest test takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(240);

/// A bug: its number in docs/hardening.md, or from 101 on in docs/testing.md, the file, what stands there, what stands there with the
/// bug, the test binary and the test.
struct Bug {
    number: u8,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    binary: &'static str,
    test: &'static str,
}

fn all() -> impl Iterator<Item = &'static Bug> {
    bugs::BUGS.iter().chain(planted::BUGS)
}

/// Runs those with these numbers, or all, one after another, in `target/bite`. One that is not
/// caught fails the command at its end.
pub fn run(numbers: &[&str]) -> Done {
    check_places()?;
    let bugs: Vec<&Bug> = all()
        .filter(|bug| numbers.is_empty() || numbers.contains(&bug.number.to_string().as_str()))
        .collect();
    if bugs.is_empty() {
        return Err(Failed(format!("no bug has a number of {numbers:?}")));
    }
    let copy = root().join("target/bite/tree");
    timed("copy", || tree::mirror(&copy))?;
    timed("without a bug", || try_without(&copy, &bugs))?;
    let mut missed = Vec::new();
    for bug in &bugs {
        let begun = Instant::now();
        let outcome = try_bug(&copy, bug);
        println!(
            "bug {:2}  {:6}  {:5.1} s  {}",
            bug.number,
            if outcome.is_ok() { "caught" } else { "MISSED" },
            begun.elapsed().as_secs_f64(),
            bug.test
        );
        if let Err(Failed(reason)) = outcome {
            missed.push(format!("bug {}: {reason}", bug.number));
        }
    }
    println!("{} passed, {} failed", bugs.len() - missed.len(), missed.len());
    if missed.is_empty() {
        Ok(())
    } else {
        Err(Failed(missed.join("\n")))
    }
}

fn read(file: &str) -> Result<String, Failed> {
    std::fs::read_to_string(root().join(file)).map_err(|error| Failed(format!("{file}: {error}")))
}

/// Each bug has one place in the code.
fn check_places() -> Done {
    for bug in all() {
        let places = read(bug.file)?.matches(bug.right).count();
        if places != 1 {
            return Err(Failed(format!(
                "bug {}: {} has {places} places for it",
                bug.number, bug.file
            )));
        }
    }
    Ok(())
}

/// The same without a build, for CI: each bug has its place, its test is named in its row of
/// docs/hardening.md, and that row, and no other, is marked; each planted one has its row in docs/testing.md.
pub fn check() -> Done {
    check_places()?;
    let testing = read("docs/testing.md")?;
    for bug in planted::BUGS {
        let row = format!("| {} | `{}` |", bug.number, bug.test);
        if !testing.contains(&row) {
            return Err(Failed(format!("docs/testing.md has no row `{row}`")));
        }
    }
    for row in read("docs/hardening.md")?.lines() {
        let Some(number) = row
            .strip_prefix("| ")
            .and_then(|row| row.split(' ').next()?.parse::<u8>().ok())
        else {
            continue;
        };
        let mut bugs = all().filter(|bug| bug.number == number).peekable();
        if bugs.peek().is_some() != row.ends_with("| ● |") {
            return Err(Failed(format!(
                "docs/hardening.md: row {number} and its mark do not fit"
            )));
        }
        if let Some(bug) = bugs.find(|bug| !row.contains(&format!("::{}`", bug.test))) {
            return Err(Failed(format!(
                "docs/hardening.md: row {number} does not name {}",
                bug.test
            )));
        }
    }
    Ok(())
}

fn failed(error: std::io::Error) -> Failed {
    Failed(error.to_string())
}

/// Every test passes before a bug is put in.
fn try_without(copy: &Path, bugs: &[&Bug]) -> Done {
    for bug in bugs {
        if is_caught(copy, bug)? {
            return Err(Failed(format!(
                "bug {}: {} fails without it",
                bug.number, bug.test
            )));
        }
    }
    Ok(())
}

fn try_bug(copy: &Path, bug: &Bug) -> Done {
    let path = copy.join(bug.file);
    let good = std::fs::read_to_string(&path).map_err(failed)?;
    std::fs::write(&path, good.replace(bug.right, bug.wrong)).map_err(failed)?;
    let outcome = is_caught(copy, bug);
    std::fs::write(&path, &good).map_err(failed)?;
    if outcome? {
        Ok(())
    } else {
        Err(Failed(format!("{} does not see it", bug.test)))
    }
}

/// Whether the test fails, or goes on for ever.
fn is_caught(copy: &Path, bug: &Bug) -> Result<bool, Failed> {
    let program = build(copy, bug)?;
    let path = root().join("target/bite/test.log");
    let log = std::fs::File::create(&path).map_err(failed)?;
    let mut child = Command::new(program)
        .arg(bug.test)
        .current_dir(copy.join("tests"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .spawn()
        .map_err(failed)?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if begun.elapsed() > PATIENCE => {
                child.kill().map_err(failed)?;
                child.wait().map_err(failed)?;
                return Ok(true);
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    // A name that is no test's runs none, and succeeds.
    if std::fs::read_to_string(path)
        .map_err(failed)?
        .contains("running 0 tests")
    {
        return Err(Failed(format!("{} is no test", bug.test)));
    }
    Ok(!status.success())
}

/// Builds the bug's test program and gives its path.
fn build(copy: &Path, bug: &Bug) -> Result<PathBuf, Failed> {
    let target = root().join("target/bite/target");
    let output = cargo(&["test", "--no-run", "-p", PACKAGE, "--test", bug.binary])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(Failed(format!("the code does not build\n{said}")));
    }
    // Executable tests/framing.rs (/…/deps/framing-0123456789abcdef)
    said.lines()
        .find_map(|line| line.trim_start().strip_prefix("Executable ")?.split_once('('))
        .map(|(_, path)| copy.join(path.trim_end_matches(')')))
        .ok_or_else(|| Failed(format!("cargo names no program\n{said}")))
}
