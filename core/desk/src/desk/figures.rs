//! What the log's newest entries add up to.

use alloc::vec::Vec;

use super::verify::broken;
use super::{Desk, log_search};
use crate::decide::{lookup, who};
use crate::figures::{Count, Figures};
use crate::record::{DeskEntry, DeskEvent, text_hash};
use crate::{DeskError, OperatorSession, Privilege, UnixTime};

/// The most entries that are read, some tenths of a second; of more, the oldest are left out.
const MOST_ENTRIES: u64 = 100_000;
/// Entries of one read.
const PAGE: u32 = 1000;
/// The most days.
const MOST_DAYS: u32 = 366;
const DAY: u64 = 24 * 60 * 60;

impl Desk {
    /// What the entries of the last `days` days add up to, the present one included, in UTC; at most 366. It costs what it
    /// reads, at most the newest 100,000 entries, however long the log is: [`Figures::cut_before`] says where those
    /// do not reach back so far. It takes no lock. That it was read is recorded.
    ///
    /// The entries are read as they are stored and not proved one by one, as those of [`Desk::read_on`] are:
    /// [`Desk::verify_audit`] does that.
    ///
    /// # Errors
    /// `PrivilegeMissing` without [`Privilege::Audit`]; clock; a store's error.
    pub fn figures(&mut self, session: &OperatorSession, days: u32) -> Result<Figures, DeskError> {
        self.figures_of(session, days, MOST_ENTRIES)
    }

    /// The same with another most of entries, so that a test need not write so many.
    ///
    /// # Errors
    /// As [`Desk::figures`].
    #[cfg(feature = "testing")]
    pub fn figures_cut(
        &mut self,
        session: &OperatorSession,
        days: u32,
        most: u64,
    ) -> Result<Figures, DeskError> {
        self.figures_of(session, days, most)
    }

    fn figures_of(&mut self, session: &OperatorSession, days: u32, most: u64) -> Result<Figures, DeskError> {
        self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            let read = step.entry(DeskEvent::LogRead);
            step.record(read);
            Ok(())
        })?;
        self.glance(|step| {
            who::privileged(step, session, Privilege::Audit)?;
            let today = step.now().0 / DAY;
            let from = UnixTime(today.saturating_sub(u64::from(days.clamp(1, MOST_DAYS) - 1)) * DAY);
            let size = step.head().range.size();
            let first = log_search::first_since(step.store(), from, size)?;
            let start = first.max(size.saturating_sub(most));
            let (mut count, mut oldest, mut place) = (Count::default(), None, start);
            while place < size {
                let left = u32::try_from(size - place).unwrap_or(PAGE).min(PAGE);
                let page: Vec<Vec<u8>> = step.store().entries(place, left)?;
                if page.is_empty() {
                    return Err(broken(place).into());
                }
                for bytes in page {
                    let entry = DeskEntry::from_bytes(&bytes).map_err(|_| broken(place))?;
                    place += 1;
                    // By a clock that was wrong.
                    if entry.at < from {
                        continue;
                    }
                    oldest = oldest.or(Some(entry.at));
                    let text = match entry.text {
                        Some(hash) if entry.event == DeskEvent::CallerNumberNoted => {
                            lookup::entry_text(step, entry.sequence)?
                                .filter(|row| text_hash(&row.salt, &row.text) == hash)
                                .map(|row| row.text)
                        }
                        _ => None,
                    };
                    count.entry(&entry, || text);
                }
            }
            let mut figures = count.sum(from, step.now());
            figures.cut_before = oldest.filter(|_| start > first);
            for operator in &mut figures.operators {
                operator.name = lookup::name_of(step, operator.number)?;
            }
            Ok::<_, DeskError>(figures)
        })
    }
}
