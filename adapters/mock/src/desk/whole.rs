//! A whole desk over a store in memory.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::log::{KeyName, NoteSigner, SoftwareNoteSigner};
use fido_unlock_desk::ports::{Anchor, Entropy, EntropyError, StorageError};
use fido_unlock_desk::{DeskParts, KeyRing, LicenceFile, SealKey, SeenLog, SoftwareSigner, UnixTime};

use super::{FakePasskeys, FastPasswords, MemoryAdminKeys, MemoryStore, Outbox, TestClock, lock};

const YEAR: u64 = 365 * 24 * 60 * 60;

/// Numbers that are random to nobody: the same each time.
#[derive(Clone, Debug, Default)]
pub struct CountedEntropy(Arc<Mutex<u64>>);

impl Entropy for CountedEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let mut count = lock(&self.0);
        for chunk in bytes.chunks_mut(8) {
            *count += 1;
            chunk
                .iter_mut()
                .zip(count.to_be_bytes().iter().rev())
                .for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }
}

/// Keeps the anchor in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryAnchor(Arc<Mutex<Option<SeenLog>>>);

impl Anchor for MemoryAnchor {
    fn load(&self) -> Result<Option<SeenLog>, StorageError> {
        Ok(lock(&self.0).clone())
    }

    fn save(&mut self, seen: &SeenLog) -> Result<(), StorageError> {
        *lock(&self.0) = Some(seen.clone());
        Ok(())
    }
}

/// What a desk over a store in memory is made of. A clone is another handle to the same things: two desks over one are
/// two instances of one desk, and one after the other is a restart.
#[derive(Clone)]
pub struct TestDesk {
    /// The store.
    pub store: MemoryStore,
    /// This computer's clock.
    pub clock: TestClock,
    /// Random numbers.
    pub entropy: CountedEntropy,
    /// Admin keys.
    pub admin_keys: MemoryAdminKeys,
    /// Notices and sent codes.
    pub outbox: Outbox,
    /// The anchor; a desk has it when [`TestDesk::anchored`] is set.
    pub anchor: MemoryAnchor,
    /// Whether desks have an anchor.
    pub anchored: bool,
    /// The window in which wrong passwords are counted, in seconds.
    pub guess_window_seconds: u64,
}

impl TestDesk {
    /// Nothing yet, at `now` (Unix seconds).
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self {
            store: MemoryStore::default(),
            clock: TestClock::new(now),
            entropy: CountedEntropy::default(),
            admin_keys: MemoryAdminKeys::default(),
            outbox: Outbox::default(),
            anchor: MemoryAnchor::default(),
            anchored: false,
            guess_window_seconds: 0,
        }
    }

    fn vendor() -> Option<SoftwareNoteSigner> {
        let name = KeyName::new("vendor.example").ok()?;
        Some(SoftwareNoteSigner::from_seed(name, &[0x56; 32]))
    }

    /// The parts of a desk, with a software signer over `ring`.
    #[must_use]
    pub fn parts(&self, ring: KeyRing) -> DeskParts {
        DeskParts {
            store: Box::new(self.store.clone()),
            seal_key: SealKey::from_bytes([0x5E; 32]),
            clock: Box::new(self.clock.clone()),
            entropy: Box::new(self.entropy.clone()),
            signer: Box::new(SoftwareSigner::new(ring, Box::new(self.admin_keys.clone()))),
            passwords: Box::new(FastPasswords),
            passkeys: Some(Box::new(FakePasskeys)),
            notifier: Box::new(self.outbox.clone()),
            delivery: Some(Box::new(self.outbox.clone())),
            anchor: self
                .anchored
                .then(|| Box::new(self.anchor.clone()) as Box<dyn Anchor + Send>),
            vendor: Self::vendor().iter().map(NoteSigner::verifier).collect(),
            guess_window_seconds: self.guess_window_seconds,
        }
    }

    /// A licence for `devices` and a year from `now` on, signed by the vendor whose key the parts have.
    #[must_use]
    pub fn licence(now: u64, devices: u32) -> String {
        let licence = LicenceFile {
            holder: "Example Corp".into(),
            devices,
            valid_until: UnixTime(now + YEAR),
            contact: "licences@vendor.example".into(),
        };
        Self::vendor()
            .and_then(|mut vendor| licence.sign(&mut vendor).ok())
            .unwrap_or_default()
    }
}
