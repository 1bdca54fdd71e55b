#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod agent;
mod desk;
mod failure;
mod input;
mod job;
pub mod keys;
mod report;
mod saved;
mod work;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Duration;

pub use desk::DeskOptions;
pub use failure::Failure;

use keys::Keys;

/// What the agent is told at its start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the sessions, which outlive the agent.
    pub state: PathBuf,
    /// The help desk's service; without one, codes come on the input.
    pub desk: Option<DeskOptions>,
    /// How long a key that was busy is left alone before the next try.
    pub pause: Duration,
}

/// Runs the agent until the end of `input` and of what it has begun.
///
/// # Errors
/// `output` cannot be written.
pub fn app(
    options: Options,
    keys: impl Keys + 'static,
    input: impl BufRead + Send + 'static,
    output: impl Write,
) -> Result<(), Failure> {
    agent::Agent::new(options, output).run(keys, input)
}
