//! Whether the desk can work, as a service tells it whoever runs it.

use super::{Behind, Desk, head_of, in_time};
use crate::decide::who;
use crate::record::{DeskEntry, DeskEvent};
use crate::step::{Step, TransactionNodes};
use crate::{DeskError, UnixTime};

/// How the desk stands. Nobody signs in to ask, so there is no name and no device in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the set-up has ended, so that codes are given.
    pub open: bool,
    /// Whether the service is switched on.
    pub service_on: bool,
    /// Until when the licence is valid; `None` without one.
    pub licence_until: Option<UnixTime>,
    /// Entries of the log.
    pub log_entries: u64,
    /// The desk's time.
    pub at: UnixTime,
}

impl Desk {
    /// How the desk stands: it answers, its store can be written to, and the clocks agree. Nothing is written and nothing
    /// recorded, not even a refusal, so that it can be asked every few seconds.
    ///
    /// # Errors
    /// [`ErrorCode::ClockDiffers`](fido_unlock_protocol::ErrorCode::ClockDiffers); [`DeskError::ClockWentBack`]; a store's error.
    pub fn health(&mut self) -> Result<Health, DeskError> {
        let seed = self.seed()?;
        // A transaction that could write, or it is refused.
        let txn = self.parts.store.begin()?;
        let head = head_of(&*txn, &self.parts.seal_key, self.seen.as_ref())?;
        let clock = self.parts.clock.now();
        let store_clock = txn.now()?.unwrap_or(clock);
        in_time(clock, store_clock, head.at, Behind::Refused)?;
        let nodes = TransactionNodes(&*txn);
        let about = DeskEntry::of(DeskEvent::Searched);
        let now = store_clock.max(head.at);
        let step = Step::new(&nodes, head.clone(), now, seed, self.disabled, about);
        let settings = who::settings(&step)?;
        let licence = who::licence(&step)?;
        let health = Health {
            open: settings.open,
            service_on: settings.service_on,
            licence_until: licence.map(|licence| licence.valid_until),
            log_entries: head.range.size(),
            at: now,
        };
        drop(step);
        txn.end()?;
        self.saw(&head);
        Ok(health)
    }
}
