//! The desk: runs decisions as transactions, and the slow work between them.

mod calls;
mod codes;
mod device_day;
mod devices;
mod export;
mod figures;
mod health;
mod log_reading;
mod log_search;
mod passkeys;
mod people;
mod restore;
mod running;
mod service;
mod shown_entry;
mod sign_in;
mod tokens;
mod verify;
mod vouching;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};
use fido_unlock_protocol::ports::Entropy;

pub use calls::{BegunAsk, BegunCheck};
pub use device_day::{DeviceDay, NextCode};
pub use export::{ExportTexts, WriteFile};
pub use health::Health;
pub use log_reading::LogReading;
pub use log_search::LogFilter;
pub use running::{LogReport, LogState};
pub use service::{SetUp, Standing};
pub use shown_entry::{FieldValue, ShownEntry};
pub use verify::VerifyProgress;

use crate::decide::{alarm, set_up};
use crate::log::{NoteVerifier, Range};
use crate::map::Map;
use crate::new_secret::judge_new_secret;
use crate::ports::{
    Anchor, Clock, CodeDelivery, CommitError, DeskStore, DeskView, Notifier, Passkeys, Passwords, Signer,
    StorageError,
};
use crate::record::{DeskEntry, DeskEvent, LogId};
use crate::rows::Era;
use crate::rules::Rules;
use crate::step::{Guard, Head, SealKey, Seed, SeenLog, Step, TransactionNodes, is_alarming, wrong_end};
use crate::typed_text::opaque;
use crate::{DeskError, OperatorId, PersonNumber, UnixTime};

/// How far this computer's clock may be from the store's, or behind the log, in seconds.
const CLOCK_TOLERANCE: u64 = 5;
/// The anchor is written when the log has grown by so many entries.
const ANCHOR_EVERY: u64 = 64;

/// Everything that a desk is made of.
pub struct DeskParts {
    /// Where everything is kept.
    pub store: Box<dyn DeskStore + Send>,
    /// The key under which the store's head stands.
    pub seal_key: SealKey,
    /// This computer's clock.
    pub clock: Box<dyn Clock + Send>,
    /// Random bytes.
    pub entropy: Box<dyn Entropy + Send>,
    /// Issuers' keys.
    pub signer: Box<dyn Signer + Send>,
    /// How passwords are hashed.
    pub passwords: Box<dyn Passwords + Send>,
    /// Operators' passkeys, where the desk takes them.
    pub passkeys: Option<Box<dyn Passkeys + Send>>,
    /// Notices to owners.
    pub notifier: Box<dyn Notifier + Send>,
    /// Sends codes to channels, where the desk does that.
    pub delivery: Option<Box<dyn CodeDelivery + Send>>,
    /// Keeps a recent head beside the keys.
    pub anchor: Option<Box<dyn Anchor + Send>>,
    /// Whose licences count.
    pub vendor: Vec<NoteVerifier>,
    /// Wrong passwords are written down once in this many seconds, so that a guess costs no write; 0: each at once,
    /// which a program that ends after one guess must.
    pub guess_window_seconds: u64,
}

/// Wrong passwords that are not written down yet.
struct Guesses {
    count: u32,
    since: UnixTime,
}

/// The operator's side of fido-unlock (docs/protocol/audit.md for its log).
///
/// Nothing of it is in memory but keys and the last head that it saw: two desks over one store behave as one, and a
/// desk that is killed at any instruction loses nothing that was answered. Whatever it refuses is recorded with the
/// number of its error.
pub struct Desk {
    parts: DeskParts,
    seen: Option<SeenLog>,
    anchored: u64,
    guesses: BTreeMap<Option<PersonNumber>, Guesses>,
    disabled: Option<Guard>,
}

impl Desk {
    /// Makes a desk in an empty store, with its first Administrator. Until [`Desk::open_desk`] ends the set-up it gives
    /// no code. Where nobody is there to type a password, [`Desk::create_without_password`] does the same.
    ///
    /// # Errors
    /// [`StorageError::Write`] when there is a desk in the store already; [`StorageError::SetBack`] when the anchor knows a
    /// log, which this one would take the place of; [`ErrorCode::PasswordWeak`]; [`ErrorCode::EntropyFailed`]; a store's
    /// error. An error of the anchor's own means that the desk is made and the anchor does not know it: open it.
    pub fn create(
        parts: DeskParts,
        rules: Rules,
        administrator: &OperatorId,
        password: &str,
    ) -> Result<Self, DeskError> {
        let desk = Self::over(parts);
        judge_new_secret(password, &[administrator.as_str()])?;
        let hash = desk.parts.passwords.hash(&opaque(password))?;
        desk.make(rules, administrator, Some(hash.as_str()))
    }

    /// The same, with an Administrator who has no password: [`Desk::first_code`] gives them a one-time code by which they
    /// set one.
    ///
    /// # Errors
    /// As [`Desk::create`], but for the password.
    pub fn create_without_password(
        parts: DeskParts,
        rules: Rules,
        administrator: &OperatorId,
    ) -> Result<Self, DeskError> {
        Self::over(parts).make(rules, administrator, None)
    }

