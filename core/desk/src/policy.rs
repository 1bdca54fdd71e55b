//! The rules of a help desk, with their defaults.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use super::{LimitRule, LimitRules, UserClass, VerificationMethod, Vouched};

/// A way of verifying a caller that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AcceptedMethod {
    /// The method.
    #[n(0)]
    pub method: VerificationMethod,
    /// The least that must vouch for it: [`Vouched::Operator`] also accepts a machine's word.
    #[n(1)]
    pub at_least: Vouched,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskPolicy {
    /// What counts for [`UserClass::Ordinary`].
    pub ordinary_methods: Vec<AcceptedMethod>,
    /// What counts for [`UserClass::Privileged`]; the operator's word alone never does, whatever
    /// this says.
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
    /// Whom to ask when there is no licence at all.
    pub licence_contact: String,
}

impl Default for DeskPolicy {
    /// Ten minutes, a seven-day wait for changed channels, 2 s of clock tolerance; ordinary users by an
    /// enrolled factor, call back, identity document, manager or in person; privileged ones by an
    /// enrolled factor or identity document, vouched for by a machine; per day 2 codes a device (5
    /// with approval), 20 an operator (60), 200 an issuer key (1000).
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        let method = |method, at_least| AcceptedMethod { method, at_least };
        let limit = |approval_from, refuse_from| LimitRule {
            window_seconds: DAY,
            approval_from,
            refuse_from,
        };
        Self {
            ordinary_methods: vec![
                method(VerificationMethod::EnrolledFactor, Vouched::Machine),
                method(VerificationMethod::CallBack, Vouched::Operator),
                method(VerificationMethod::IdentityDocument, Vouched::Operator),
                method(VerificationMethod::Manager, Vouched::Operator),
                method(VerificationMethod::InPerson, Vouched::Operator),
            ],
            privileged_methods: vec![
                method(VerificationMethod::EnrolledFactor, Vouched::Machine),
                method(VerificationMethod::IdentityDocument, Vouched::Machine),
            ],
            reason_wanted: true,
            limits: LimitRules {
                device: limit(2, 5),
                operator: limit(20, 60),
                issuer: limit(200, 1000),
            },
            request_seconds: 10 * 60,
            session_seconds: 10 * 60 * 60,
            channel_rest_seconds: 7 * DAY,
            clock_tolerance_seconds: 2,
            licence_contact: String::new(),
        }
    }
}

impl DeskPolicy {
    /// Whether a verification counts for a class of user.
    #[must_use]
    pub fn accepts(&self, class: UserClass, method: VerificationMethod, vouched: Vouched) -> bool {
        let accepted = match class {
            UserClass::Ordinary => &self.ordinary_methods,
            UserClass::Privileged if vouched == Vouched::Operator => return false,
            UserClass::Privileged => &self.privileged_methods,
        };
        accepted.iter().any(|rule| {
            rule.method == method && (vouched == Vouched::Machine || rule.at_least == Vouched::Operator)
        })
    }
}
