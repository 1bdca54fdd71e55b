//! `cargo xtask long fuzz MINUTES [TARGET…]`: each target of `fuzz/` for so many minutes of the processor, from the
//! inputs in `tests/corpus`; then those are the fewest that reach what was reached, beside
//! those that have a name, and a table says what was. No part of CI, which runs the inputs alone (`tests/tests/corpus.rs`).
//!
//! The targets are built by cargo alone, with the flags that cargo-fuzz gives, but without AddressSanitizer: the
//! project has no unsafe code that it could look at. The flags are for the project's own crates and its CBOR reader:
//! with them cryptography would take most of the time, and its paths be taken for news.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cache;
use crate::packages::{self, Package};
use crate::step::{self, Done, Failed, Group, cargo, root, timed, within};

/// For the libFuzzer in libfuzzer-sys.
const PACKAGES: &[Package] = &[("g++", "libFuzzer")];
/// Coverage as libFuzzer reads it, and comparisons, of which it learns values.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];
/// The crates that they are for.
const WATCHED: &[&str] = &[
    "fido-unlock-device",
    "fido-unlock-fuzz",
    "fido-unlock-fuzz-properties",
    "fido-unlock-host",
    "fido-unlock-mock",
    "fido-unlock-protocol",
    "minicbor",
];
/// Longest input in bytes.
const MOST_BYTES: &str = "-max_len=1024";
/// Seconds for one input, and MiB in all: more is a finding.
const LIMITS: [&str; 2] = ["-timeout=20", "-rss_limit_mb=1024"];
/// A machine that does other things may take so many times the processor's minutes.
const PATIENCE: u32 = 6;
/// Of the kernel's clock in /proc, which on Linux is 100 for programs whatever it is inside.
const TICKS_PER_SECOND: u64 = 100;

/// A row of the table.
struct Row {
    target: String,
    executions: u64,
    seconds: u64,
    /// Edges of the control flow, and features: edges by how often they were passed.
    coverage: String,
    features: String,
    inputs: usize,
    bytes: u64,
    findings: Vec<String>,
}

/// Runs those targets, or all.
pub fn run(minutes: u32, wanted: &[&str]) -> Done {
    packages::install_these(PACKAGES)?;
    let targets = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !targets.contains(**name)) {
        return Err(Failed(format!("there is no target {unknown}: {targets:?}")));
    }
    let programs = within(Group::Build, build)?;
    let mut rows = Vec::new();
    for target in targets {
        if wanted.is_empty() || wanted.contains(&target.as_str()) {
            rows.push(timed(&format!("fuzz {target}"), || {
                fuzz(&programs, &target, minutes)
            })?);
        }
    }
    print(&rows);
    let findings: Vec<String> = rows.into_iter().flat_map(|row| row.findings).collect();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Failed(format!(
            "inputs that break a property:\n{}",
            findings.join("\n")
        )))
    }
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failed {
    move |error| Failed(format!("{}: {error}", path.display()))
}

/// One for each file in fuzz/fuzz_targets.
fn targets() -> Result<BTreeSet<String>, Failed> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).map_err(failed(&folder))? {
        let path = entry.map_err(failed(&folder))?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    Ok(names)
}