    fn make(
        mut self,
        rules: Rules,
        administrator: &OperatorId,
        hash: Option<&str>,
    ) -> Result<Self, DeskError> {
        let desk = &mut self;
        let seed = desk.seed()?;
        let now = desk.parts.clock.now();
        let txn = desk.parts.store.begin()?;
        if txn.head()?.is_some() {
            return Err(StorageError::Write {
                detail: "there is a help desk in this database already".into(),
            }
            .into());
        }
        // The only one that still knows of the log that was there before.
        if let Some(anchor) = &desk.parts.anchor
            && let Some(seen) = anchor.load()?
        {
            let size = seen.range.size();
            return Err(StorageError::SetBack {
                detail: format!(
                    "the anchor knows a log of {size} entries, and there is no help desk in this database; for a new one, \
                     move the anchor away"
                ),
            }
            .into());
        }
        let mut log_id = [0; 16];
        desk.parts
            .entropy
            .fill(&mut log_id)
            .map_err(|_| ErrorCode::EntropyFailed)?;
        let head = Head {
            log_id: LogId(log_id),
            range: Range::empty(),
            map_root: Map::<TransactionNodes<'_>>::empty_root(),
            at: now,
            era: Era::default(),
        };
        let nodes = TransactionNodes(&*txn);
        let about = DeskEntry::of(DeskEvent::LogCreated);
        let mut step = Step::new(&nodes, head, now, seed, None, about);
        set_up::create(&mut step, rules, administrator, hash)?;
        let (batch, head) = step.finish(&desk.parts.seal_key)?;
        txn.commit(&batch).map_err(not_written)?;
        desk.saw(&head);
        desk.keep_anchor()?;
        Ok(self)
    }

    /// Opens the desk in a store.
    ///
    /// # Errors
    /// [`StorageError::Read`] when there is none; [`StorageError::Tampered`] when its head is not under this key;
    /// [`StorageError::SetBack`] when it is older than the anchor; a store's error.
    pub fn open(parts: DeskParts) -> Result<Self, DeskError> {
        let mut desk = Self::over(parts);
        desk.seen = match &desk.parts.anchor {
            Some(anchor) => anchor.load()?,
            None => None,
        };
        desk.anchored = desk.seen.as_ref().map_or(0, |seen| seen.range.size());
        let txn = desk.parts.store.begin()?;
        let head = head_of(&*txn, &desk.parts.seal_key, desk.seen.as_ref())?;
        txn.end()?;
        desk.saw(&head);
        Ok(desk)
    }

    fn over(parts: DeskParts) -> Self {
        Self {
            parts,
            seen: None,
            anchored: 0,
            guesses: BTreeMap::new(),
            disabled: None,
        }
    }

    fn seed(&mut self) -> Result<Seed, DeskError> {
        let mut seed = Seed::new([0; 32]);
        let filled = self.parts.entropy.fill(&mut *seed);
        filled.map_err(|_| ErrorCode::EntropyFailed)?;
        Ok(seed)
    }

