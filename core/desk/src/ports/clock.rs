//! Wall-clock time.

use crate::UnixTime;

/// The help desk's clock. The desk itself notices, from the audit log, if it went back.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> UnixTime;
}
