//! Writes the sources of the bindings out of a built `fido-unlock-ffi`: Kotlin and Swift by
//! `uniffi_bindgen`, C# by our own back-end (`csharp/`).
//!
//! The generated files are committed; `--check` fails where they are not what would be written.
#![deny(missing_docs)]

mod csharp;
mod kotlin;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

/// Where UniFFI puts the Kotlin file, beneath its folder.
const KOTLIN_FILE: &str = "io/github/fidounlock/fido_unlock_ffi.kt";
/// The C header lies beside the module map, which is written by hand.
const SWIFT_FILES: [(&str, &str); 2] = [
    ("fido_unlockFFI.h", "fido_unlockFFI/fido_unlockFFI.h"),
    ("FidoUnlock.swift", "FidoUnlock/FidoUnlock.swift"),
];

/// Writes the sources of the bindings.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    language: Language,
}

#[derive(Subcommand)]
enum Language {
    /// Kotlin, into bindings/kotlin/src/main/kotlin/generated.
    Kotlin(Paths),
    /// Swift and its C header, into bindings/swift/Sources.
    Swift(Paths),
    /// C#, into bindings/csharp/FidoUnlock/Generated; of any other library with `--namespace`.
    Csharp(csharp::Options),
}

#[derive(Args)]
struct Paths {
    /// The built library: `libfido_unlock_ffi.so`, `.dylib` or `.dll`.
    #[arg(long)]
    library: Option<PathBuf>,
    /// Another folder to write into.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write nothing; fail where a file is not what would be written.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    match &options.language {
        Language::Kotlin(paths) => write(
            paths,
            TargetLanguage::Kotlin,
            "bindings/kotlin/src/main/kotlin/generated",
            &[(KOTLIN_FILE, KOTLIN_FILE)],
            kotlin::correct,
        ),
        Language::Csharp(options) => csharp::run(options, root()),
        Language::Swift(paths) => write(
            paths,
            TargetLanguage::Swift,
            "bindings/swift/Sources",
            &SWIFT_FILES,
            |text| Ok(text.to_owned()),
        ),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The library to read: the one given, or the product's debug build.
fn library(given: Option<&Path>) -> Result<PathBuf> {
    let library = given.map_or_else(
        || {
            let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
            root().join(format!("target/debug/{prefix}fido_unlock_ffi{suffix}"))
        },
        Path::to_path_buf,
    );
    if !library.exists() {
        bail!(
            "{} is not there: cargo build -p fido-unlock-ffi",
            library.display()
        );
    }
    Ok(library)
}

/// Generates into a scratch folder, then moves or compares each file (from, to).
fn write(
    paths: &Paths,
    language: TargetLanguage,
    folder: &str,
    files: &[(&str, &str)],
    correct: fn(&str) -> Result<String>,
) -> Result<()> {
    let root = root();
    let library = library(paths.library.as_deref())?;
    let scratch = std::env::temp_dir().join(format!("fido-unlock-bindgen-{}", std::process::id()));
    let utf8 = |path: PathBuf| path.try_into().context("a path is not UTF-8");
    generate(GenerateOptions {
        languages: vec![language],
        source: utf8(library)?,
        out_dir: utf8(scratch.clone())?,
        ..GenerateOptions::default()
    })?;
    let out = paths.out.clone().unwrap_or_else(|| root.join(folder));
    let result = files
        .iter()
        .try_for_each(|(from, to)| place(&scratch.join(from), &out.join(to), correct, paths.check));
    // It lies in the system's folder for what nobody misses.
    let _ = fs::remove_dir_all(scratch);
    result
}

fn place(from: &Path, to: &Path, correct: fn(&str) -> Result<String>, check: bool) -> Result<()> {
    let new = fs::read_to_string(from).with_context(|| format!("nothing generated at {}", from.display()))?;
    let new = correct(&tidy(&new))?;
    if !check {
        fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        return fs::write(to, new).with_context(|| format!("{} cannot be written", to.display()));
    }
    if fs::read_to_string(to).is_ok_and(|old| old == new) {
        Ok(())
    } else {
        bail!("{} is stale: run this without --check", to.display())
    }
}

/// No blanks at the ends of lines, one line end at the end.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}