    /// Runs a decision in one transaction. What it refuses is recorded in its place, in the same transaction.
    fn step<T>(
        &mut self,
        event: DeskEvent,
        decide: impl FnOnce(&mut Step<'_>) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        self.step_at(event, Behind::Refused, |step, _| decide(step))
    }

    fn step_at<T>(
        &mut self,
        event: DeskEvent,
        behind: Behind,
        decide: impl FnOnce(&mut Step<'_>, UnixTime) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let seed = self.seed()?;
        let txn = self.parts.store.begin()?;
        let head = head_of(&*txn, &self.parts.seal_key, self.seen.as_ref())?;
        let clock = self.parts.clock.now();
        let store_clock = txn.now()?.unwrap_or(clock);
        let nodes = TransactionNodes(&*txn);
        // Which of two clocks is wrong is not known: that they differ is recorded by the earlier one, or the log would
        // run ahead of the other.
        let now = if apart(clock, store_clock) {
            clock.min(store_clock)
        } else {
            store_clock
        };
        let now = now.max(head.at);
        let about = DeskEntry::of(event);
        let mut step = Step::new(&nodes, head.clone(), now, seed, self.disabled, about);
        let answer =
            in_time(clock, store_clock, head.at, behind).and_then(|()| decide(&mut step, store_clock));
        let answer = answer.map_err(|error| {
            step.forget(&head);
            step.record_refusal(&error);
            if is_alarming(&error)
                && let Err(fault) = alarm::raise(&mut step, error.code())
            {
                // A store that cannot be trusted may not let an alarm be raised either. Both are recorded, and who
                // would keep an alarm from being raised is told of.
                step.forget(&head);
                step.record_refusal(&error);
                if fault.code() != error.code() {
                    let fault = fault.into();
                    step.record_refusal(&fault);
                    return fault;
                }
            }
            error
        });
        if step.is_idle() {
            drop(step);
            txn.end()?;
            // What others have added is not read again the next time.
            self.saw(&head);
            return answer;
        }
        let (batch, head) = step.finish(&self.parts.seal_key)?;
        match txn.commit(&batch) {
            Ok(()) => {}
            Err(CommitError::NotWritten(error)) => {
                return match (self.end_moved(), answer) {
                    (Some(end_moved), _) => Err(end_moved.into()),
                    (None, Ok(_)) => Err(error.into()),
                    (None, Err(refusal)) => Err(refusal),
                };
            }
            Err(CommitError::Unknown { detail }) => self.look_up(&batch, detail)?,
        }
        self.saw(&head);
        if head.range.size() >= self.anchored + ANCHOR_EVERY {
            self.anchor_further();
        }
        answer
    }

    /// Why nothing can be written, where it is that the log's end is not where it was: somebody has cut it off, or has put
    /// something into its place. That cannot be recorded either.
    fn end_moved(&mut self) -> Option<StorageError> {
        let view = self.parts.store.view().ok()?;
        let head = head_of(&*view, &self.parts.seal_key, self.seen.as_ref()).ok()?;
        let detail = wrong_end(&*view, head.range.size()).ok()??;
        Some(StorageError::Tampered { detail })
    }

    /// A commit's answer was lost: the entries that it would have added say whether it was written. They hold random
    /// bytes of this step alone.
    fn look_up(
        &mut self,
        batch: &crate::ports::Batch,
        detail: alloc::string::String,
    ) -> Result<(), DeskError> {
        let txn = self.parts.store.begin()?;
        let count = u32::try_from(batch.entries.len()).unwrap_or(u32::MAX);
        let there = txn.entries(batch.first_entry, count)?;
        txn.end()?;
        let written = !there.is_empty()
            && there.len() == batch.entries.len()
            && there
                .iter()
                .zip(&batch.entries)
                .all(|(there, ours)| *there == ours.bytes);
        if written {
            Ok(())
        } else {
            Err(StorageError::Write { detail }.into())
        }
    }

    fn saw(&mut self, head: &Head) {
        self.seen = Some(SeenLog::of(head));
    }

    /// Keeps what was seen beside the keys, whatever was kept before, or says that it cannot.
    fn keep_anchor(&mut self) -> Result<(), StorageError> {
        if let (Some(anchor), Some(seen)) = (&mut self.parts.anchor, &self.seen) {
            anchor.save(seen)?;
            self.anchored = seen.range.size();
        }
        Ok(())
    }

    /// The same where what cannot be kept is no reason to stop a call.
    fn anchor_now(&mut self) {
        let _ = self.keep_anchor();
    }

    /// The same where it goes on from what was kept: a process that was left over when a backup was put in place does not
    /// bring the lost log back, and a slow one nothing older.
    fn anchor_further(&mut self) {
        let (Some(anchor), Some(seen)) = (&self.parts.anchor, &self.seen) else {
            return;
        };
        let further = anchor.load().is_ok_and(|kept| {
            kept.is_none_or(|kept| kept.log_id == seen.log_id && kept.range.size() <= seen.range.size())
        });
        if further {
            self.anchor_now();
        }
    }

    /// Takes a guard out of every decision: for the model, which must then find what the guard keeps out.
    #[cfg(feature = "testing")]
    pub const fn without(&mut self, guard: Option<Guard>) {
        self.disabled = guard;
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.write_guesses();
        self.anchor_further();
    }
}

/// Whether a clock that is behind the log stops a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// It does.
    Refused,
    /// It is what the step is about.
    Accepted,
}

fn apart(clock: UnixTime, store: UnixTime) -> bool {
    clock.seconds_since(store).max(store.seconds_since(clock)) > CLOCK_TOLERANCE
}

fn in_time(clock: UnixTime, store: UnixTime, latest: UnixTime, behind: Behind) -> Result<(), DeskError> {
    if apart(clock, store) {
        return Err(ErrorCode::ClockDiffers.into());
    }
    if behind == Behind::Refused && latest.seconds_since(store) > CLOCK_TOLERANCE {
        return Err(DeskError::ClockWentBack { now: store, latest });
    }
    Ok(())
}

fn head_of(txn: &dyn DeskView, key: &SealKey, seen: Option<&SeenLog>) -> Result<Head, StorageError> {
    let bytes = txn.head()?.ok_or_else(|| StorageError::Read {
        detail: "there is no help desk in this database".into(),
    })?;
    let head = Head::from_bytes(&bytes, key)?;
    if let Some(seen) = seen {
        seen.goes_on(&head, txn)?;
    }
    Ok(head)
}

fn not_written(error: CommitError) -> StorageError {
    match error {
        CommitError::NotWritten(error) => error,
        CommitError::Unknown { detail } => StorageError::Write { detail },
    }
}
