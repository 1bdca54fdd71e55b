//! Nothing but the way from one language to the other, to be timed (`cargo xtask long bench bindings`).

use std::sync::Arc;

use crate::{HidReports, PipeError};

/// Does nothing.
#[uniffi::export]
pub fn mock_nothing() {}

/// Gives the same bytes back.
#[uniffi::export]
#[must_use]
pub fn mock_echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// Writes a report of 64 bytes to the pipe and reads one from it, `count` times; gives how many bytes
/// it read.
#[uniffi::export]
pub fn mock_exchange(pipe: Arc<dyn HidReports>, count: u32) -> Result<u64, PipeError> {
    let mut read = 0;
    for _ in 0..count {
        pipe.write_report(vec![0x5A; 64])?;
        read += pipe.read_report(0)?.len() as u64;
    }
    Ok(read)
}
