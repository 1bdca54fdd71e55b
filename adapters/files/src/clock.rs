//! The computer's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use fido_unlock_desk::UnixTime;
use fido_unlock_desk::ports::Clock;

/// The computer's wall clock. Before 1970 it shows 0, which the desk refuses as gone back.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        )
    }
}
