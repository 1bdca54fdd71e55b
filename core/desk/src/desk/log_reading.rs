//! The log as people read it: pages of entries that fit a filter, with names and texts, newest first; and what happened
//! to one device.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;
use fido_unlock_protocol::error::{ErrorCode, HasCode};

use super::log_search::{LogFilter, Looked, look};
use super::shown_entry::ShownEntry;
use super::verify::{broken, misfiled};
use super::{Desk, Seed, head_of};
use crate::decide::{lookup, who};
use crate::log::inclusion_proof;
use crate::ports::DeskView;
use crate::record::{DeskEntry, DeskEvent, text_hash};
use crate::step::{Step, StoredNodes, TransactionNodes};
use crate::{DeskError, KeyRecords, OperatorId, OperatorSession, PersonNumber, Privilege, UserId};

/// A reading of the log, from its newest entry on, which was recorded when it began ([`Desk::read_log`]). What is written
/// since is none of it.
#[derive(Clone, Debug)]
pub struct LogReading {
    session: OperatorSession,
    filter: LogFilter,
    next: Option<u64>,
}

impl LogReading {
    /// Before which place it goes on; `None` where it is at its end.
    #[must_use]
    pub const fn next(&self) -> Option<u64> {
        self.next
    }

    /// What it is about.
    #[must_use]
    pub const fn filter(&self) -> &LogFilter {
        &self.filter
    }
}

