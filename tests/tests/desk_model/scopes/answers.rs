//! Answers of verifier and approver that come to another request, or late.

use fido_unlock::Suite;
use fido_unlock::desk::Guard;

use super::{BOTH, bounds, challenge, each, ready, setting};
use crate::act::Who::{Anna, Bert};
use crate::act::{Act, How};
use crate::explore::Scope;
use crate::ghost::Broken;

/// Two requests, and answers of verifier and approver that come to the other one.
pub fn crossed_answers() -> Scope {
    let mut acts = Vec::new();
    for request in [0, 1] {
        acts.extend([
            Act::BeginCheck {
                at: request,
                by: Anna,
                request,
                how: How::Machine,
            },
            Act::BeginAsk {
                at: request,
                by: Anna,
                request,
                says: Bert,
            },
            Act::Code {
                by: Anna,
                request,
                mail: false,
            },
        ]);
    }
    for (at, answer_of) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        acts.push(Act::EndCheck { at, answer_of });
        acts.push(Act::EndAsk { at, answer_of });
    }
    let mut before = ready(Anna, 1, 0, How::Machine, challenge(1, 0));
    before.extend(ready(Anna, 0, 1, How::Machine, challenge(2, 0)));
    Scope {
        name: "crossed answers",
        setting: setting(Suite::AesAdminKey),
        bounds: bounds(2, 3, 1, 0),
        before,
        moves: each(acts),
        guards: &[
            (Guard::CallerThis, Broken::OtherCaller),
            (Guard::ApprovalThis, Broken::OtherApproved),
        ],
    }
}

/// One request, and answers that come when it is another operator's, or was and is not any more.
pub fn late_answers() -> Scope {
    let request = 0;
    let mut acts = Vec::new();
    for by in BOTH {
        acts.extend([
            Act::TakeOver { by, request },
            Act::Code {
                by,
                request,
                mail: false,
            },
        ]);
    }
    for at in [0, 1] {
        acts.push(Act::EndCheck { at, answer_of: at });
        acts.push(Act::EndAsk { at, answer_of: at });
        acts.push(Act::Kill { at });
    }
    acts.extend([
        Act::BeginCheck {
            at: 0,
            by: Anna,
            request,
            how: How::Machine,
        },
        Act::BeginAsk {
            at: 1,
            by: Anna,
            request,
            says: Bert,
        },
        Act::BeginCheck {
            at: 1,
            by: Bert,
            request,
            how: How::Machine,
        },
    ]);
    Scope {
        name: "late answers",
        setting: setting(Suite::AesAdminKey),
        bounds: bounds(1, 5, 1, 0),
        before: ready(Anna, 1, 0, How::Machine, challenge(1, 0)),
        moves: each(acts),
        guards: &[(Guard::CallerThis, Broken::OtherCaller)],
    }
}
