//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod bindings;
mod bite;
mod cache;
mod check;
mod docs;
mod firmware;
mod fuzz;
mod packages;
mod published;
mod samples;
mod step;
mod test;
mod tree;
mod vectors;
mod wasm;
mod workspace;

use std::fs::File;
use std::process::ExitCode;
use std::time::Instant;

use step::Failed;

const USAGE: &str = "\
cargo xtask <command>

  test       install the Debian packages that are missing, then every test
             `test bindings`: the part of it for C# and Kotlin
             `test windows`: the part of it for Windows, under Wine
             `test packages`: each package installed into an empty host project, and run there
  ci         format, clippy, docs, cargo deny, generated files, packages, and `test`
  bindings   write the sources of C#, Kotlin and Swift again; `--check`: fail where one is stale
  windows    build fido_unlock_ffi.dll for 64-bit Windows, on Linux
  package    make the packages of C#, Kotlin and Android in target/packages
  vendor-swift
             sources and crates for a machine with Swift and without a registry, as one archive
  firmware   build the device side without std, and the protocol without a heap
  docs       write the generated documents again (docs/errors.md)
  vectors    make tests/vectors again, with code that is not the library's

What takes long, and is no part of `ci`:

  long packages
             packages and Windows as in `test`, with the libraries optimised as they ship
  long bite  put known bugs (or those of these numbers) into a copy of the code; the test named for
             each must fail
  long fuzz MINUTES [TARGET...]
             each fuzz target, or these, for so many minutes of the processor, from tests/corpus,
             which then holds what they found
  long bench bindings [ROUNDS]
             what a call costs in C# and Kotlin, and an unlock beside the same one in Rust
  long bench transport [COUNT] [card|hidraw|instructions|uml]
             what an unlock costs over pcscd and hidraw, beside clients that are not ours
  long soak [UNLOCKS]
             10,000 unlocks (or as many) on mono, .NET Core and the JVM leave nothing behind
  long swift Swift, as root: its tests, 10,000 unlocks and the sample agent, in a folder with a newer
             Debian that has a compiler (3.5 GB); `test swift`: the same with 200 unlocks
  long arm64 the library for Linux on 64-bit ARM, and a whole unlock in C under qemu; as root
  long wasm  what of core compiles for a browser (wasm32-unknown-unknown)

Compiled dependencies, tools and the like are kept below XDG_CACHE_HOME (or ~/.cache), in the folder
`fido-unlock`, for the next run on this machine; it may be removed at any time.
";

/// Unlocks in each runtime.
const SOAK: u32 = 10_000;
/// The same where no long form is asked for.
const SHORT_SOAK: u32 = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let begin = Instant::now();
    let _alone = match alone() {
        Ok(lock) => lock,
        Err(Failed(reason)) => {
            eprintln!("xtask: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let result = match words.as_slice() {
        ["test"] => test::run(),
        ["ci"] => check::ci(),
        ["firmware"] => firmware::build(),
        ["docs"] => docs::write(),
        ["vectors"] => vectors::write(),
        ["test", "bindings"] => bindings::test(),
        ["test", "windows"] => bindings::test_windows(),
        ["test", "packages"] => bindings::test_packages(),
        ["windows"] => bindings::windows().map(drop),
        ["vendor-swift"] => bindings::vendor_swift().map(drop),
        ["package"] => bindings::package(),
        ["bindings"] => bindings::write(),
        ["bindings", "--check"] => bindings::check(),
        ["long", "packages"] => bindings::test_what_ships(),
        ["long", "bite", numbers @ ..] => bite::run(numbers),
        ["long", "fuzz", minutes, targets @ ..] => match minutes.parse() {
            Ok(minutes) if minutes > 0 => fuzz::run(minutes, targets),
            _ => Err(Failed("long fuzz: how many minutes?".into())),
        },
        ["long", "bench", "bindings", options @ ..] => bindings::bench(options),
        ["long", "bench", "transport", options @ ..] => bench::transport(options),
        ["long", "swift"] => bindings::test_swift(SOAK),
        ["test", "swift"] => bindings::test_swift(SHORT_SOAK),
        ["long", "arm64"] => bindings::test_arm64(),
        ["long", "wasm"] => wasm::check(),
        ["long", "soak"] => bindings::soak(SOAK),
        ["long", "soak", unlocks] => match unlocks.parse() {
            Ok(unlocks) if unlocks > 1 => bindings::soak(unlocks),
            _ => Err(Failed("long soak: how many unlocks?".into())),
        },
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => Err(Failed(format!("unknown command\n\n{USAGE}"))),
    };
    step::summary(begin.elapsed().as_secs_f64());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(reason)) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Two runs in one clone would write over each other's programs and reports: the later one waits.
fn alone() -> Result<File, Failed> {
    let folder = step::root().join("target");
    let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let file = File::create(folder.join("xtask.lock")).map_err(failed)?;
    if file.try_lock().is_err() {
        println!("==> another run works in this clone: waiting for it");
        file.lock().map_err(failed)?;
    }
    Ok(file)
}
