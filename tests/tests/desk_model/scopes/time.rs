//! Time.

use fido_unlock::Suite;
use fido_unlock::desk::{Guard, Rules};

use super::{bounds, challenge, each, ready, rules, setting};
use crate::act::Who::{Anna, Bert};
use crate::act::{Act, Change, How};
use crate::explore::Scope;
use crate::ghost::Broken;
use crate::stage::Bounds;
use crate::world::{MINUTE, START};

const STEP: u64 = 11 * MINUTE;

/// A request in 40 minutes, a verification in 25, an approval in 10.
pub fn what_runs_out() -> Scope {
    let request = 0;
    let mut setting = setting(Suite::AesAdminKey);
    setting.rules = Rules {
        request_seconds: 40 * MINUTE,
        verification_seconds: 25 * MINUTE,
        approval_seconds: 10 * MINUTE,
        ..rules()
    };
    let begin = START + setting.rules.channel_rest_seconds;
    let acts = [
        Act::Later { seconds: STEP },
        Act::Check {
            by: Anna,
            request,
            how: How::Machine,
        },
        Act::Approve { by: Bert, request },
        Act::Code {
            by: Anna,
            request,
            mail: false,
        },
    ];
    let mut before = ready(Anna, 1, 0, How::Machine, challenge(1, 0));
    before.push(Act::Approve { by: Bert, request });
    Scope {
        name: "what runs out",
        setting,
        bounds: Bounds {
            until: begin + 5 * STEP,
            ..bounds(1, 4, 3, 0)
        },
        before,
        moves: each(acts),
        guards: &[
            (Guard::CallerFresh, Broken::StaleCaller),
            (Guard::ApprovalFresh, Broken::StaleApproval),
            (Guard::RequestLives, Broken::RequestOver),
        ],
    }
}

/// A session of 30 minutes, and a new one.
pub fn sessions() -> Scope {
    let request = 0;
    let mut setting = setting(Suite::AesAdminKey);
    setting.rules.session_seconds = 30 * MINUTE;
    let begin = START + setting.rules.channel_rest_seconds;
    let acts = [
        Act::Later { seconds: STEP },
        Act::Check {
            by: Anna,
            request,
            how: How::Machine,
        },
        Act::Code {
            by: Anna,
            request,
            mail: false,
        },
        Act::BeginCode {
            at: 0,
            by: Anna,
            request,
            mail: false,
        },
        Act::EndCode { at: 0 },
        Act::SignIn { by: Anna },
    ];
    Scope {
        name: "sessions",
        setting,
        bounds: Bounds {
            until: begin + 3 * STEP,
            ..bounds(1, 3, 0, 0)
        },
        before: ready(Anna, 0, 0, How::Machine, challenge(1, 0)),
        moves: each(acts),
        guards: &[(Guard::SessionLives, Broken::SessionOver)],
    }
}

/// A clock that goes back, by an Administrator's word, between any two steps of a call.
pub fn a_clock_set_back() -> Scope {
    let mut acts = vec![
        Act::Change(Change::ClockBack),
        Act::SignIn { by: Anna },
        Act::SignIn { by: Bert },
        Act::Open {
            by: Anna,
            user: 1,
            device: 1,
        },
    ];
    for request in [0, 1] {
        acts.extend([
            Act::Check {
                by: Anna,
                request,
                how: How::Machine,
            },
            Act::Enter {
                by: Anna,
                request,
                challenge: challenge(1, 0),
            },
            Act::Approve { by: Bert, request },
            Act::Code {
                by: Anna,
                request,
                mail: false,
            },
        ]);
    }
    Scope {
        name: "a clock set back",
        setting: setting(Suite::AesAdminKey),
        bounds: bounds(2, 2, 1, 1),
        before: vec![Act::Open {
            by: Anna,
            user: 1,
            device: 1,
        }],
        moves: each(acts),
        guards: &[
            (Guard::SessionLives, Broken::SessionOver),
            (Guard::RequestLives, Broken::RequestOver),
        ],
    }
}
