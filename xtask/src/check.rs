//! The part of `cargo xtask ci` that is not a test.

use std::path::PathBuf;
use std::process::Command;

use crate::step::{self, Done, Failed, cargo, root, timed};
use crate::{bindings, bite, docs, packages, vectors};

/// The version that the rules of deny.toml were written for.
const CARGO_DENY: &str = "0.20.2";
/// What goes to the registry, in the order in which it would.
const PUBLISHED: &[&str] = &[
    "fido-unlock",
    "fido-unlock-mock",
    "fido-unlock-files",
    "fido-unlock-hid",
    "fido-unlock-pcsc",
];

/// Format, clippy, docs, licences, generated files, packages.
pub fn run() -> Done {
    packages::install()?;
    step::run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    step::run(
        "clippy",
        &mut cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    step::run(
        "docs",
        cargo(&[
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    let deny = cargo_deny()?;
    step::run(
        "cargo deny",
        Command::new(deny)
            .args(["check", "bans", "licenses", "sources"])
            .current_dir(root()),
    )?;
    timed("generated documents are fresh", docs::check)?;
    bindings::check()?;
    timed("every dependency has a reason", docs::check_dependencies)?;
    timed("every test that hardening.md names exists", docs::check_hardening)?;
    timed("the bugs of hardening.md have their places", bite::check)?;
    timed("vectors are what their generators give", vectors::check)?;
    // Those whose C libraries make a build slow are packed only; the others are built from the package.
    let plain = PUBLISHED
        .iter()
        .filter(|name| !name.ends_with("-hid") && !name.ends_with("-pcsc"));
    let packed = |options: &[&'static str], names: &mut dyn Iterator<Item = &&'static str>| {
        let mut arguments = vec!["package", "--quiet", "--allow-dirty"];
        arguments.extend(options);
        names.for_each(|name| arguments.extend(["-p", name]));
        cargo(&arguments)
    };
    step::run(
        "cargo package",
        &mut packed(&["--no-verify"], &mut PUBLISHED.iter()),
    )?;
    // From the package nothing of the workspace's profile is known; nobody debugs what is built here.
    step::run(
        "cargo package, built",
        packed(&[], &mut plain.into_iter()).env("CARGO_PROFILE_DEV_DEBUG", "0"),
    )
}

/// The program, built where it is missing: a missing program is never a skipped check.
fn cargo_deny() -> Result<PathBuf, Failed> {
    let installed = Command::new("cargo-deny").arg("--version").output();
    if installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY)) {
        return Ok("cargo-deny".into());
    }
    let tools = root().join("target/tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        // Optimised it would take longer to build than it could save.
        let mut install = cargo(&[
            "install",
            "--debug",
            "--quiet",
            "--locked",
            "cargo-deny",
            "--version",
            CARGO_DENY,
        ]);
        step::run("install cargo-deny", install.arg("--root").arg(&tools))?;
    }
    Ok(program)
}
