//! The part of `cargo xtask ci` that is not a test.

use std::path::PathBuf;
use std::process::Command;

use crate::step::{self, Done, Failed, Group, cargo, lanes, root, timed, within};
use crate::{bite, cache, docs, packages, published, test, vectors, workspace};

/// The version that the rules of deny.toml were written for.
const CARGO_DENY: &str = "0.20.2";

/// Everything: the checks and `cargo xtask test`.
pub fn ci() -> Done {
    within(Group::Install, packages::install)?;
    lanes(
        &[&[sources, generated], test::PARTS, &[deny]].concat(),
        test::IDLE,
    )
}

/// What needs no program of the project.
fn sources() -> Done {
    let lints = ["--quiet", "--all-targets", "--", "-D", "warnings"];
    let mut docs = workspace::selected("doc", &["--quiet", "--no-deps", "--document-private-items"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    let mut console = workspace::shared(&["clippy"]);
    console.args(workspace::CONSOLE).args(lints);
    let mut console_docs = workspace::shared(&["doc", "--quiet", "--no-deps", "--document-private-items"]);
    console_docs
        .args(workspace::CONSOLE)
        .env("RUSTDOCFLAGS", "-D warnings");
    step::joined(vec![
        lock_files(),
        step::run("format", &mut cargo(&["fmt", "--all", "--check"])),
        step::run("clippy", &mut workspace::selected("clippy", &lints)),
        step::run("docs", &mut docs),
        step::run("clippy: the console", &mut console),
        step::run("docs: the console", &mut console_docs),
        published::check(),
        timed("every dependency has a reason", docs::check_dependencies),
        timed("every test that hardening.md names exists", docs::check_hardening),
        timed("the bugs of hardening.md have their places", bite::check),
    ])
}

/// Each workspace of its own has a lock file that fits the crates which it shares with the others. The fuzz targets are
/// built by hand alone, so nothing else here would notice.
fn lock_files() -> Done {
    let checks = ["examples/firmware", "fuzz", "tests/no-heap"].map(|workspace| {
        let mut metadata = cargo(&["metadata", "--locked", "--format-version", "1", "--manifest-path"]);
        metadata.arg(root().join(workspace).join("Cargo.toml"));
        metadata.stdout(std::process::Stdio::null());
        step::run(&format!("{workspace}/Cargo.lock is current"), &mut metadata)
    });
    step::joined(checks.into())
}

/// What programs of the project write.
fn generated() -> Done {
    within(Group::Checks, || {
        step::joined(vec![
            timed("generated documents are fresh", docs::check),
            timed("vectors are what their generators give", vectors::check),
        ])
    })
}

fn deny() -> Done {
    let mut deny = Command::new(cargo_deny()?);
    deny.args(["check", "bans", "licenses", "sources"]);
    within(Group::Checks, || {
        step::run("cargo deny", deny.current_dir(root()))
    })
}

/// The program, built where it is missing: a missing program is never a skipped check.
fn cargo_deny() -> Result<PathBuf, Failed> {
    let installed = Command::new("cargo-deny").arg("--version").output();
    if installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY)) {
        return Ok("cargo-deny".into());
    }
    let tools = cache::place(&format!("tools/cargo-deny-{CARGO_DENY}"));
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        // Optimised it would take longer to build than it could save.
        let mut install = cargo(&["install", "--debug", "--quiet", "--locked", "cargo-deny"]);
        install
            .args(["--version", CARGO_DENY, "--root"])
            .arg(&tools)
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        within(Group::Install, || step::run("install cargo-deny", &mut install))?;
    }
    Ok(program)
}
