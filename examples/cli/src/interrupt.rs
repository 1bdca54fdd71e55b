//! Ctrl-C, for the commands that go on until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fido_unlock::ErrorCode;

use crate::failure::Failure;

/// A cancel flag that Ctrl-C, or the system's wish to end the process, sets.
pub fn interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    ctrlc::set_handler(move || theirs.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::new(ErrorCode::HostFailed, error.to_string()))?;
    Ok(flag)
}
