//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod bindings;
mod bite;
mod check;
mod docs;
mod firmware;
mod packages;
mod step;
mod test;
mod vectors;

use std::process::ExitCode;

use step::Failed;

const USAGE: &str = "\
cargo xtask <command>

  test       install the Debian packages that are missing, then every test
  ci         format, clippy, docs, cargo deny, generated files, packages, then `test`
  bindings   the part of `test` for C#, Kotlin and Swift
  firmware   build the device side without std, with its own panic handler
  docs       write the generated documents again (docs/errors.md)
  bite       put known bugs (or those of these numbers) into a copy of the code; the test named for
             each must fail
  bench transport [COUNT] [card|hidraw]
             what an unlock costs over pcscd and hidraw, beside clients that are not ours
  vectors    make tests/vectors again, with code that is not the library's
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(),
        ["ci"] => check::run().and_then(|()| test::run()),
        ["firmware"] => firmware::build(),
        ["docs"] => docs::write(),
        ["vectors"] => vectors::write(),
        ["bench", "transport", options @ ..] => bench::transport(options),
        ["bindings"] => bindings::test(),
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
