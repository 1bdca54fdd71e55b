//! The desk's rules.

use fido_unlock::desk::{self, Vouched};
pub use fido_unlock::desk::{LimitRule, LimitRules};

use super::VerificationMethod;

/// A way of verifying a caller that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AcceptedMethod {
    /// The method.
    pub method: VerificationMethod,
    /// Whether a machine must have checked it; else the operator's word does.
    pub by_machine: bool,
}

/// One limit: how many codes in a sliding window.
#[uniffi::remote(Record)]
pub struct LimitRule {
    /// The window's length.
    pub window_seconds: u64,
    /// With this many codes in the window, the next one wants a second operator.
    pub approval_from: u32,
    /// With this many codes in the window, the next one is refused.
    pub refuse_from: u32,
}

/// The three limits.
#[uniffi::remote(Record)]
pub struct LimitRules {
    /// For one device.
    pub device: LimitRule,
    /// By one operator.
    pub operator: LimitRule,
    /// Under one issuer key; all of suite 3 together.
    pub issuer: LimitRule,
}

/// The desk's rules; `default_desk_rules` gives those to begin with. They stand in the desk's database.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskRules {
    /// What counts for ordinary users.
    pub ordinary_methods: Vec<AcceptedMethod>,
    /// What counts for privileged users; the operator's word alone never does, whatever stands here.
    pub privileged_methods: Vec<AcceptedMethod>,
    /// Whether a reason or ticket number is wanted.
    pub reason_wanted: bool,
    /// How many codes may be given out.
    pub limits: LimitRules,
    /// How long a request lives, in seconds.
    pub request_seconds: u64,
    /// How long a verified caller counts, in seconds.
    pub verification_seconds: u64,
    /// How long an approval counts, in seconds.
    pub approval_seconds: u64,
    /// How long an operator stays signed in, in seconds.
    pub session_seconds: u64,
    /// No code is sent to a channel that was changed less than this ago, in seconds.
    pub channel_rest_seconds: u64,
    /// What loosens takes effect after this, in seconds.
    pub rest_seconds: u64,
    /// Whom to ask where there is no licence at all.
    pub licence_contact: String,
}

/// An hour for a request, 15 minutes for a verified caller, 10 for an approval; a day's rest for what loosens; a second
/// operator for privileged users and from the third code a day for a device.
#[uniffi::export]
#[must_use]
pub fn default_desk_rules() -> DeskRules {
    desk::Rules::default().into()
}

impl From<desk::Rules> for DeskRules {
    fn from(rules: desk::Rules) -> Self {
        let methods = |methods: Vec<desk::AcceptedMethod>| {
            let accepted = |rule: desk::AcceptedMethod| {
                Some(AcceptedMethod {
                    method: VerificationMethod::of(rule.method)?,
                    by_machine: rule.at_least == Vouched::Machine,
                })
            };
            methods.into_iter().filter_map(accepted).collect()
        };
        Self {
            ordinary_methods: methods(rules.ordinary_methods),
            privileged_methods: methods(rules.privileged_methods),
            reason_wanted: rules.reason_wanted,
            limits: rules.limits,
            request_seconds: rules.request_seconds,
            verification_seconds: rules.verification_seconds,
            approval_seconds: rules.approval_seconds,
            session_seconds: rules.session_seconds,
            channel_rest_seconds: rules.channel_rest_seconds,
            rest_seconds: rules.rest_seconds,
            licence_contact: rules.licence_contact,
        }
    }
}

impl From<DeskRules> for desk::Rules {
    fn from(rules: DeskRules) -> Self {
        let methods = |methods: Vec<AcceptedMethod>| {
            let rule = |accepted: AcceptedMethod| desk::AcceptedMethod {
                method: accepted.method.into(),
                at_least: if accepted.by_machine {
                    Vouched::Machine
                } else {
                    Vouched::Operator
                },
            };
            methods.into_iter().map(rule).collect()
        };
        Self {
            ordinary_methods: methods(rules.ordinary_methods),
            privileged_methods: methods(rules.privileged_methods),
            reason_wanted: rules.reason_wanted,
            limits: rules.limits,
            request_seconds: rules.request_seconds,
            verification_seconds: rules.verification_seconds,
            approval_seconds: rules.approval_seconds,
            session_seconds: rules.session_seconds,
            channel_rest_seconds: rules.channel_rest_seconds,
            rest_seconds: rules.rest_seconds,
            licence_contact: rules.licence_contact,
        }
    }
}
