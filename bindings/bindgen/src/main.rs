//! Writes the sources of the bindings from a built library: C# by our own back-end (`csharp/`).
#![deny(missing_docs)]

mod csharp;

use std::process::ExitCode;

use clap::Parser;

/// Generates bindings.
#[derive(Parser)]
enum Command {
    /// C# 7.3 for netstandard2.0.
    Csharp(csharp::Options),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Csharp(options) => csharp::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
