//! What happened to a call's device in the last 24 hours, and what the rules want for its next code, in words.

use fido_unlock::desk::{DeviceDay, NextCode};
use fido_unlock_texts::Texts;

use crate::page::moment;

const HOUR: u64 = 60 * 60;

/// How other calls for the device ended; `None` where there were none that tell anything.
pub(super) fn line(t: &Texts, day: &DeviceDay) -> Option<String> {
    let mut what = Vec::new();
    if day.codes > 0 {
        what.push(t.call_lately_codes(day.codes));
    }
    if day.given_up > 0 {
        what.push(t.call_lately_given_up(day.given_up));
    }
    if let Some(at) = day.reported_at {
        what.push(t.call_lately_reported(moment(at), day.reported));
    }
    if let Some(at) = day.denied_at {
        what.push(t.call_lately_denied(moment(at), day.denied));
    }
    (!what.is_empty()).then(|| t.call_lately(what.join(", ")))
}

/// That the rules want a second operator for the next code, or refuse it. `window`: that of the limit, in seconds.
pub(super) fn next_code(t: &Texts, day: &DeviceDay, window: u64) -> Option<String> {
    let hours = window.div_ceil(HOUR);
    match day.next_code {
        NextCode::Free => None,
        NextCode::Second(codes) => Some(t.call_second_wanted(codes, hours)),
        NextCode::Refused(codes) => Some(t.call_no_more_codes(codes, hours)),
    }
}