/// Builds all targets; the folder with their programs.
fn build() -> Result<PathBuf, Failed> {
    let target = root().join("target/fuzz/target");
    // Flags for some crates alone are a thing of cargo's that is not stable yet.
    let mut command = cargo(&[
        "-Zprofile-rustflags",
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--bins",
    ]);
    for package in WATCHED {
        let flags = format!("profile.release.package.{package}.rustflags={FLAGS:?}");
        command.args(["--config", &flags]);
    }
    command
        .current_dir(root().join("fuzz"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_BUILD_BUILD_DIR", cache::place("build-fuzz"));
    step::run("fuzz targets", &mut command)?;
    Ok(target.join("release"))
}

fn fuzz(programs: &Path, target: &str, minutes: u32) -> Result<Row, Failed> {
    let work = root().join("target/fuzz");
    let [working, merged, findings] =
        ["corpus", "merged", "findings"].map(|name| work.join(name).join(target));
    let committed = root().join("tests/corpus").join(target);
    for folder in [&working, &merged] {
        let _ = std::fs::remove_dir_all(folder);
    }
    for folder in [&working, &merged, &findings, &committed] {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    copy(&committed, &working)?;
    let before = names(&findings)?;
    let log = work.join(format!("{target}.log"));
    let program = programs.join(target);
    let mut command = Command::new(&program);
    command
        .arg(&working)
        .args(LIMITS)
        .args([MOST_BYTES, "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", findings.display()));
    let seconds = watched(&mut command, &log, Duration::from_secs(60 * u64::from(minutes)))?;
    let said = std::fs::read_to_string(&log).map_err(failed(&log))?;
    let number = |name: &str| {
        said.lines()
            .rev()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    // #123  NEW    cov: 456 ft: 789 corp: …
    let progress = |word: &str| {
        let line = said.lines().rev().find(|line| line.contains(" cov: "))?;
        line.split(word)
            .nth(1)?
            .split_whitespace()
            .next()
            .map(str::to_owned)
    };
    let executions = number("stat::number_of_executed_units:").unwrap_or(0);
    let (coverage, features) = (progress(" cov: "), progress(" ft: "));
    let after = names(&findings)?;
    let row = |inputs, bytes| Row {
        target: target.into(),
        executions,
        seconds,
        coverage: coverage.clone().unwrap_or_default(),
        features: features.clone().unwrap_or_default(),
        inputs,
        bytes,
        findings: after
            .difference(&before)
            .map(|name| findings.join(name).display().to_string())
            .collect(),
    };
    if executions == 0 && after == before {
        return Err(Failed(format!("{target} ran nothing: {}", log.display())));
    }
    let mut merge = Command::new(&program);
    merge
        .args(["-set_cover_merge=1", MOST_BYTES])
        .args(LIMITS)
        .args([&merged, &working])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    step::run(&format!("{target}: the fewest inputs"), &mut merge)?;
    if names(&merged)?.is_empty() {
        return Err(Failed(format!("{target}: no input is left")));
    }
    for name in names(&committed)?.into_iter().filter(|name| is_fuzzers(name)) {
        std::fs::remove_file(committed.join(&name)).map_err(failed(&committed))?;
    }
    let bytes = copy(&merged, &committed)?;
    Ok(row(names(&committed)?.len(), bytes))
}

/// Whether an input has libFuzzer's kind of name, its SHA-1: one with a name was put there by a person, and
/// stays.
fn is_fuzzers(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Runs a program until it has had so much of the processor, or ends; what it had, in seconds.
fn watched(command: &mut Command, log: &Path, most: Duration) -> Result<u64, Failed> {
    let file = File::create(log).map_err(failed(log))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone().map_err(failed(log))?)
        .stderr(file)
        .spawn()
        .map_err(failed(log))?;
    let (begun, mut had, mut told) = (Instant::now(), 0, false);
    loop {
        had = had.max(processor_seconds(&child));
        if child.try_wait().map_err(failed(log))?.is_some() {
            return Ok(had);
        }
        if !told && (had >= most.as_secs() || begun.elapsed() > most * PATIENCE) {
            // libFuzzer then prints its sums and ends.
            let _ = Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status();
            told = true;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// utime and stime of proc(5).
fn processor_seconds(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name in brackets may hold anything; the state follows it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|number| number.parse::<u64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}

fn names(folder: &Path) -> Result<BTreeSet<String>, Failed> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        names.insert(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Copies every file; their bytes.
fn copy(from: &Path, to: &Path) -> Result<u64, Failed> {
    let mut bytes = 0;
    for name in names(from)? {
        bytes += std::fs::copy(from.join(&name), to.join(&name)).map_err(failed(from))?;
    }
    Ok(bytes)
}

/// As it stands in docs/testing.md.
fn print(rows: &[Row]) {
    println!("| target | processor | executions | edges | features | inputs kept | bytes | findings |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        println!(
            "| {} | {} s | {} | {} | {} | {} | {} | {} |",
            row.target,
            row.seconds,
            row.executions,
            row.coverage,
            row.features,
            row.inputs,
            row.bytes,
            row.findings.len()
        );
    }
}
