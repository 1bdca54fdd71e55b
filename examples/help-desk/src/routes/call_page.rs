//! One call as its page shows it.

use askama::Template;
use fido_unlock::code::spoken;
use fido_unlock::desk::{
    CallView, ChannelKind, CodeOutcome, Desk, DeskError, DeviceDay, OperatorSession, RequestId, Rules,
    UnixTime, UserClass, VerificationMethod, Vouched,
};
use fido_unlock::{ResponseCode, Shown, Suite};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::asks_manager::{Manager, is_denied};
use super::challenge::Counted;
use super::methods::{METHODS, title};
use super::waits::Approval;
use super::{lately, live};
use crate::app::App;
use crate::page::{Page, Who, day, moment};
use crate::refusal::Refusal;

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No code yet.
    Asking,
    /// Ended before a code was made: given up, or it is not the owner.
    GivenUp,
    /// It has run out before a code was made.
    RunOut,
    /// A code was made; nothing is known of its end.
    Made,
    /// The user has unlocked the device.
    Done,
    /// Given up, with a code.
    Abandoned,
}

impl Stage {
    fn of(call: &CallView, now: UnixTime) -> Self {
        match call.code {
            None if call.lives => Self::Asking,
            None if is_denied(call) || call.reported_by.is_some() => Self::GivenUp,
            // A backup that was put in place ends calls too.
            None if now <= call.expires_at && !call.unknown_since_backup => Self::GivenUp,
            None => Self::RunOut,
            Some(CodeOutcome::Done) => Self::Done,
            Some(CodeOutcome::Abandoned) => Self::Abandoned,
            Some(CodeOutcome::Open | CodeOutcome::Superseded) => Self::Made,
        }
    }
}

/// A way of verifying the caller that counts here.
struct MethodLine {
    value: &'static str,
    title: String,
    chosen: bool,
}

/// A code, as it is read out.
struct CodeShown {
    groups: Zeroizing<String>,
    spoken: Zeroizing<String>,
    /// Each line has a check, so that a typing error is found.
    checked: bool,
}

impl CodeShown {
    fn of(code: &ResponseCode) -> Self {
        let groups = code.expose_code();
        Self {
            spoken: spoken(&groups),
            groups,
            checked: code.suite() != Suite::AesAdminKey,
        }
    }
}

/// What the operator has typed.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    pub(super) method: String,
    #[serde(default)]
    pub(super) statement: String,
    #[serde(default)]
    pub(super) reason: String,
    /// The number that the caller calls from.
    #[serde(default)]
    pub(super) number: String,
    #[serde(default)]
    pub(super) challenge: String,
}

impl Typed {
    /// As it comes back in the fields.
    pub(super) fn shown(&self) -> Self {
        let shown = |text: &String| Shown(text).to_string();
        Self {
            method: shown(&self.method),
            statement: shown(&self.statement),
            reason: shown(&self.reason),
            number: shown(&self.number),
            challenge: shown(&self.challenge),
        }
    }

    /// With the challenge that the desk has already, where the field is empty.
    pub(super) fn or_entered(mut self, call: &CallView) -> Self {
        if self.challenge.is_empty() {
            let entered = call.challenge.map(|challenge| challenge.to_code());
            self.challenge = entered.unwrap_or_default();
        }
        self
    }
}

#[derive(Template)]
#[template(path = "call.html")]
pub(super) struct CallPage {
    page: Page,
    stage: Stage,
    own: bool,
    id: String,
    operator: String,
    name: String,
    user: String,
    device: String,
    suite: Suite,
    privileged: bool,
    until: String,
    telephones: Vec<Telephone>,
    methods: Vec<MethodLine>,
    verified: Option<String>,
    unknown_since_backup: bool,
    others: Vec<OtherCode>,
    /// What happened to the device in other calls of the last 24 hours.
    lately: Option<String>,
    /// What the rules want for the next code, where there is none yet.
    next_code: Option<String>,
    typed: Typed,
    counted: Counted,
    code: Option<CodeShown>,
    approval: Approval,
    manager: Manager,
    /// The manager who has said that it is somebody else.
    denied_by: Option<String>,
    /// The operator who has said that it is somebody else.
    reported_by: Option<String>,
    refusal: Option<Refusal>,
}

/// A number on record is new for 30 days, in seconds.
const NEW_NUMBER: u64 = 30 * 24 * 60 * 60;

/// A number that the owner is called back on.
struct Telephone {
    address: String,
    /// Since when it is on record, where that is so new that somebody may have put it there for this call.
    new_since: Option<String>,
}

