//! The one selection of packages and features that everything here is built in: lints, documentation,
//! tests, and the programs that tests start. Another selection would compile the dependencies again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::cache;
use crate::step::{self, Done, Failed, Group, cargo, root, within};

/// Packages, and all that each of them can have but the adapters in the library for other languages, whose
/// tests bring pipes of their own. Not the console: what drives its browser has JSON keep its members' order, in
/// every program that is built with it.
pub const SELECTION: &[&str] = &[
    "--workspace",
    "--exclude",
    "help-desk",
    "--features",
    "fido-unlock-ffi/mock,fido-unlock-cli/hid,fido-unlock-cli/pcsc,remote-agent/hid,remote-agent/pcsc,remote-agent/tls",
];
/// Tells tests that start programs and load libraries where they were built, so that none calls cargo.
const BUILT: &str = "FIDO_UNLOCK_BUILT";

/// The console, which is built by itself.
pub const CONSOLE: &[&str] = &["-p", "help-desk"];

/// Builds the console and its tests; at most once in a run. The sample agents' tests start its demonstration.
pub fn console() -> Done {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| {
        let mut build = shared(&["build", "--quiet", "--all-targets"]);
        within(Group::Build, || step::run("the console", build.args(CONSOLE)))
            .map_err(|Failed(reason)| reason)
    })
    .clone()
    .map_err(Failed)
}

/// A cargo command over the selection.
pub fn selected(command: &str, options: &[&str]) -> Command {
    let mut cargo = shared(&[command]);
    cargo.args(SELECTION).args(options);
    cargo
}

/// Cargo with the dependencies that every run on this machine shares.
pub fn shared(arguments: &[&str]) -> Command {
    let mut cargo = cargo(arguments);
    cargo
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build"))
        .env(BUILT, folder());
    cargo
}

/// Where packages and what goes into them are put.
pub fn packages() -> PathBuf {
    root().join("target/packages")
}

/// Where cargo puts programs and libraries.
fn folder() -> PathBuf {
    root().join("target/debug")
}

/// Builds every program, library and test; at most once in a run. `cargo test` would leave the libraries for
/// other languages where nobody finds them.
pub fn build() -> Done {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| {
        within(Group::Build, || {
            step::run(
                "the workspace",
                &mut selected("build", &["--quiet", "--all-targets"]),
            )
        })
        .map_err(|Failed(reason)| reason)
    })
    .clone()
    .map_err(Failed)
}

/// A program, library or example of the selection, by its path below `target/debug`.
pub fn built(name: &str) -> Result<PathBuf, Failed> {
    build()?;
    let path = folder().join(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(Failed(format!("{} was not built", path.display())))
    }
}

/// A command that runs the console.
pub fn console_program() -> Result<Command, Failed> {
    console()?;
    let mut command = Command::new(folder().join("help-desk"));
    command.current_dir(root());
    Ok(command)
}

/// A command that runs one.
pub fn program(name: &str) -> Result<Command, Failed> {
    let mut command = Command::new(built(name)?);
    command.current_dir(root());
    Ok(command)
}

/// Runs tests of the selection as a step; `which`: cargo's target filters.
pub fn test(name: &str, which: &[String], environment: &[(&str, PathBuf)], options: &[&str]) -> Done {
    build()?;
    let mut command = selected("test", &["--no-fail-fast"]);
    command.args(which);
    if !options.is_empty() {
        command.arg("--").args(options);
    }
    for (name, value) in environment {
        command.env(name, value);
    }
    within(Group::Tests, || step::run_tests(name, &mut command))
}

/// The integration tests of each package, by package.
pub struct Tests(BTreeMap<String, BTreeSet<String>>);

impl Tests {
    /// Asks cargo.
    pub fn list() -> Result<Self, Failed> {
        let output = cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"])
            .output()
            .map_err(|error| Failed(format!("cargo metadata: {error}")))?;
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failed(format!("cargo metadata: {error}")))?;
        let array = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned();
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut all = BTreeMap::new();
        for package in array(&metadata, "packages").unwrap_or_default() {
            let names = array(&package, "targets")
                .unwrap_or_default()
                .iter()
                .filter(|target| array(target, "kind").is_some_and(|kinds| kinds.contains(&"test".into())))
                .filter_map(|target| text(target, "name"))
                .collect();
            all.insert(text(&package, "name").unwrap_or_default(), names);
        }
        Ok(Self(all))
    }

    /// Those of these packages.
    pub fn of(&self, packages: &[&str]) -> BTreeSet<&str> {
        let names = |package: &&str| self.0.get(*package).into_iter().flatten();
        packages.iter().flat_map(names).map(String::as_str).collect()
    }

    /// Those of every other package.
    pub fn but(&self, packages: &[&str]) -> BTreeSet<&str> {
        let others = self.0.keys().map(String::as_str);
        self.of(&others.filter(|name| !packages.contains(name)).collect::<Vec<_>>())
    }
}

/// Cargo's filters for integration tests of these names.
pub fn filters(names: &BTreeSet<&str>) -> Vec<String> {
    names.iter().map(|name| format!("--test={name}")).collect()
}
