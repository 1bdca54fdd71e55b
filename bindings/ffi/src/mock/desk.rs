//! A help desk in memory, with a clock that is set by hand, for a host's own tests.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Desk, DeskParts, KeyRing};
use fido_unlock_mock::desk::{NextCommit, TestDesk};
use zeroize::Zeroizing;

use crate::desk::{Ground, HostPorts};
use crate::{CodeDelivery, DeskRules, DeskSigner, HelpDesk, OwnerNotifier, UnlockError};

/// A database in memory and a clock. Two desks over one are two instances of one desk, and one after the other is a
/// restart. Passwords are hashed fast.
#[derive(uniffi::Object)]
pub struct MockDatabase(TestDesk);

impl MockDatabase {
    fn parts(
        &self,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
    ) -> Result<DeskParts, UnlockError> {
        let parts = self.0.parts(KeyRing::new());
        let host = HostPorts {
            signer,
            notifier,
            delivery,
            vendor_keys: vec![mock_vendor_key()],
        };
        host.on(Ground {
            store: parts.store,
            seal_key: parts.seal_key,
            clock: parts.clock,
            passwords: parts.passwords,
            anchor: parts.anchor,
        })
    }
}

#[uniffi::export]
impl MockDatabase {
    /// Empty. `now`: what the clock says, in seconds since 1970-01-01 UTC.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(now: u64) -> Arc<Self> {
        Arc::new(Self(TestDesk::new(now)))
    }

    /// Sets the clock, forward or back.
    pub fn set_clock(&self, now: u64) {
        self.0.clock.set(now);
    }

    /// As `HelpDesk.create`, over this database.
    pub fn create(
        &self,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
        rules: DeskRules,
        administrator: String,
        password: String,
    ) -> Result<Arc<HelpDesk>, UnlockError> {
        let password = Zeroizing::new(password);
        let parts = self.parts(signer, notifier, delivery)?;
        HelpDesk::make(parts, rules, &administrator, &password)
    }

    /// As `HelpDesk.open`, over this database.
    pub fn open(
        &self,
        signer: Arc<DeskSigner>,
        notifier: Arc<dyn OwnerNotifier>,
        delivery: Option<Arc<dyn CodeDelivery>>,
    ) -> Result<Arc<HelpDesk>, UnlockError> {
        Ok(HelpDesk::over(Desk::open(
            self.parts(signer, notifier, delivery)?,
        )?))
    }

    /// Makes the next write fail.
    pub fn fail_next_write(&self) {
        self.0.store.next_commit(NextCommit::Fails);
    }

    /// Whether a row or an entry of the log has this text in it.
    #[must_use]
    pub fn contains(&self, text: String) -> bool {
        let content = self.0.store.content();
        let rows = content.rows.values().map(|(row, _)| row);
        let mut all = rows.chain(&content.entries);
        all.any(|bytes| {
            bytes
                .windows(text.len().max(1))
                .any(|part| part == text.as_bytes())
        })
    }

    /// Changes a byte of an entry of the log, as whoever can write the database could.
    pub fn edit_entry(&self, index: u64) -> Result<(), UnlockError> {
        let mut content = self.0.store.content();
        let index = usize::try_from(index).map_err(|_| ErrorCode::InvalidArgument)?;
        let entry = content.entries.get_mut(index).and_then(|entry| entry.last_mut());
        *entry.ok_or(ErrorCode::InvalidArgument)? ^= 1;
        self.0.store.set_content(content);
        Ok(())
    }
}

/// The line of the key whose licences the desks over a `MockDatabase` take.
#[uniffi::export]
#[must_use]
pub fn mock_vendor_key() -> String {
    let parts = TestDesk::new(0).parts(KeyRing::new());
    parts.vendor.first().map(|key| key.to_line()).unwrap_or_default()
}

/// A licence for `devices`, good for a year from `now` on, in seconds since 1970-01-01 UTC.
#[uniffi::export]
#[must_use]
pub fn mock_licence(now: u64, devices: u32) -> String {
    TestDesk::licence(now, devices)
}
