//! `fido-unlock`: the user's side, the help desk's side and a software authenticator, on the command
//! line. See README.md.

mod args;
mod brought;
mod commands;
mod desk;
mod device;
mod failure;
mod output;
mod prompt;
mod service;
mod session_file;
mod usage;

use std::alloc::System;
use std::process::ExitCode;

use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

use args::Cli;
use output::print_failure;

/// Standard input, JSON and HTTP have buffers that no command can wipe: whatever is given back is.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    #[cfg(unix)]
    prompt::leave_no_core();
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let result = match Cli::try_parse() {
        Ok(cli) => commands::run(&cli),
        Err(error) if !error.use_stderr() => {
            // Help or version; a closed pipe is no failure.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(usage::failure(&error)),
    };
    match result {
        Ok(report) => match report.print(wants_json) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                // Not on standard output, which has just failed.
                let _ = print_failure(&failure, false);
                ExitCode::from(failure.code.family().exit_code())
            }
        },
        Err(failure) => {
            // Where not even that can be written, the exit code still tells.
            let _ = print_failure(&failure, wants_json);
            ExitCode::from(failure.code.family().exit_code())
        }
    }
}
