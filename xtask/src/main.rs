//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod bindings;
mod bite;
mod cache;
mod check;
mod console;
mod desk;
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

  test       install the missing Debian packages, then run every test
             `test bindings`: only the tests for C# and Kotlin
             `test windows`: only the tests for Windows, under Wine
             `test packages`: install each package into an empty host project, and run it there
  ci         format, clippy, docs, cargo deny, generated files, packages, and `test`
  bindings   regenerate the C#, Kotlin and Swift sources; `--check`: fail if one is stale
  windows    build fido_unlock_ffi.dll for 64-bit Windows, on Linux
  package    make the C#, Kotlin and Android packages in target/packages
  vendor-swift
             put sources and crates into one archive, for a machine with Swift and no registry
  firmware   build the device side without std, and the protocol without a heap
  docs       regenerate the generated documents (docs/errors.md)
  axe        get the script by which the console's tests look at its pages, and say where it is
  vectors    regenerate tests/vectors with code that is not the library's

Slow commands, not part of `ci`:

  long packages
             test packages and Windows as in `test`, with the libraries optimised as they ship
  long bite  put known bugs (all, or those with these numbers) into a copy of the code; the test
             named for each must fail
  long fuzz MINUTES [TARGET...]
             run each fuzz target, or these, for that many minutes of processor time, from
             tests/corpus, which they then rewrite with what they found
  long console
             have schemathesis make up 400 requests for each operation of the console's API
  long desk  kill a help desk's process 200 times in the middle of calls
  long bench bindings [ROUNDS]
             measure a call in C# and Kotlin, and an unlock beside the same one in Rust
  long bench desk [DEVICES...]
             measure the help desk over SQLite beside a floor that writes the same pages, with
             1,000, 10,000 and 100,000 devices, or these
  bench desk --http [DEVICES]
             measure the console over loopback beside the library over the same database, with
             100,000 devices, or so many
  long bench transport [COUNT] [card|hidraw|instructions|uml]
             measure an unlock over pcscd and hidraw, beside third-party clients
  long model explore the desk's decisions in a larger scope than the tests do
  long soak [UNLOCKS]
             10,000 (or UNLOCKS) unlocks on mono, .NET Core and the JVM must leave nothing behind
  long swift run the Swift tests, 10,000 unlocks and the sample agent, as root, in a folder with a
             newer Debian that has a compiler (3.5 GB); `test swift`: the same with 200 unlocks
  long arm64 build the library for Linux on 64-bit ARM, and run an unlock in C under qemu; as root
  long wasm  compile what of core a browser can use (wasm32-unknown-unknown)

Compiled dependencies, tools and the like are kept in the folder `fido-unlock` below XDG_CACHE_HOME
(or ~/.cache) for the next run on this machine. You may remove it at any time.
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
        ["axe"] => console::axe(),
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
        ["long", "desk"] => desk::kill(),
        ["long", "bench", "bindings", options @ ..] => bindings::bench(options),
        ["long", "bench", "transport", options @ ..] => bench::transport(options),
        ["bench", "desk", "--http", devices @ ..] => bench::console(devices),
        ["long", "bench", "desk", devices @ ..] => bench::desk(devices),
        ["long", "swift"] => bindings::test_swift(SOAK),
        ["test", "swift"] => bindings::test_swift(SHORT_SOAK),
        ["long", "arm64"] => bindings::test_arm64(),
        ["long", "wasm"] => wasm::check(),
        ["long", "console"] => console::long(),
        ["long", "model"] => test::model(),
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
