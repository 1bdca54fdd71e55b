//! Wall-clock time.

use crate::UnixTime;

/// The help desk's clock. That it went back is noticed by the desk itself, against the audit log.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> UnixTime;
}
