//! The rules of a desk, and what of two sets of rules is the stricter.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use crate::{LimitRule, LimitRules, Rule, RuleValue, UserClass, VerificationMethod, Vouched};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

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

/// The rules. They stand in the desk's database, under its seal; what loosens them rests first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rules {
    /// What counts for [`UserClass::Ordinary`].
    #[n(0)]
    pub ordinary_methods: Vec<AcceptedMethod>,
    /// What counts for [`UserClass::Privileged`]; the operator's word alone never does, whatever this says.
    #[n(1)]
    pub privileged_methods: Vec<AcceptedMethod>,
    /// Whether a reason or ticket number is required.
    #[n(2)]
    pub reason_wanted: bool,
    /// How many codes may be given out.
    #[n(3)]
    pub limits: LimitRules,
    /// How long a request lives, in seconds.
    #[n(4)]
    pub request_seconds: u64,
    /// How long a verified caller counts, in seconds.
    #[n(5)]
    pub verification_seconds: u64,
    /// How long an approval counts, in seconds.
    #[n(6)]
    pub approval_seconds: u64,
    /// How long an operator stays signed in, in seconds.
    #[n(7)]
    pub session_seconds: u64,
    /// No code is sent to a channel that was changed less than this ago, in seconds.
    #[n(8)]
    pub channel_rest_seconds: u64,
    /// What loosens takes effect after this, in seconds.
    #[n(9)]
    pub rest_seconds: u64,
    /// Whom to ask when there is no licence at all.
    #[n(10)]
    pub licence_contact: String,
}

impl Default for Rules {
    /// An hour for a request, 15 minutes for a verification, 10 for an approval, 10 hours for a session; a day's rest
    /// for what loosens, 7 for a changed channel; ordinary users by an enrolled factor, call back, identity document,
    /// manager or in person; privileged ones by an enrolled factor or identity document, vouched for by a machine; per
    /// day 2 codes a device (5 with approval), 20 an operator (60), 200 an issuer key (1000).
    fn default() -> Self {
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
            request_seconds: 60 * MINUTE,
            verification_seconds: 15 * MINUTE,
            approval_seconds: 10 * MINUTE,
            session_seconds: 10 * 60 * MINUTE,
            channel_rest_seconds: 7 * DAY,
            rest_seconds: DAY,
            licence_contact: String::new(),
        }
    }
}

/// What of two values is the stricter, so that a change which tightens one part and loosens another can do the one at
/// once and the other later.
pub(crate) trait Stricter: Clone + PartialEq {
    /// As strict as both, in every part.
    #[must_use]
    fn stricter(&self, other: &Self) -> Self;
}

impl Rules {
    /// The least that a rule may say, in seconds; `None` where it may say anything. With less nobody could end a call, or
    /// sign in and change it again, and that would hold at once.
    #[must_use]
    pub const fn least_seconds(rule: Rule) -> Option<u64> {
        match rule {
            Rule::RequestSeconds | Rule::SessionSeconds => Some(5 * MINUTE),
            Rule::VerificationSeconds | Rule::ApprovalSeconds => Some(MINUTE),
            _ => None,
        }
    }

    /// The times that calls and sessions need, in seconds.
    fn times(&self) -> impl Iterator<Item = (Rule, u64, u64)> {
        let time = |rule: &Rule| match (Self::least_seconds(*rule), self.value(*rule)) {
            (Some(least), RuleValue::Seconds(seconds)) => Some((*rule, least, seconds)),
            _ => None,
        };
        Rule::ALL.iter().filter_map(time)
    }

    /// The first rule that says less than it may, and the least.
    pub(crate) fn too_short(&self) -> Option<(Rule, u64)> {
        let short = self.times().find(|(_, least, seconds)| seconds < least);
        short.map(|(rule, least, _)| (rule, least))
    }

    /// Whether others give less time for a call or a session.
    pub(crate) fn shortens(&self, then: &Self) -> bool {
        self.times()
            .zip(then.times())
            .any(|((.., now), (.., then))| then < now)
    }

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

/// What both accept: of one method the weightier word.
fn stricter_methods(one: &[AcceptedMethod], other: &[AcceptedMethod]) -> Vec<AcceptedMethod> {
    let both = one.iter().filter_map(|rule| {
        let same = other.iter().find(|other| other.method == rule.method)?;
        // `Machine` is the weightier word and the smaller number.
        Some(AcceptedMethod {
            method: rule.method,
            at_least: rule.at_least.min(same.at_least),
        })
    });
    both.collect()
}

fn stricter_limit(one: &LimitRule, other: &LimitRule) -> LimitRule {
    LimitRule {
        window_seconds: one.window_seconds.max(other.window_seconds),
        approval_from: one.approval_from.min(other.approval_from),
        refuse_from: one.refuse_from.min(other.refuse_from),
    }
}

impl Stricter for Rules {
    fn stricter(&self, other: &Self) -> Self {
        let (one, limits) = (self, &self.limits);
        Self {
            ordinary_methods: stricter_methods(&one.ordinary_methods, &other.ordinary_methods),
            privileged_methods: stricter_methods(&one.privileged_methods, &other.privileged_methods),
            reason_wanted: one.reason_wanted || other.reason_wanted,
            limits: LimitRules {
                device: stricter_limit(&limits.device, &other.limits.device),
                operator: stricter_limit(&limits.operator, &other.limits.operator),
                issuer: stricter_limit(&limits.issuer, &other.limits.issuer),
            },
            request_seconds: one.request_seconds.min(other.request_seconds),
            verification_seconds: one.verification_seconds.min(other.verification_seconds),
            approval_seconds: one.approval_seconds.min(other.approval_seconds),
            session_seconds: one.session_seconds.min(other.session_seconds),
            channel_rest_seconds: one.channel_rest_seconds.max(other.channel_rest_seconds),
            rest_seconds: one.rest_seconds.max(other.rest_seconds),
            // A text loosens nothing.
            licence_contact: other.licence_contact.clone(),
        }
    }
}

impl Stricter for UserClass {
    fn stricter(&self, other: &Self) -> Self {
        *self.max(other)
    }
}
