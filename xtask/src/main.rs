//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod bindings;
mod bite;
mod check;
mod docs;
mod firmware;
mod packages;
mod samples;
mod step;
mod test;
mod vectors;

use std::process::ExitCode;

use step::Failed;

const USAGE: &str = "\
cargo xtask <command>

  test       install the Debian packages that are missing, then every test
             `test bindings`: the part of it for C#, Kotlin and Swift
             `test windows`: the part of it for Windows, under Wine
             `test packages`: each package installed into an empty host project, and run there
  ci         format, clippy, docs, cargo deny, generated files, packages, then `test`
  bindings   write the sources of C#, Kotlin and Swift again; `--check`: fail where one is stale
  windows    build fido_unlock_ffi.dll for 64-bit Windows, on Linux
  package    make the packages of C#, Kotlin and Android in target/packages
  vendor-swift
             sources and crates for a machine with Swift and without a registry, as one archive
  firmware   build the device side without std, with its own panic handler
  docs       write the generated documents again (docs/errors.md)
  bite       put known bugs (or those of these numbers) into a copy of the code; the test named for
             each must fail
  bench bindings [ROUNDS]
             what a call costs in C# and Kotlin, and an unlock beside the same one in Rust
  bench transport [COUNT] [card|hidraw|instructions|uml]
             what an unlock costs over pcscd and hidraw, beside clients that are not ours
  soak [UNLOCKS]
             10,000 unlocks (or as many) on mono, .NET Core and the JVM leave nothing behind
  vectors    make tests/vectors again, with code that is not the library's
";

/// Unlocks in each runtime.
const SOAK: u32 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(),
        ["ci"] => check::run().and_then(|()| test::run()),
        ["firmware"] => firmware::build(),
        ["docs"] => docs::write(),
        ["vectors"] => vectors::write(),
        ["soak"] => bindings::soak(SOAK),
        ["soak", unlocks] => match unlocks.parse() {
            Ok(unlocks) if unlocks > 1 => bindings::soak(unlocks),
            _ => Err(Failed("soak: how many unlocks?".into())),
        },
        ["bench", "transport", options @ ..] => bench::transport(options),
        ["test", "bindings"] => bindings::test(),
        ["test", "windows"] => bindings::test_windows(),
        ["windows"] => bindings::windows().map(drop),
        ["test", "packages"] => bindings::test_packages(),
        ["vendor-swift"] => bindings::vendor_swift().map(drop),
        ["package"] => bindings::package(),
        ["bench", "bindings", options @ ..] => bindings::bench(options),
        ["bindings"] => bindings::write(),
        ["bindings", "--check"] => bindings::check(),
        ["bite", numbers @ ..] => bite::run(numbers),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Failed(format!("unknown command\n\n{USAGE}"))),
    };
    step::summary();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(reason)) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
