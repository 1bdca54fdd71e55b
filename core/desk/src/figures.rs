//! Figures of the last days: what the log's newest entries add up to, for charts.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::record::{DeskEntry, DeskEvent};
use crate::{PersonNumber, RequestId, UnixTime};

const DAY: u64 = 24 * 60 * 60;
const MINUTE: u64 = 60;
/// From so many codes on an operator may be far above the others: with fewer, chance does it.
const MANY_CODES: u32 = 10;
/// So many times what the others have in the middle is far above.
const FAR_ABOVE: u64 = 3;

/// The parts of the distribution of [`Figures::durations`]: each up to so many seconds, and then the rest.
pub const DURATIONS: [u64; 6] = [
    MINUTE,
    2 * MINUTE,
    3 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
];

/// A day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// Its first second.
    pub day: UnixTime,
    /// Requests for which a code was authorised.
    pub codes: u32,
    /// Requests of which an operator said that the device was unlocked.
    pub done: u32,
}

/// A reason for which the desk refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalFigures {
    /// The number of its row of the error table.
    pub error: u16,
    /// How often.
    pub count: u32,
}

/// A number that callers called from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFigures {
    /// The number, without spaces and signs between the digits.
    pub number: String,
    /// How many users it called as.
    pub users: u32,
    /// In how many requests.
    pub requests: u32,
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorFigures {
    /// Their number in the log.
    pub number: PersonNumber,
    /// Their name, where it is still known.
    pub name: Option<String>,
    /// Requests in which they had a code authorised.
    pub codes: u32,
    /// More than three times what the others have in the middle (the median), and at least ten.
    pub far_above: bool,
}

/// What the newest entries of the log add up to ([`Desk::figures`](crate::Desk::figures)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Days, the oldest first, without a gap; the last one is not over.
    pub days: Vec<DayFigures>,
    /// The time of the oldest entry that was read, where older ones of these days were left out since there are too many.
    pub cut_before: Option<UnixTime>,
    /// How many entries were read.
    pub entries: u64,
    /// Reasons of refusals, the most frequent first.
    pub refusals: Vec<RefusalFigures>,
    /// Requests by the time from when they were opened until they were done: up to each of [`DURATIONS`], and longer.
    pub durations: [u32; DURATIONS.len() + 1],
    /// Half of them took no longer than this, in seconds; `None` where none is done.
    pub median_seconds: Option<u64>,
    /// Numbers that called as more than one user, those of most users first. A user who was erased counts no more.
    pub numbers: Vec<NumberFigures>,
    /// Operators, those with most codes first.
    pub operators: Vec<OperatorFigures>,
}

/// What was counted so far.
#[derive(Default)]
pub(crate) struct Count {
    /// Requests of a day: with a code, done.
    days: BTreeMap<u64, (u32, u32)>,
    refusals: BTreeMap<u16, u32>,
    opened: BTreeMap<RequestId, UnixTime>,
    /// How long each took.
    took: Vec<u64>,
    numbers: BTreeMap<String, (BTreeSet<PersonNumber>, BTreeSet<RequestId>)>,
    operators: BTreeMap<PersonNumber, u32>,
    entries: u64,
}

impl Count {
    /// Counts an entry. `text`: what stands beside one that has noted a caller's number.
    pub(crate) fn entry(&mut self, entry: &DeskEntry, text: impl FnOnce() -> Option<String>) {
        self.entries += 1;
        let day = self.days.entry(entry.at.0 / DAY).or_default();
        match (entry.event, entry.request) {
            (DeskEvent::RequestOpened, Some(request)) => {
                self.opened.insert(request, entry.at);
            }
            (DeskEvent::Authorised, _) => {
                day.0 += 1;
                if let Some(operator) = entry.operator {
                    *self.operators.entry(operator).or_default() += 1;
                }
            }
            (DeskEvent::Done, request) => {
                day.1 += 1;
                let opened = request.and_then(|request| self.opened.remove(&request));
                self.took
                    .extend(opened.map(|opened| entry.at.seconds_since(opened)));
            }
            (DeskEvent::Refused, _) => {
                *self.refusals.entry(entry.error.unwrap_or_default()).or_default() += 1;
            }
            (DeskEvent::CallerNumberNoted, Some(request)) => {
                if let (Some(user), Some(number)) = (entry.user, text()) {
                    let of = self.numbers.entry(number).or_default();
                    of.0.insert(user);
                    of.1.insert(request);
                }
            }
            _ => {}
        }
    }

    /// What it adds up to, over the days from that of `from` to that of `now`.
    pub(crate) fn sum(mut self, from: UnixTime, now: UnixTime) -> Figures {
        let days = (from.0 / DAY..=now.0 / DAY).map(|day| {
            let (codes, done) = self.days.get(&day).copied().unwrap_or_default();
            let day = UnixTime(day * DAY);
            DayFigures { day, codes, done }
        });
        let mut refusals: Vec<_> = self
            .refusals
            .iter()
            .map(|(error, count)| RefusalFigures {
                error: *error,
                count: *count,
            })
            .collect();
        refusals.sort_by_key(|refusal| core::cmp::Reverse(refusal.count));
        self.took.sort_unstable();
        let mut durations = [0; DURATIONS.len() + 1];
        for took in &self.took {
            let part = DURATIONS.iter().take_while(|limit| took > limit).count();
            if let Some(count) = durations.get_mut(part) {
                *count += 1;
            }
        }
        let amount = |set: usize| u32::try_from(set).unwrap_or(u32::MAX);
        let mut numbers: Vec<_> = self
            .numbers
            .into_iter()
            .filter(|(_, (users, _))| users.len() > 1)
            .map(|(number, (users, requests))| NumberFigures {
                number,
                users: amount(users.len()),
                requests: amount(requests.len()),
            })
            .collect();
        numbers.sort_by_key(|number| core::cmp::Reverse((number.users, number.requests)));
        Figures {
            days: days.collect(),
            cut_before: None,
            entries: self.entries,
            refusals,
            durations,
            median_seconds: median(&self.took),
            numbers,
            operators: operators(&self.operators),
        }
    }
}

