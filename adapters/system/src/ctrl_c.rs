//! Ctrl-C.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use fido_unlock_host::ports::Cancel;
use fido_unlock_protocol::{ErrorCode, HasCode};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// The process's handler could not be set: the program has one of its own, or the system refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", ErrorCode::HostFailed)]
pub struct CtrlCError {
    /// The message of the crate `ctrlc`, or the system's.
    pub reason: String,
}

impl HasCode for CtrlCError {
    fn code(&self) -> ErrorCode {
        ErrorCode::HostFailed
    }
}

/// Cancels once the person has pressed Ctrl-C, or the system asked the process to end (SIGTERM, SIGHUP).
/// Copies are the same one. Once pressed it stays pressed: every later call ends at once. A program that waits
/// for something else (a prompt, a download) looks at it by itself, since no Ctrl-C ends the process any more.
///
/// ```no_run
/// use fido_unlock_system::{Call, CtrlC, Devices, SystemDevices};
///
/// let ctrl_c = CtrlC::new()?;
/// Devices::system()?.list(&mut Call::quick().cancelled_by(&ctrl_c))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CtrlC(());

impl CtrlC {
    /// Takes the process's handler: from the first call on, Ctrl-C ends no process by itself.
    ///
    /// # Errors
    /// [`CtrlCError`], the same each time.
    pub fn new() -> Result<Self, CtrlCError> {
        static HANDLER: OnceLock<Result<(), CtrlCError>> = OnceLock::new();
        let set = || {
            ctrlc::set_handler(|| PRESSED.store(true, Ordering::Relaxed)).map_err(|error| CtrlCError {
                reason: error.to_string(),
            })
        };
        HANDLER.get_or_init(set).clone().map(|()| Self(()))
    }
}

impl Cancel for CtrlC {
    fn is_cancelled(&self) -> bool {
        PRESSED.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn it_cancels_from_the_signal_on() {
        let ctrl_c = CtrlC::new().unwrap();
        assert!(!ctrl_c.is_cancelled());
        let own = std::process::id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", "INT", &own])
                .status()
                .unwrap()
                .success()
        );
        let begun = Instant::now();
        while !CtrlC::new().unwrap().is_cancelled() {
            assert!(begun.elapsed() < Duration::from_secs(60), "not seen");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(ctrl_c.is_cancelled());
    }
}
