//! What holds for the whole desk, and changes that rest.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use super::Row;
use crate::ports::Table;
use crate::rules::{Rules, Stricter};
use crate::{PersonNumber, UnixTime};

/// How often an Administrator has accepted a clock that went back or a backup, and when last. What was recorded in an
/// earlier era was recorded by another clock, or before something was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Era {
    /// How often.
    #[n(0)]
    pub(crate) number: u32,
    /// The time that was accepted.
    #[n(1)]
    pub(crate) since: UnixTime,
    /// How many backups were put in place. What was written before the last of them may have been overtaken by what is
    /// lost.
    #[n(2)]
    pub(crate) restores: u32,
    /// Rests that had ended by then hold: the time that was accepted, or that of a backup's last entry. Of what was asked
    /// for after a backup, and withdrawn, nobody knows.
    #[n(3)]
    pub(crate) ended_by: UnixTime,
}

impl Era {
    /// The next one, from `since` on, after which rests that had not ended by `ended_by` begin again.
    pub(crate) const fn next(self, since: UnixTime, ended_by: UnixTime) -> Self {
        Self {
            number: self.number.wrapping_add(1),
            since,
            restores: self.restores,
            ended_by,
        }
    }
}

/// A value, and the one that takes its place after a rest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Resting<T> {
    #[n(0)]
    now: T,
    #[n(1)]
    later: Option<Later<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Later<T> {
    #[n(0)]
    value: T,
    #[n(1)]
    asked_at: UnixTime,
    #[n(2)]
    rest: u64,
    #[n(3)]
    era: u32,
    #[n(4)]
    asked_by: PersonNumber,
}

/// When and by whom a change is asked for, and how long it rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) by: PersonNumber,
    pub(crate) at: UnixTime,
    pub(crate) era: Era,
    /// In seconds; 0 while the desk is being set up.
    pub(crate) rest: u64,
    /// Whether the set-up has ended, so that others are told.
    pub(crate) open: bool,
}

impl<T> Later<T> {
    /// The first second in which it holds.
    fn due(&self, era: Era) -> UnixTime {
        let due = self.asked_at.plus_seconds(self.rest);
        if self.era == era.number || due <= era.ended_by {
            due
        } else {
            // It was asked for by a clock that was wrong, or may have been withdrawn after the backup: the rest begins
            // again.
            era.since.plus_seconds(self.rest)
        }
    }
}

impl<T: Stricter> Resting<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            now: value,
            later: None,
        }
    }

    /// What holds at `now`.
    pub(crate) fn at(&self, now: UnixTime, era: Era) -> &T {
        match &self.later {
            Some(later) if later.due(era) <= now => &later.value,
            _ => &self.now,
        }
    }

    /// What will hold, from when on, and who asked for it.
    pub(crate) fn later(&self, now: UnixTime, era: Era) -> Option<(&T, UnixTime, PersonNumber)> {
        let later = self.later.as_ref().filter(|later| later.due(era) > now)?;
        Some((&later.value, later.due(era), later.asked_by))
    }

    /// Changes it to `value`: what tightens at once, what loosens after the rest. A change that rests is replaced. Gives
    /// whether it loosens anything, now or later.
    pub(crate) fn change(&mut self, value: T, asked: &Asked) -> bool {
        let old = self.at(asked.at, asked.era).clone();
        let meanwhile = old.stricter(&value);
        let loosens = meanwhile != value;
        let later = (loosens && asked.rest > 0).then(|| Later {
            value: value.clone(),
            asked_at: asked.at,
            rest: asked.rest,
            era: asked.era.number,
            asked_by: asked.by,
        });
        self.now = if later.is_some() { meanwhile } else { value };
        self.later = later;
        loosens
    }

    /// Lets what rests hold now.
    pub(crate) fn settle(&mut self) {
        if let Some(later) = self.later.take() {
            self.now = later.value;
        }
    }
}

/// Set-up, service switch, rules.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SettingsRow {
    /// Whether the set-up has ended.
    #[n(0)]
    pub(crate) open: bool,
    /// Whether the service is switched on.
    #[n(1)]
    pub(crate) service_on: bool,
    /// The rules.
    #[n(2)]
    pub(crate) rules: Resting<Rules>,
}

impl Row for SettingsRow {
    const TABLE: Table = Table::Settings;
}

/// A licence file that was verified, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct LicenceRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) file: Vec<u8>,
}

impl Row for LicenceRow {
    const TABLE: Table = Table::Licence;
}

/// What is counted as it changes, since nothing is ever counted by looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct CountsRow {
    /// Devices in use.
    #[n(0)]
    pub(crate) devices: u32,
    /// Operators who may administer, those that rest too.
    #[n(1)]
    pub(crate) administrators: u32,
}

impl Row for CountsRow {
    const TABLE: Table = Table::Counts;
}
