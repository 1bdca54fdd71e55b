//! What an Administrator changes before a code is made, and while it is.

use fido_unlock::Suite;
use fido_unlock::desk::Guard;

use super::{bounds, challenge, each, ready, setting};
use crate::act::Who::{Anna, Bert};
use crate::act::{Act, Change, How};
use crate::explore::Scope;
use crate::ghost::Broken;
use crate::stage::Bounds;
use crate::world::{MINUTE, START, Setting};

/// Before the set-up has ended.
pub fn set_up() -> Scope {
    let mut moves = vec![vec![Act::Change(Change::OpenDesk)]];
    let mut call = ready(Anna, 0, 0, How::Word, challenge(1, 0));
    call.push(Act::Code {
        by: Anna,
        request: 0,
        mail: false,
    });
    moves.push(call);
    Scope {
        name: "set-up",
        setting: Setting {
            set_up: false,
            ..setting(Suite::AesAdminKey)
        },
        bounds: bounds(1, 2, 0, 1),
        before: vec![],
        moves,
        guards: &[(Guard::SetUpEnded, Broken::InSetUp)],
    }
}

/// Two requests that are ready: an ordinary user's, and a privileged one's that was approved. An Administrator changes
/// two things.
fn changes(name: &'static str, changes: &[Change], guards: &'static [(Guard, Broken)]) -> Scope {
    let mut before = ready(Anna, 0, 0, How::Word, challenge(1, 0));
    before.extend(ready(Anna, 1, 1, How::Machine, challenge(2, 0)));
    before.push(Act::Approve { by: Bert, request: 1 });
    let mut acts: Vec<Act> = changes.iter().copied().map(Act::Change).collect();
    for request in [0, 1] {
        acts.push(Act::Code {
            by: Anna,
            request,
            mail: false,
        });
    }
    acts.extend([
        Act::BeginCode {
            at: 0,
            by: Anna,
            request: 0,
            mail: false,
        },
        Act::EndCode { at: 0 },
    ]);
    Scope {
        name,
        setting: setting(Suite::P256EcdhMac),
        bounds: bounds(2, 2, 1, 2),
        before,
        moves: each(acts),
        guards,
    }
}

pub fn changes_of_people() -> Scope {
    changes(
        "changes of people",
        &[
            Change::RaiseClass,
            Change::NoUnlock(Anna),
            Change::NoUnlock(Bert),
            Change::NewPassword(Anna),
            Change::Remove(Anna),
            Change::Remove(Bert),
        ],
        &[
            (Guard::SessionCredentials, Broken::SessionOfOldPassword),
            (Guard::OperatorMay, Broken::NoPrivilege),
            (Guard::ApproverMay, Broken::ApproverMayNot),
        ],
    )
}

pub fn changes_of_things() -> Scope {
    changes(
        "changes of things",
        &[
            Change::ServiceOff,
            Change::ServiceOn,
            Change::OnlyMachines,
            Change::Retire(0),
            Change::Rotate(0),
        ],
        &[
            (Guard::ServiceOn, Broken::ServiceOff),
            (Guard::DeviceInUse, Broken::DeviceRetired),
        ],
    )
}

/// A privileged user's code that is shown or sent, and a channel that changes.
pub fn channels() -> Scope {
    let request = 0;
    let mut acts = vec![
        Act::Change(Change::NewChannel(1)),
        Act::Approve { by: Bert, request },
    ];
    for mail in [true, false] {
        acts.extend([
            Act::Way {
                by: Anna,
                request,
                mail,
            },
            Act::Code {
                by: Anna,
                request,
                mail,
            },
        ]);
    }
    Scope {
        name: "channels",
        setting: setting(Suite::AesAdminKey),
        bounds: bounds(1, 4, 3, 1),
        before: ready(Anna, 1, 0, How::Machine, challenge(1, 0)),
        moves: each(acts),
        guards: &[
            (Guard::ChannelRested, Broken::ChannelFresh),
            (Guard::RemakeSame, Broken::AnotherCode),
        ],
    }
}

/// A licence for fewer devices than there are, and one that has run out.
pub fn licence() -> Scope {
    let request = 0;
    let mut acts = vec![Act::Later { seconds: MINUTE }];
    for change in [Change::FewerLicensed, Change::ShortLicence, Change::Retire(1)] {
        acts.push(Act::Change(change));
    }
    acts.extend([
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
    ]);
    let setting = setting(Suite::AesAdminKey);
    let begin = START + setting.rules.channel_rest_seconds;
    Scope {
        name: "licence",
        setting,
        bounds: Bounds {
            until: begin + MINUTE,
            ..bounds(1, 2, 0, 2)
        },
        before: ready(Anna, 0, 0, How::Word, challenge(1, 0)),
        moves: each(acts),
        guards: &[(Guard::Licensed, Broken::NoLicence)],
    }
}
