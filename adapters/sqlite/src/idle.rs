//! Connections that nobody reads from now.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

/// So many are kept.
const MOST: usize = 8;

/// A few that have been opened already, for the next looks.
#[derive(Default)]
pub(crate) struct Idle(Mutex<Vec<Connection>>);

impl Idle {
    pub(crate) fn take(&self) -> Option<Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn keep(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST {
            idle.push(connection);
        }
    }
}
