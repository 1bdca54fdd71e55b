//! The program that writes the sources of each language.

use std::process::Command;

use crate::step::Failed;
use crate::workspace;

/// The generator with these arguments.
pub fn bindgen(arguments: &[&str]) -> Result<Command, Failed> {
    let mut command = workspace::program("fido-unlock-bindgen")?;
    command.args(arguments);
    Ok(command)
}
