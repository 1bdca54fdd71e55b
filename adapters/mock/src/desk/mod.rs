//! A help desk in memory: a store whose commits fail when told to, a clock that is set by hand, and what else a desk is
//! made of.
//!
//! Each adapter is a handle that can be cloned: one clone goes into the desk, the other stays with
//! the test.

mod admin_keys;
mod caller;
mod clock;
mod messages;
mod passkeys;
mod passwords;
mod recording;
mod store;
mod whole;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use admin_keys::MemoryAdminKeys;
pub use caller::{OneTimeCode, ScriptedVerifier};
pub use clock::TestClock;
pub use messages::{KeptNotice, Outbox};
pub use passkeys::{FakeBrowser, FakePasskeys};
pub use passwords::FastPasswords;
pub use recording::{ReadRow, Record, Recorded, RecordingStore};
pub use store::{MemoryStore, NextCommit, StoreContent};
pub use whole::{CountedEntropy, MemoryAnchor, TestDesk};

/// A thread that panicked while it held the lock leaves nothing half-written here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
