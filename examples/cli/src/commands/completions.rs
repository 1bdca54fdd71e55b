//! `completions`.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Report;

/// Prints the script.
pub fn run(shell: Shell) -> Result<Report, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "fido-unlock", &mut script);
    let script = String::from_utf8_lossy(&script).trim_end().to_owned();
    Ok(Report::new().line(script.clone()).field("script", script))
}
