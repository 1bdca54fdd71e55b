//! The desk's rules.

use fido_unlock::desk::{self, Vouched};

use super::{LimitRules, VerificationMethod};

/// An accepted way of verifying a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AcceptedMethod {
    /// The method.
    pub method: VerificationMethod,
    /// Whether a machine must have checked it; otherwise the operator's word is enough.
    pub by_machine: bool,
}

/// The desk's rules; `default_desk_policy` gives the defaults.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskPolicy {
    /// What is accepted for ordinary users.
    pub ordinary_methods: Vec<AcceptedMethod>,
    /// What is accepted for privileged users; the operator's word alone never is, whatever is set here.
    pub privileged_methods: Vec<AcceptedMethod>,
    /// Whether a reason or ticket number is required.
    pub reason_wanted: bool,
    /// How many codes may be given out.
    pub limits: LimitRules,
    /// How long a request, a verification and an approval live, in seconds.
    pub request_seconds: u64,
    /// How long an operator stays signed in, in seconds.
    pub session_seconds: u64,
    /// No code is sent to a channel that was changed less than this ago, in seconds.
    pub channel_rest_seconds: u64,
    /// How far the clock may step back before the desk refuses, in seconds.
    pub clock_tolerance_seconds: u64,
    /// Whom to ask if there is no licence at all.
    pub licence_contact: String,
}

/// Ten minutes for a request, a second operator for privileged users and from the third code a day for a device.
#[uniffi::export]
#[must_use]
pub fn default_desk_policy() -> DeskPolicy {
    let policy = desk::DeskPolicy::default();
    let methods = |methods: &[desk::AcceptedMethod]| {
        let accepted = |rule: &desk::AcceptedMethod| {
            Some(AcceptedMethod {
                method: VerificationMethod::of(rule.method)?,
                by_machine: rule.at_least == Vouched::Machine,
            })
        };
        methods.iter().filter_map(accepted).collect()
    };
    DeskPolicy {
        ordinary_methods: methods(&policy.ordinary_methods),
        privileged_methods: methods(&policy.privileged_methods),
        reason_wanted: policy.reason_wanted,
        limits: policy.limits.into(),
        request_seconds: policy.request_seconds,
        session_seconds: policy.session_seconds,
        channel_rest_seconds: policy.channel_rest_seconds,
        clock_tolerance_seconds: policy.clock_tolerance_seconds,
        licence_contact: policy.licence_contact,
    }
}

impl From<DeskPolicy> for desk::DeskPolicy {
    fn from(policy: DeskPolicy) -> Self {
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
            ordinary_methods: methods(policy.ordinary_methods),
            privileged_methods: methods(policy.privileged_methods),
            reason_wanted: policy.reason_wanted,
            limits: policy.limits.into(),
            request_seconds: policy.request_seconds,
            session_seconds: policy.session_seconds,
            channel_rest_seconds: policy.channel_rest_seconds,
            clock_tolerance_seconds: policy.clock_tolerance_seconds,
            licence_contact: policy.licence_contact,
        }
    }
}