/// A code of an earlier call for this device.
struct OtherCode {
    request: String,
    at: String,
    operator: String,
}

/// A call and the rules that it is under.
pub(super) struct Looked {
    pub(super) call: CallView,
    pub(super) rules: Rules,
    pub(super) device: DeviceDay,
}

pub(super) fn look(desk: &mut Desk, session: &OperatorSession, id: RequestId) -> Result<Looked, DeskError> {
    Ok(Looked {
        call: desk.request(session, id)?,
        rules: desk.rules(session)?,
        device: desk.device_day(session, id)?,
    })
}

impl CallPage {
    /// `typed`: what stands in the fields.
    pub(super) fn new(app: &App, who: &Who, looked: Looked, typed: &Typed) -> Self {
        let Looked { call, rules, device } = looked;
        let page = Page::new(app, who, "/unlock");
        let counted = Counted::of(call.suite, &typed.challenge);
        let mut typed = typed.shown();
        if typed.reason.is_empty() {
            typed.reason = Shown(&call.reason).to_string();
        }
        if typed.number.is_empty() {
            typed.number = call
                .caller_number
                .as_ref()
                .map(|number| Shown(number).to_string())
                .unwrap_or_default();
        }
        let manager = Manager::of(&call, &rules, &app.site().url());
        // A manager who can answer here is not vouched for by the operator: whoever has the caller's telephone may be
        // anybody.
        let asks_manager = manager.can_be_asked();
        let accepted = |(method, ..): &&(VerificationMethod, _, _)| {
            rules.accepts(call.user.class, *method, Vouched::Operator)
                && !(asks_manager && *method == VerificationMethod::Manager)
        };
        let methods = METHODS
            .iter()
            .filter(accepted)
            .map(|(_, value, title)| MethodLine {
                value,
                title: title(page.t),
                chosen: typed.method == *value,
            });
        let telephones = call.user.channels.iter();
        let telephones = telephones.filter(|channel| channel.kind == ChannelKind::Telephone);
        let telephones = telephones.map(|channel| Telephone {
            address: Shown(&channel.address).to_string(),
            new_since: (call.opened_at.0.saturating_sub(channel.changed_at.0) < NEW_NUMBER)
                .then(|| day(channel.changed_at)),
        });
        let others = call.open_codes.iter().filter(|other| other.request != call.id);
        Self {
            lately: lately::line(page.t, &device),
            next_code: lately::next_code(page.t, &device, rules.limits.device.window_seconds)
                .filter(|_| call.lives && call.code.is_none() && call.approved_by.is_none()),
            verified: call.caller.map(|(method, vouched)| match (method, vouched) {
                (VerificationMethod::Manager, Vouched::Machine) => page.t.method_manager_answered(),
                (method, _) => title(page.t, method),
            }),
            page,
            stage: Stage::of(&call, live::now()),
            own: call.operator == *who.session.operator(),
            id: call.id.to_string(),
            operator: Shown(call.operator.as_str()).to_string(),
            name: Shown(&call.user.name).to_string(),
            user: Shown(call.user.id.as_str()).to_string(),
            device: call.device.to_code(),
            suite: call.suite,
            privileged: call.user.class == UserClass::Privileged,
            until: moment(call.expires_at),
            telephones: telephones.collect(),
            methods: methods.collect(),
            unknown_since_backup: call.unknown_since_backup,
            others: others
                .map(|other| OtherCode {
                    request: other.request.to_string(),
                    at: moment(other.at),
                    operator: Shown(other.operator.as_str()).to_string(),
                })
                .collect(),
            counted,
            typed,
            code: None,
            approval: Approval::of(&call),
            manager,
            denied_by: call
                .manager
                .as_ref()
                .filter(|_| is_denied(&call))
                .map(|manager| Shown(&manager.name).to_string()),
            reported_by: call.reported_by.as_ref().map(|by| Shown(by.as_str()).to_string()),
            refusal: None,
        }
    }

    pub(super) fn with_code(mut self, code: &ResponseCode) -> Self {
        self.code = Some(CodeShown::of(code));
        self
    }

    pub(super) fn with_refusal(mut self, refusal: Refusal) -> Self {
        if self.stage == Stage::Asking && self.own && Approval::is_told_by(&refusal) {
            // It stands where the approval will, and goes when that comes.
            self.approval = Approval::Wanted(refusal);
        } else {
            self.refusal = Some(refusal);
        }
        self
    }
}
