//! Limits.

use fido_unlock::Suite;
use fido_unlock::desk::{Guard, LimitRules};

use super::{bounds, limit, setting, whole_call};
use crate::act::Who::{Anna, Bert};
use crate::act::{Act, Who};
use crate::explore::Scope;
use crate::ghost::Broken;
use crate::stage::Bounds;
use crate::world::{MINUTE, START};

fn limits(
    name: &'static str,
    limits: LimitRules,
    requests: usize,
    calls: &[(Who, usize, bool)],
    guards: &'static [(Guard, Broken)],
) -> Scope {
    let mut setting = setting(Suite::AesAdminKey);
    setting.rules.limits = limits;
    let begin = START + setting.rules.channel_rest_seconds;
    let mut moves = vec![vec![Act::Later { seconds: 31 * MINUTE }]];
    for (by, device, approved) in calls {
        moves.push(whole_call(*by, *device, *approved));
    }
    Scope {
        name,
        setting,
        bounds: Bounds {
            until: begin + 31 * MINUTE,
            ..bounds(requests, 2, 1, 0)
        },
        before: vec![],
        moves,
        guards,
    }
}

/// One code a device, a second with approval; two an operator, a third with approval.
pub fn limit_of_device() -> Scope {
    let rules = LimitRules {
        device: limit(1, 2),
        operator: limit(2, 3),
        issuer: limit(3, 4),
    };
    let calls = [
        (Anna, 0, false),
        (Anna, 0, true),
        (Bert, 0, true),
        (Anna, 1, true),
    ];
    let guards = &[
        (Guard::LimitDevice, Broken::LimitDevice),
        (Guard::ApprovalThere, Broken::NoApproval),
    ];
    limits("limits: device", rules, 3, &calls, guards)
}

/// One code an operator, a second with approval; two an issuer's key, a third with approval.
pub fn limits_of_operator_and_issuer() -> Scope {
    let rules = LimitRules {
        device: limit(3, 4),
        operator: limit(1, 2),
        issuer: limit(2, 3),
    };
    let calls = [(Anna, 0, true), (Bert, 0, true), (Anna, 1, true)];
    let guards = &[
        (Guard::LimitOperator, Broken::LimitOperator),
        (Guard::LimitIssuer, Broken::LimitIssuer),
    ];
    let scope = limits("limits: operator and issuer", rules, 4, &calls, guards);
    // That a window ends is seen with the device's.
    Scope {
        bounds: Bounds {
            until: START,
            ..scope.bounds
        },
        ..scope
    }
}
