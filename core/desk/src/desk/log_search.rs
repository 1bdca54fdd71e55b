//! Entries of the log that fit a filter, from the newest on.
//!
//! What stands beside an entry has an index in the store, each its own; entries that fit several are found by seeking in
//! each by turns. Time has none: it goes forward but where a clock was accepted, so its bounds are searched for by halves
//! between two such entries. What is found is a hint, which whoever shows it compares with the entry.

use alloc::vec::Vec;

use fido_unlock_protocol::DeviceId;

use super::verify::broken;
use crate::ports::{DeskView, EntryColumns, EntryKey, StorageError};
use crate::record::{DeskEntry, DeskEvent};
use crate::{PersonNumber, UnixTime};

/// So many seeks at most for a page, some tens of milliseconds: filters that hardly ever fit together would otherwise
/// look through everything.
const MOST_SEEKS: u32 = 4000;

/// Which entries are wanted: those that fit every part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Not before this.
    pub from: Option<UnixTime>,
    /// Before this.
    pub until: Option<UnixTime>,
    /// By this operator.
    pub operator: Option<PersonNumber>,
    /// About this device.
    pub device: Option<DeviceId>,
    /// Of this kind.
    pub event: Option<DeskEvent>,
}

impl LogFilter {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn fits(&self, entry: &DeskEntry) -> bool {
        let columns = EntryColumns::of(entry);
        self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
            && self.keys().all(|key| key.is_of(&columns))
    }

    fn keys(&self) -> impl Iterator<Item = EntryKey> {
        let operator = self.operator.map(|number| EntryKey::Operator(number.0));
        let device = self.device.map(|device| EntryKey::Device(*device.as_bytes()));
        let event = self.event.map(|event| EntryKey::Event(event.number()));
        [device, operator, event].into_iter().flatten()
    }
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// Places, the newest first.
    pub(super) places: Vec<u64>,
    /// Before which place to go on; `None` where there is no more.
    pub(super) next: Option<u64>,
}

/// At most `limit` entries that fit, before place `before`.
pub(super) fn look(
    view: &dyn DeskView,
    filter: &LogFilter,
    before: u64,
    limit: u32,
) -> Result<Looked, StorageError> {
    let limit = limit as usize;
    let mut search = Search {
        view,
        keys: filter.keys().collect(),
        seeks: MOST_SEEKS,
    };
    let mut places = Vec::new();
    let mut before = before;
    while before > 0 {
        if search.seeks == 0 {
            let next = Some(before);
            return Ok(Looked { places, next });
        }
        // Since the clock that was accepted last before it, time goes forward.
        let start = search.last(&EntryKey::Event(DeskEvent::ClockAccepted.number()), before)?;
        let start = start.unwrap_or(0);
        let first = match filter.from {
            Some(from) => search.first_at(from, start, before)?,
            None => start,
        };
        let end = match filter.until {
            Some(until) => search.first_at(until, start, before)?,
            None => before,
        };
        let mut at = end;
        while at > first {
            // One more than wanted says whether there are more.
            let wanted = limit.saturating_add(1).saturating_sub(places.len());
            match search.before(at, wanted)? {
                Sought::Found(found) => {
                    let inside = found.into_iter().filter(|place| *place >= first);
                    let known = places.len();
                    places.extend(inside);
                    let last = places.last().copied();
                    if places.len() > limit {
                        places.truncate(limit);
                        let next = places.last().copied().or(Some(at));
                        return Ok(Looked { places, next });
                    }
                    match last {
                        Some(last) if places.len() > known => at = last,
                        _ => break,
                    }
                }
                Sought::Tired(next) => {
                    let next = Some(next);
                    return Ok(Looked { places, next });
                }
            }
        }
        before = start;
    }
    Ok(Looked { places, next: None })
}

/// The first place whose entry is not before `from`, in a log of `size`: all later ones are not before it either, but for
/// those that were recorded before a clock was accepted.
pub(super) fn first_since(view: &dyn DeskView, from: UnixTime, size: u64) -> Result<u64, StorageError> {
    let mut search = Search {
        view,
        keys: Vec::new(),
        seeks: MOST_SEEKS,
    };
    let accepted = EntryKey::Event(DeskEvent::ClockAccepted.number());
    let (mut first, mut before) = (size, size);
    // Since the clock that was accepted last before it, time goes forward.
    while before > 0 {
        let start = search.last(&accepted, before)?.unwrap_or(0);
        let found = search.first_at(from, start, before)?;
        if found < before {
            first = found;
        }
        if found > start {
            break;
        }
        before = start;
    }
    Ok(first)
}

/// What a seek found.
enum Sought {
    /// Places, the newest first; none where there is no more.
    Found(Vec<u64>),
    /// It took too long: nothing from this place on is left to look at.
    Tired(u64),
}

struct Search<'a> {
    view: &'a dyn DeskView,
    keys: Vec<EntryKey>,
    seeks: u32,
}

impl Search<'_> {
    fn last(&mut self, key: &EntryKey, before: u64) -> Result<Option<u64>, StorageError> {
        self.seeks = self.seeks.saturating_sub(1);
        let found = self.view.entries_with(key, before, 1)?.pop();
        Ok(found.filter(|place| *place < before))
    }

    /// The last ones before `before`, at most `wanted` of them; at least one where there is one.
    fn before(&mut self, before: u64, wanted: usize) -> Result<Sought, StorageError> {
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        match self.keys.as_slice() {
            [] => Ok(Sought::Found((0..before).rev().take(wanted as usize).collect())),
            [key] => Ok(Sought::Found(self.view.entries_with(key, before, wanted)?)),
            _ => self.with_all(before),
        }
    }

    /// The last one before `before` that each of the keys finds.
    fn with_all(&mut self, before: u64) -> Result<Sought, StorageError> {
        let mut before = before;
        'lower: loop {
            let mut agreed = None;
            for key in self.keys.clone() {
                if self.seeks == 0 {
                    return Ok(Sought::Tired(before));
                }
                let Some(place) = self.last(&key, before)? else {
                    return Ok(Sought::Found(Vec::new()));
                };
                before = place.saturating_add(1);
                if agreed.is_some_and(|agreed| agreed != place) {
                    continue 'lower;
                }
                agreed = Some(place);
            }
            return Ok(Sought::Found(agreed.into_iter().collect()));
        }
    }

    /// The first place from `start` on whose entry is not before `at`, or `end`, in a stretch in which time goes forward.
    fn first_at(&self, at: UnixTime, start: u64, end: u64) -> Result<u64, StorageError> {
        let (mut low, mut high) = (start, end);
        while low < high {
            let middle = low.midpoint(high);
            let bytes = self.view.entries(middle, 1)?.pop();
            let entry = bytes.and_then(|bytes| DeskEntry::from_bytes(&bytes).ok());
            if entry.ok_or_else(|| broken(middle))?.at < at {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