/// The one in the middle of what is sorted; of an even count the smaller of the two.
fn median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

fn operators(codes: &BTreeMap<PersonNumber, u32>) -> Vec<OperatorFigures> {
    let mut sorted: Vec<_> = codes.iter().map(|(number, codes)| (*codes, *number)).collect();
    sorted.sort_unstable();
    let far_above = |own: usize, (codes, _): &(u32, PersonNumber)| {
        let others: Vec<_> = sorted
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != own)
            .map(|(_, (codes, _))| u64::from(*codes))
            .collect();
        let middle = median(&others);
        *codes >= MANY_CODES && middle.is_some_and(|middle| u64::from(*codes) > FAR_ABOVE * middle)
    };
    let operators = sorted.iter().enumerate().rev();
    operators
        .map(|(place, of)| OperatorFigures {
            number: of.1,
            name: None,
            codes: of.0,
            far_above: far_above(place, of),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const START: UnixTime = UnixTime(20_000 * DAY);

    fn person(number: u8) -> PersonNumber {
        PersonNumber([number; 10])
    }

    fn entry(event: DeskEvent, at: u64, request: u8, operator: u8) -> DeskEntry {
        DeskEntry {
            at: START.plus_seconds(at),
            request: Some(RequestId::from_bytes([request; 10])),
            operator: Some(person(operator)),
            ..DeskEntry::of(event)
        }
    }

    fn sum(entries: &[DeskEntry]) -> Figures {
        let mut count = Count::default();
        entries.iter().for_each(|entry| count.entry(entry, || None));
        count.sum(START, START.plus_seconds(2 * DAY))
    }

    #[test]
    fn days_without_anything_are_there_and_a_call_may_go_past_midnight() {
        let figures = sum(&[
            entry(DeskEvent::RequestOpened, DAY - 60, 1, 1),
            entry(DeskEvent::Authorised, DAY - 1, 1, 1),
            entry(DeskEvent::Done, DAY + 60, 1, 1),
            // It was opened before the first day.
            entry(DeskEvent::Done, DAY + 90, 2, 1),
        ]);
        let days: Vec<_> = figures.days.iter().map(|day| (day.codes, day.done)).collect();
        assert_eq!(days, [(1, 0), (0, 2), (0, 0)]);
        assert_eq!(figures.durations, [0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(figures.median_seconds, Some(120));
        assert_eq!(figures.entries, 4);
    }

    #[test]
    fn a_call_of_just_a_minute_is_in_the_first_part_and_a_long_one_in_the_last() {
        let call = |request, took| {
            [
                entry(DeskEvent::RequestOpened, 0, request, 1),
                entry(DeskEvent::Done, took, request, 1),
            ]
        };
        let calls = [call(1, 60), call(2, 61), call(3, 1801)];
        assert_eq!(sum(&calls.concat()).durations, [1, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn refusals_by_how_often() {
        let refused = |error| DeskEntry {
            error: Some(error),
            ..entry(DeskEvent::Refused, 0, 1, 1)
        };
        let figures = sum(&[refused(406), refused(409), refused(409)]);
        let refusals: Vec<_> = figures.refusals.iter().map(|of| (of.error, of.count)).collect();
        assert_eq!(refusals, [(409, 2), (406, 1)]);
    }

    #[test]
    fn one_number_with_one_user_is_nothing() {
        let noted = |request, user| DeskEntry {
            user: Some(person(user)),
            ..entry(DeskEvent::CallerNumberNoted, 0, request, 1)
        };
        let mut count = Count::default();
        for (entry, number) in [
            (noted(1, 1), Some("+491")),
            (noted(2, 1), Some("+491")),
            (noted(3, 1), Some("+492")),
            (noted(4, 2), Some("+492")),
            (noted(4, 2), Some("+492")),
            // Its user was erased.
            (noted(5, 3), None),
        ] {
            count.entry(&entry, || number.map(String::from));
        }
        let figures = count.sum(START, START);
        let found: Vec<_> = figures
            .numbers
            .iter()
            .map(|of| (of.number.as_str(), of.users, of.requests))
            .collect();
        assert_eq!(found, [("+492", 2, 2)]);
    }

    #[test]
    fn far_above_is_three_times_the_middle_of_the_others_and_not_few() {
        let codes = |operator, many| vec![entry(DeskEvent::Authorised, 0, 1, operator); many];
        let found = |entries: &[DeskEntry]| -> Vec<_> {
            let figures = sum(entries);
            let operators = figures.operators.iter();
            operators.map(|of| (of.codes, of.far_above)).collect()
        };
        let all = [codes(1, 13), codes(2, 4), codes(3, 3)].concat();
        assert_eq!(found(&all), [(13, true), (4, false), (3, false)]);
        let level = [codes(1, 12), codes(2, 4), codes(3, 9)].concat();
        assert_eq!(found(&level), [(12, false), (9, false), (4, false)]);
        let few = [codes(1, 9), codes(2, 1)].concat();
        assert_eq!(found(&few), [(9, false), (1, false)]);
        assert_eq!(found(&codes(1, 50)), [(50, false)], "there is nobody else");
    }
}
