//! What happened to a call's device of late, for whoever is about to give or to approve another code.

use alloc::collections::BTreeMap;

use super::Desk;
use super::log_reading::page;
use super::log_search::LogFilter;
#[cfg(doc)]
use crate::LimitRules;
use crate::decide::{call, who};
use crate::record::DeskEvent;
use crate::rows::LimitRow;
use crate::{DeskError, LimitKind, OperatorSession, Privilege, RequestId, UnixTime};
#[cfg(doc)]
use fido_unlock_protocol::error::ErrorCode;

const DAY: u64 = 24 * 60 * 60;
/// So many of the device's newest entries are looked at: a day with more has long been seen by the limits.
const MOST_ENTRIES: u32 = 200;

/// What the rules want for the device's next code, by [`LimitRules::device`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextCode {
    /// Nothing more.
    Free,
    /// A second operator's approval, after so many codes in the window.
    Second(u32),
    /// It is refused, after so many codes in the window.
    Refused(u32),
}

/// How other calls for a call's device ended in the last 24 hours, as far as the device's 200 newest entries tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceDay {
    /// Calls in which a code was made.
    pub codes: u32,
    /// Calls that were given up, with a code or before there was one, but for those that an answer or a report has ended.
    pub given_up: u32,
    /// Calls that an operator has reported: the caller was not the user.
    pub reported: u32,
    /// When the last of them was.
    pub reported_at: Option<UnixTime>,
    /// Calls of which the user's manager has said that it was not the user.
    pub denied: u32,
    /// When the last of them was.
    pub denied_at: Option<UnixTime>,
    /// What the rules want for the next code.
    pub next_code: NextCode,
}

/// What is known of one call.
#[derive(Default)]
struct Told {
    code: bool,
    given_up: bool,
    reported: Option<UnixTime>,
    denied: Option<UnixTime>,
}

impl Desk {
    /// What happened to a call's device in other calls of the last 24 hours. It is part of looking at the call, which is
    /// not recorded.
    ///
    /// # Errors
    /// [`ErrorCode::RequestUnknown`]; [`ErrorCode::PrivilegeMissing`] without [`Privilege::Unlock`]; a store's error, also
    /// where an entry is not what the log has.
    pub fn device_day(&mut self, session: &OperatorSession, id: RequestId) -> Result<DeviceDay, DeskError> {
        self.glance(|step| {
            who::privileged(step, session, Privilege::Unlock)?;
            let row = call::about(step, id)?;
            let filter = LogFilter {
                device: Some(row.device()),
                from: Some(UnixTime(step.now().0.saturating_sub(DAY))),
                ..LogFilter::default()
            };
            let (entries, _) = page(step, &filter, step.head().range.size(), MOST_ENTRIES)?;
            let mut calls: BTreeMap<RequestId, Told> = BTreeMap::new();
            for entry in entries.iter().map(|shown| &shown.entry) {
                let Some(other) = entry.request.filter(|other| *other != id) else {
                    continue;
                };
                let told = calls.entry(other).or_default();
                match entry.event {
                    DeskEvent::CodeMade => told.code = true,
                    DeskEvent::Abandoned => told.given_up = true,
                    DeskEvent::CallerReported => told.reported = Some(entry.at),
                    DeskEvent::CallerDenied => told.denied = Some(entry.at),
                    _ => {}
                }
            }
            let amount = |set: usize| u32::try_from(set).unwrap_or(u32::MAX);
            let count =
                |wanted: fn(&Told) -> bool| amount(calls.values().filter(|told| wanted(told)).count());
            let rule = who::rules(step)?.limits.device;
            let key = [&[LimitKind::Device as u8], &row.device[..]].concat();
            let codes = step
                .get::<LimitRow>(&key)?
                .unwrap_or_default()
                .count(&rule, step.now());
            Ok(DeviceDay {
                codes: count(|told| told.code),
                given_up: count(|told| told.given_up && told.reported.is_none() && told.denied.is_none()),
                reported: count(|told| told.reported.is_some()),
                reported_at: calls.values().filter_map(|told| told.reported).max(),
                denied: count(|told| told.denied.is_some()),
                denied_at: calls.values().filter_map(|told| told.denied).max(),
                next_code: if codes >= rule.refuse_from {
                    NextCode::Refused(codes)
                } else if codes >= rule.approval_from {
                    NextCode::Second(codes)
                } else {
                    NextCode::Free
                },
            })
        })
    }
}
