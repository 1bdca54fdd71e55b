//! A help desk in memory: every port of [`DeskPorts`], a clock that is set by hand, and writes that
//! fail when told to.
//!
//! Each adapter is a handle that can be cloned: one clone goes into the desk, the other stays with
//! the test.

mod admin_keys;
mod audit_log;
mod caller;
mod clock;
mod directory;
mod faults;
mod licence;
mod limits;
mod messages;
mod operators;
mod passwords;
mod store;
mod whole;

use std::sync::{Mutex, MutexGuard, PoisonError};

use fido_unlock_desk::{DeskPorts, KeyRing, SoftwareSigner};

pub use admin_keys::MemoryAdminKeys;
pub use audit_log::MemoryAuditLog;
pub use caller::{OneTimeCode, ScriptedVerifier};
pub use clock::TestClock;
pub use directory::MemoryDirectory;
pub use faults::Faults;
pub use licence::MemoryLicence;
pub use limits::MemoryLimits;
pub use messages::{KeptNotice, Outbox};
pub use operators::MemoryOperators;
pub use passwords::FastPasswords;
pub use store::{MemoryStore, NextCommit, StoreContent};
pub use whole::{CountedEntropy, MemoryAnchor, TestDesk};

/// A whole desk in memory; [`MemoryDesk::ports`] can be called again to stand for a restart.
#[derive(Clone)]
pub struct MemoryDesk {
    /// Clock.
    pub clock: TestClock,
    /// Licence: valid, on, 1000 devices.
    pub licence: MemoryLicence,
    /// Operators: none.
    pub operators: MemoryOperators,
    /// Users and devices: none.
    pub directory: MemoryDirectory,
    /// Limits: nothing counted.
    pub limits: MemoryLimits,
    /// Audit log: empty.
    pub audit_log: MemoryAuditLog,
    /// Admin keys: none.
    pub admin_keys: MemoryAdminKeys,
    /// Notices and sent codes.
    pub outbox: Outbox,
    /// Makes the writes of all of these fail.
    pub faults: Faults,
}

impl MemoryDesk {
    /// An empty desk at `now` (Unix seconds), with a licence for a year.
    #[must_use]
    pub fn new(now: u64) -> Self {
        let faults = Faults::default();
        Self {
            clock: TestClock::new(now),
            licence: MemoryLicence::for_a_year_from(now, faults.clone()),
            operators: MemoryOperators::default(),
            directory: MemoryDirectory::new(faults.clone()),
            limits: MemoryLimits::new(faults.clone()),
            audit_log: MemoryAuditLog::new([0x4C; 16], faults.clone()),
            admin_keys: MemoryAdminKeys::new(faults.clone()),
            outbox: Outbox::default(),
            faults,
        }
    }

    /// Ports over these stores, with a software signer over `ring`.
    #[must_use]
    pub fn ports(&self, ring: KeyRing) -> DeskPorts {
        DeskPorts {
            clock: Box::new(self.clock.clone()),
            licence: Box::new(self.licence.clone()),
            operators: Box::new(self.operators.clone()),
            directory: Box::new(self.directory.clone()),
            limits: Box::new(self.limits.clone()),
            audit_log: Box::new(self.audit_log.clone()),
            signer: Box::new(SoftwareSigner::new(ring, Box::new(self.admin_keys.clone()))),
            notifier: Box::new(self.outbox.clone()),
            delivery: Some(Box::new(self.outbox.clone())),
        }
    }
}

/// A thread that panicked while it held the lock leaves nothing half-written here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
