//! What can be chosen about a database.

use std::time::Duration;

/// The longest that a transaction waits for another one's end.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long a transaction waits for another one's end; more than [`LONGEST_WAIT`] is that.
    pub busy_wait: Duration,
    /// The most pages (4,096 bytes each) that the file may have; `None`: as many as there is room for. What goes
    /// beyond is refused with [`StorageError::Full`](fido_unlock_desk::ports::StorageError::Full).
    pub max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_wait: LONGEST_WAIT,
            max_pages: None,
        }
    }
}
