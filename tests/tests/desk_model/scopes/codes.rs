//! Several codes of a device, and what is said and learned of them.

use fido_unlock::Suite;
use fido_unlock::desk::Guard;

use super::{bounds, challenge, limit, setting, whole_call_with};
use crate::act::Act;
use crate::act::Who::Anna;
use crate::explore::Scope;
use crate::ghost::Broken;

/// Codes, made once or more, reported or given up, and what the list of those that may still be good says.
pub fn codes() -> Scope {
    let mut moves = Vec::new();
    for (device, nonce) in [(0, 1), (1, 1)] {
        moves.push(whole_call_with(Anna, device, challenge(nonce, 0), device == 1));
    }
    for request in 0..3 {
        moves.push(vec![Act::Done { by: Anna, request }]);
        moves.push(vec![Act::Code {
            by: Anna,
            request,
            mail: false,
        }]);
    }
    moves.push(vec![Act::Abandon { by: Anna, request: 0 }]);
    let mut setting = setting(Suite::P256EcdhMac);
    setting.rules.limits.device = limit(9, 9);
    Scope {
        name: "codes",
        setting,
        bounds: bounds(3, 2, 1, 0),
        before: vec![],
        moves,
        guards: &[
            (Guard::ChallengeHere, Broken::NonceOfAnother),
            (Guard::Counter, Broken::WrongCounter),
        ],
    }
}

/// Challenges of several counters, and what is said of their codes, early or late.
pub fn counters() -> Scope {
    let call = |request, nonce, counter| {
        let call = whole_call_with(Anna, 0, challenge(nonce, counter), false);
        call.into_iter().map(move |act| act.with_request(request))
    };
    let before = call(0, 1, 0).chain(call(1, 2, 0)).collect();
    let mut moves = Vec::new();
    for (nonce, counter) in [(1, 0), (2, 0), (3, 1)] {
        moves.push(whole_call_with(Anna, 0, challenge(nonce, counter), false));
    }
    for request in 0..3 {
        moves.push(vec![Act::Done { by: Anna, request }]);
    }
    let mut setting = setting(Suite::P256EcdhMac);
    setting.rules.limits.device = limit(9, 9);
    Scope {
        name: "counters",
        setting,
        bounds: bounds(4, 2, 0, 0),
        before,
        moves,
        guards: &[(Guard::Counter, Broken::WrongCounter)],
    }
}