impl Desk {
    /// Entries from place `from` on, at most `count`, with names and texts. That they were read is recorded.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; clock; a store's error.
    pub fn audit_entries(
        &mut self,
        session: &OperatorSession,
        from: u64,
        count: u32,
    ) -> Result<Vec<ShownEntry>, DeskError> {
        self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            let entries = Entries::of(step);
            let places = (from..entries.size).zip(step.store().entries(from, count)?);
            let out = places.map(|(place, bytes)| entries.shown(step, place, &bytes));
            let out = out.collect::<Result<_, _>>()?;
            let read = step.entry(DeskEvent::LogRead);
            step.record(read);
            Ok(out)
        })
    }

    /// Begins to read the log from its end, or before place `before`, and records that. [`Desk::read_on`] gives the
    /// entries.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; clock; a store's error.
    pub fn read_log(
        &mut self,
        session: &OperatorSession,
        filter: LogFilter,
        before: Option<u64>,
    ) -> Result<LogReading, DeskError> {
        let size = self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            let size = step.head().range.size();
            let read = step.entry(DeskEvent::LogRead);
            step.record(read);
            Ok(size)
        })?;
        let before = before.map_or(size, |before| before.min(size));
        Ok(LogReading {
            session: session.clone(),
            filter,
            next: Some(before).filter(|before| *before > 0),
        })
    }

    /// The next entries of a reading, newest first, at most `limit`. There may be fewer, or none, while there are more
    /// ([`LogReading::next`]): a filter whose parts hardly ever fit together is looked for a while at a time. It takes no
    /// lock and costs what it finds, however long the log is.
    ///
    /// That an entry is not among them proves nothing: what is found is compared with the log, not what is missing
    /// ([`Desk::verify_audit`] compares what stands beside each entry).
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`] when the session has run out; [`ErrorCode::PrivilegeMissing`];
    /// [`StorageError::AuditBroken`](crate::ports::StorageError::AuditBroken); a store's error.
    pub fn read_on(&mut self, reading: &mut LogReading, limit: u32) -> Result<Vec<ShownEntry>, DeskError> {
        let Some(before) = reading.next else {
            return Ok(Vec::new());
        };
        let LogReading { session, filter, .. } = &*reading;
        let (found, next) = self.glance(|step| {
            who::privileged(step, session, Privilege::Audit)?;
            page(step, filter, before, limit)
        })?;
        reading.next = next;
        Ok(found)
    }

    /// The entry at a place, with names and texts, for whoever has found it ([`Desk::read_on`]). That it was read is
    /// recorded.
    ///
    /// # Errors
    /// [`ErrorCode::EntryUnknown`]; as [`Desk::audit_entries`].
    pub fn audit_entry(&mut self, session: &OperatorSession, place: u64) -> Result<ShownEntry, DeskError> {
        let found = self.audit_entries(session, place, 1)?.pop();
        Ok(found.ok_or(ErrorCode::EntryUnknown)?)
    }

    /// The number that the log has for an operator of this name, or else for a user of this id, where there is one.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; clock; a store's error.
    pub fn person_number(
        &mut self,
        session: &OperatorSession,
        name: &str,
    ) -> Result<Option<PersonNumber>, DeskError> {
        self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            if let Some(operator) = OperatorId::new(name)
                && let Some(number) = who::operator_number(step, &operator)?
            {
                return Ok(Some(number));
            }
            let Some(user) = UserId::new(name) else {
                return Ok(None);
            };
            match who::user_number(step, &user) {
                Ok(number) => Ok(Some(number)),
                Err(DeskError::Refused(ErrorCode::UserUnknown)) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// What happened to a device, newest first, before place `before`, at most `limit` entries, and before which place to
    /// go on. Whoever may [`Privilege::ManageDevices`] or [`Privilege::Unlock`] sees it, without the texts of entries
    /// unless they may [`Privilege::Audit`]. Looks at the device are none of it; that this one was taken is recorded as
    /// another.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without one of them; [`ErrorCode::DeviceUnknown`]; as [`Desk::read_on`].
    pub fn device_history(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<ShownEntry>, Option<u64>), DeskError> {
        let (size, texts) = self.step(DeskEvent::Searched, |step| {
            let texts = lookup::history(step, session, device)?;
            let size = step.head().range.size();
            let looked = step.entry(DeskEvent::Searched);
            step.record(looked);
            Ok((size, texts))
        })?;
        let filter = LogFilter {
            device: Some(*device),
            ..LogFilter::default()
        };
        let before = before.map_or(size, |before| before.min(size));
        self.glance(|step| {
            who::signed_in(step, session)?;
            let (mut entries, next) = page(step, &filter, before, limit)?;
            entries.retain(|shown| shown.entry.event != DeskEvent::Searched);
            if !texts {
                entries.iter_mut().for_each(|shown| shown.text = None);
            }
            Ok((entries, next))
        })
    }

    /// Where the last checkpoint's entry is, where one was made. What is shown of the log is not recorded by this.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; a store's error.
    pub fn last_checkpoint(&mut self, session: &OperatorSession) -> Result<Option<u64>, DeskError> {
        let filter = LogFilter {
            event: Some(DeskEvent::CheckpointMade),
            ..LogFilter::default()
        };
        self.glance(|step| {
            who::privileged(step, session, Privilege::Audit)?;
            let size = step.head().range.size();
            let (found, _) = page(step, &filter, size, 1)?;
            Ok(found.first().map(|shown| shown.entry.sequence))
        })
    }

    /// What was recorded last of the issuers' keys: whether and when there is a backup. What is shown of the log is not
    /// recorded by this.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; a store's error.
    pub fn key_records(&mut self, session: &OperatorSession) -> Result<KeyRecords, DeskError> {
        self.glance(|step| {
            who::privileged(step, session, Privilege::Administer)?;
            let size = step.head().range.size();
            let last = |event| {
                let filter = LogFilter {
                    event: Some(event),
                    ..LogFilter::default()
                };
                let (mut found, _) = page(step, &filter, size, 1)?;
                Ok::<_, DeskError>(found.pop())
            };
            Ok(KeyRecords {
                made: last(DeskEvent::IssuerKeyMade)?,
                backed_up: last(DeskEvent::IssuerKeysBackedUp)?,
                restored: last(DeskEvent::IssuerKeysRestored)?,
            })
        })
    }

    /// Reads the store as it stands by the means of a step, and writes nothing.
    pub(super) fn glance<T>(
        &mut self,
        look: impl FnOnce(&mut Step<'_>) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let view = self.parts.store.view()?;
        let head = head_of(&*view, &self.parts.seal_key, self.seen.as_ref())?;
        let now = self.parts.clock.now().max(head.at);
        let nodes = TransactionNodes(&*view);
        let about = DeskEntry::of(DeskEvent::LogRead);
        // What writes nothing draws nothing.
        let seed = Seed::new([0; 32]);
        let mut step = Step::new(&nodes, head.clone(), now, seed, self.disabled, about);
        let found = look(&mut step)?;
        drop(step);
        drop(view);
        self.saw(&head);
        Ok(found)
    }
}

/// A page of what fits, and before which place to go on.
pub(super) fn page(
    step: &Step<'_>,
    filter: &LogFilter,
    before: u64,
    limit: u32,
) -> Result<(Vec<ShownEntry>, Option<u64>), DeskError> {
    let entries = Entries::of(step);
    let before = before.min(entries.size);
    let Looked { places, next } = look(entries.view, filter, before, limit)?;
    let shown = |place: u64| {
        let bytes = entries.view.entries(place, 1)?.pop();
        let shown = entries.shown(step, place, &bytes.ok_or_else(|| broken(place))?)?;
        if filter.fits(&shown.entry) {
            Ok(shown)
        } else {
            Err(misfiled(place).into())
        }
    };
    let found = places.into_iter().map(shown);
    Ok((found.collect::<Result<_, DeskError>>()?, next))
}

/// The log's entries, each proved.
struct Entries<'a> {
    view: &'a dyn DeskView,
    nodes: StoredNodes<'a>,
    size: u64,
}

impl<'a> Entries<'a> {
    fn of(step: &Step<'a>) -> Self {
        let (view, size) = (step.store(), step.head().range.size());
        Self {
            view,
            nodes: StoredNodes::new(view, size),
            size,
        }
    }

    fn shown(&self, step: &Step<'_>, place: u64, bytes: &[u8]) -> Result<ShownEntry, DeskError> {
        let proof = inclusion_proof(&self.nodes, self.size, place)?.unwrap_or_default();
        crate::log::verify_inclusion(self.size, &step.head().range.root(), place, bytes, &proof)
            .map_err(|_| broken(place))?;
        let entry = DeskEntry::from_bytes(bytes).map_err(|fault| DeskError::Refused(fault.code()))?;
        let name = |number: Option<PersonNumber>| match number {
            Some(number) => lookup::name_of(step, number),
            None => Ok(None),
        };
        let text = match entry.text {
            Some(hash) => lookup::entry_text(step, place)?
                .filter(|row| text_hash(&row.salt, &row.text) == hash)
                .map(|row| row.text),
            None => None,
        };
        Ok(ShownEntry {
            operator: name(entry.operator)?,
            second_operator: name(entry.second_operator)?,
            user: name(entry.user)?,
            text,
            entry,
        })
    }
}
