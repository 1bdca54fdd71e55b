//! Ctrl-C, for the commands that go on until then, and for waits that the device must be told the end of.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fido_unlock::ErrorCode;

use crate::failure::Failure;

/// A cancel flag that Ctrl-C, or the system's wish to end the process, sets from now on; the same each time.
pub fn interrupt() -> Result<Arc<AtomicBool>, Failure> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    ctrlc::set_handler(move || theirs.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::new(ErrorCode::HostFailed, error.to_string()))?;
    Ok(Arc::clone(FLAG.get_or_init(|| flag)))
}
