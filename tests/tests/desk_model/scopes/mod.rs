//! The parts in which all that can happen is explored: each small enough to be explored to its end.

mod answers;
mod calls;
mod changes;
mod codes;
mod limits;
mod time;

pub use answers::{crossed_answers, late_answers};
pub use calls::{a_privileged_call, one_call, the_codes_end};
pub use changes::{changes_of_people, changes_of_things, channels, licence, set_up};
pub use codes::{codes, counters};
pub use limits::{limit_of_device, limits_of_operator_and_issuer};
pub use time::{a_clock_set_back, sessions, what_runs_out};

use fido_unlock::Suite;
use fido_unlock::desk::{LimitRule, Rules};

use crate::act::Who::{Anna, Bert};
use crate::act::{Act, Ch, How, Who};
use crate::explore::{Move, NEXT};
use crate::stage::Bounds;
use crate::world::{MINUTE, START, Setting, YEAR};

const BOTH: [Who; 2] = [Anna, Bert];

pub const fn challenge(nonce: u8, counter: u16) -> Ch {
    Ch {
        nonce,
        counter,
        right_slot: true,
    }
}

/// Lives that are counted in a few steps of time, and a channel that rests for a day.
fn rules() -> Rules {
    Rules {
        channel_rest_seconds: 24 * 60 * MINUTE,
        ..Rules::default()
    }
}

fn setting(suite: Suite) -> Setting {
    Setting {
        suite,
        rules: rules(),
        set_up: true,
    }
}

const fn bounds(requests: usize, request_changes: u8, asks: u8, changes: u8) -> Bounds {
    Bounds {
        requests,
        request_changes,
        asks,
        changes,
        until: START + YEAR,
    }
}

/// A request with all that it needs.
fn ready(by: Who, device: usize, request: usize, how: How, challenge: Ch) -> Vec<Act> {
    vec![
        Act::Open {
            by,
            user: device,
            device,
        },
        Act::Check { by, request, how },
        Act::Enter {
            by,
            request,
            challenge,
        },
    ]
}

fn each(moves: impl IntoIterator<Item = Act>) -> Vec<Move> {
    moves.into_iter().map(|act| vec![act]).collect()
}

/// A whole call to its code, in the request after those that there are.
pub fn whole_call_with(by: Who, device: usize, challenge: Ch, approved: bool) -> Move {
    let mut acts = ready(by, device, NEXT, How::Machine, challenge);
    if approved {
        acts.push(Act::Approve {
            by: if by == Anna { Bert } else { Anna },
            request: NEXT,
        });
    }
    acts.push(Act::Code {
        by,
        request: NEXT,
        mail: false,
    });
    acts
}

/// The same, with a challenge of the device's own.
fn whole_call(by: Who, device: usize, approved: bool) -> Move {
    whole_call_with(by, device, challenge(device as u8 + 1, 0), approved)
}

fn limit(approval_from: u32, refuse_from: u32) -> LimitRule {
    LimitRule {
        window_seconds: 30 * MINUTE,
        approval_from,
        refuse_from,
    }
}
