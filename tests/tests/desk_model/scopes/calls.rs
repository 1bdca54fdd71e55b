//! One call: of an ordinary user, of a privileged one, and from its code on.

use fido_unlock::Suite;
use fido_unlock::desk::Guard;

use super::{BOTH, bounds, challenge, each, ready, setting};
use crate::act::Who::{Anna, Bert};
use crate::act::{Act, Ch, Change, How};
use crate::explore::Scope;
use crate::ghost::Broken;

/// One call of an ordinary user, by either operator, in whatever order.
pub fn one_call() -> Scope {
    let (right, wrong) = (
        challenge(1, 0),
        Ch {
            right_slot: false,
            ..challenge(1, 0)
        },
    );
    let mut acts = vec![
        Act::Open {
            by: Anna,
            user: 0,
            device: 0,
        },
        Act::Open {
            by: Anna,
            user: 0,
            device: 1,
        },
    ];
    let request = 0;
    for by in BOTH {
        acts.extend([
            Act::Check {
                by,
                request,
                how: How::Word,
            },
            Act::Enter {
                by,
                request,
                challenge: right,
            },
            Act::Enter {
                by,
                request,
                challenge: wrong,
            },
            Act::Reason {
                by,
                request,
                given: false,
            },
            Act::TakeOver { by, request },
            Act::Code {
                by,
                request,
                mail: false,
            },
        ]);
    }
    Scope {
        name: "one call",
        setting: setting(Suite::P256EcdhMac),
        bounds: bounds(1, 3, 0, 0),
        before: vec![],
        moves: each(acts),
        guards: &[
            (Guard::CallerThere, Broken::NoCaller),
            (Guard::RequestOwn, Broken::NotOwnRequest),
            (Guard::DeviceOwner, Broken::DeviceOfAnother),
            (Guard::ReasonThere, Broken::NoReason),
            (Guard::ChallengeSlot, Broken::WrongSlot),
        ],
    }
}

/// From authorised to the end, in two instances that are killed, with a store that fails.
pub fn the_codes_end() -> Scope {
    let request = 0;
    let mut acts = vec![Act::CodeUnwritten { by: Anna, request }];
    for at in [0, 1] {
        acts.extend([
            Act::BeginCode {
                at,
                by: Anna,
                request,
                mail: false,
            },
            Act::EndCode { at },
            Act::Kill { at },
        ]);
    }
    for by in BOTH {
        acts.extend([
            Act::Code {
                by,
                request,
                mail: false,
            },
            Act::Done { by, request },
            Act::Abandon { by, request },
            Act::TakeOver { by, request },
        ]);
    }
    acts.push(Act::Change(Change::Rotate(0)));
    Scope {
        name: "a code's end",
        setting: setting(Suite::P256EcdhMac),
        bounds: bounds(1, 4, 0, 1),
        before: ready(Anna, 0, 0, How::Word, challenge(1, 0)),
        moves: each(acts),
        guards: &[
            (Guard::RequestOpen, Broken::RequestEnded),
            (Guard::CodeAuthorised, Broken::RequestEnded),
            (Guard::RemakeSame, Broken::AnotherCode),
        ],
    }
}

/// A call of a privileged user, with a second operator here or in another system.
pub fn a_privileged_call() -> Scope {
    let request = 0;
    let mut acts = vec![
        Act::EndAsk { at: 0, answer_of: 0 },
        Act::EndAsk { at: 1, answer_of: 1 },
    ];
    for by in BOTH {
        acts.extend([
            Act::Approve { by, request },
            Act::Code {
                by,
                request,
                mail: false,
            },
            Act::TakeOver { by, request },
        ]);
    }
    for says in BOTH {
        acts.push(Act::BeginAsk {
            at: usize::from(says == Anna),
            by: Anna,
            request,
            says,
        });
    }
    for at in [0, 1] {
        acts.push(Act::BeginAsk {
            at,
            by: Anna,
            request,
            says: Bert,
        });
    }
    for how in [How::Machine, How::Word] {
        acts.push(Act::Check {
            by: Anna,
            request,
            how,
        });
    }
    acts.push(Act::Enter {
        by: Anna,
        request,
        challenge: challenge(1, 0),
    });
    Scope {
        name: "a privileged call",
        setting: setting(Suite::AesAdminKey),
        bounds: bounds(1, 3, 2, 0),
        before: vec![Act::Open {
            by: Anna,
            user: 1,
            device: 1,
        }],
        moves: each(acts),
        guards: &[
            (Guard::CallerMethod, Broken::WeakCaller),
            (Guard::ApprovalThere, Broken::NoApproval),
            (Guard::ApproverOther, Broken::OwnApproval),
            (Guard::ApprovalAsk, Broken::LateApproval),
        ],
    }
}
