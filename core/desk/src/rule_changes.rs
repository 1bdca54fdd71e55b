//! What of the rules another set of them changes: rule by rule, what holds at once and what after the rest, as
//! `rules::Stricter` says it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::rules::Stricter as _;
use crate::{AcceptedMethod, LimitRule, Pending, Rules, UnixTime};

macro_rules! rules {
    ($($name:ident $text:literal $doc:literal)+) => {
        /// One rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $doc] $name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in files and for other programs; a dot stands between the names of a part and its rule.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

rules! {
    ApprovalSeconds "approval_seconds" "[`Rules::approval_seconds`]."
    ChannelRestSeconds "channel_rest_seconds" "[`Rules::channel_rest_seconds`]."
    LicenceContact "licence_contact" "[`Rules::licence_contact`]."
    DeviceApprovalFrom "limits.device.approval_from" "[`LimitRule::approval_from`] for one device."
    DeviceRefuseFrom "limits.device.refuse_from" "[`LimitRule::refuse_from`] for one device."
    DeviceWindowSeconds "limits.device.window_seconds" "[`LimitRule::window_seconds`] for one device."
    IssuerApprovalFrom "limits.issuer.approval_from" "[`LimitRule::approval_from`] under one issuer key."
    IssuerRefuseFrom "limits.issuer.refuse_from" "[`LimitRule::refuse_from`] under one issuer key."
    IssuerWindowSeconds "limits.issuer.window_seconds" "[`LimitRule::window_seconds`] under one issuer key."
    OperatorApprovalFrom "limits.operator.approval_from" "[`LimitRule::approval_from`] by one operator."
    OperatorRefuseFrom "limits.operator.refuse_from" "[`LimitRule::refuse_from`] by one operator."
    OperatorWindowSeconds "limits.operator.window_seconds" "[`LimitRule::window_seconds`] by one operator."
    OrdinaryMethods "ordinary_methods" "[`Rules::ordinary_methods`]."
    PrivilegedMethods "privileged_methods" "[`Rules::privileged_methods`]."
    ReasonWanted "reason_wanted" "[`Rules::reason_wanted`]."
    RequestSeconds "request_seconds" "[`Rules::request_seconds`]."
    RestSeconds "rest_seconds" "[`Rules::rest_seconds`]."
    SessionSeconds "session_seconds" "[`Rules::session_seconds`]."
    VerificationSeconds "verification_seconds" "[`Rules::verification_seconds`]."
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleValue {
    /// Whether.
    Switch(bool),
    /// How long, in seconds.
    Seconds(u64),
    /// How many codes.
    Codes(u32),
    /// Which ways of verifying a caller.
    Methods(Vec<AcceptedMethod>),
    /// A text.
    Text(String),
}

/// What becomes of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// Which.
    pub rule: Rule,
    /// What it says now.
    pub now: RuleValue,
    /// What it says from the change on.
    pub at_once: RuleValue,
    /// What it says after the rest.
    pub later: RuleValue,
}

impl RuleChange {
    /// Whether something of it holds at once: it tightens, or is a text, which loosens nothing.
    #[must_use]
    pub fn tightens(&self) -> bool {
        self.at_once != self.now
    }

    /// Whether something of it holds only after the rest: it loosens.
    #[must_use]
    pub fn loosens(&self) -> bool {
        self.later != self.at_once
    }
}

/// What a change of the rules would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesPreview {
    /// Each rule that it changes.
    pub changes: Vec<RuleChange>,
    /// From when on what loosens would hold, if it were asked for now; `None` where nothing rests.
    pub holds_from: Option<UnixTime>,
    /// What rests already, and would not hold any more.
    pub replaces: Option<Pending<Rules>>,
}

impl RulesPreview {
    /// Whether it shows the same but for the time.
    pub(crate) fn shows(&self, other: &Self) -> bool {
        self.changes == other.changes
            && self.replaces == other.replaces
            && self.holds_from.is_some() == other.holds_from.is_some()
    }
}

/// What is odd about rules, though they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRemark {
    /// Codes are refused before the number from which on they would want an approval.
    ApprovalNeverReached {
        /// The limit's rule that is never reached.
        rule: Rule,
        /// Its number.
        approval_from: u32,
        /// The number from which on codes are refused.
        refuse_from: u32,
    },
    /// No way of verifying a caller counts, so that these users get no code.
    NobodyVerified(Rule),
}

impl Rules {
    /// What a rule says.
    #[must_use]
    pub fn value(&self, rule: Rule) -> RuleValue {
        use RuleValue::{Codes, Methods, Seconds, Switch, Text};
        let limits = &self.limits;
        match rule {
            Rule::ApprovalSeconds => Seconds(self.approval_seconds),
            Rule::ChannelRestSeconds => Seconds(self.channel_rest_seconds),
            Rule::LicenceContact => Text(self.licence_contact.clone()),
            Rule::DeviceApprovalFrom => Codes(limits.device.approval_from),
            Rule::DeviceRefuseFrom => Codes(limits.device.refuse_from),
            Rule::DeviceWindowSeconds => Seconds(limits.device.window_seconds),
            Rule::IssuerApprovalFrom => Codes(limits.issuer.approval_from),
            Rule::IssuerRefuseFrom => Codes(limits.issuer.refuse_from),
            Rule::IssuerWindowSeconds => Seconds(limits.issuer.window_seconds),
            Rule::OperatorApprovalFrom => Codes(limits.operator.approval_from),
            Rule::OperatorRefuseFrom => Codes(limits.operator.refuse_from),
            Rule::OperatorWindowSeconds => Seconds(limits.operator.window_seconds),
            Rule::OrdinaryMethods => Methods(self.ordinary_methods.clone()),
            Rule::PrivilegedMethods => Methods(self.privileged_methods.clone()),
            Rule::ReasonWanted => Switch(self.reason_wanted),
            Rule::RequestSeconds => Seconds(self.request_seconds),
            Rule::RestSeconds => Seconds(self.rest_seconds),
            Rule::SessionSeconds => Seconds(self.session_seconds),
            Rule::VerificationSeconds => Seconds(self.verification_seconds),
        }
    }

    /// Each rule that `then` changes: what tightens holds at once, what loosens after the rest.
    ///
    /// ```
    /// use fido_unlock_desk::{Rule, RuleValue, Rules};
    ///
    /// let now = Rules::default();
    /// let mut then = now.clone();
    /// then.request_seconds *= 2;
    /// then.limits.device.refuse_from = 4;
    /// let changes = now.changes(&then);
    /// assert_eq!(changes[0].rule, Rule::DeviceRefuseFrom);
    /// assert!(changes[0].tightens() && !changes[0].loosens());
    /// assert!(changes[1].loosens() && changes[1].at_once == RuleValue::Seconds(3600));
    /// ```
    #[must_use]
    pub fn changes(&self, then: &Self) -> Vec<RuleChange> {
        let meanwhile = self.stricter(then);
        let changes = Rule::ALL.iter().map(|rule| RuleChange {
            rule: *rule,
            now: self.value(*rule),
            at_once: meanwhile.value(*rule),
            later: then.value(*rule),
        });
        changes.filter(|change| change.now != change.later).collect()
    }

    /// What is odd about them.
    #[must_use]
    pub fn remarks(&self) -> Vec<RuleRemark> {
        let limits = [
            (Rule::DeviceApprovalFrom, self.limits.device),
            (Rule::OperatorApprovalFrom, self.limits.operator),
            (Rule::IssuerApprovalFrom, self.limits.issuer),
        ];
        let methods = [
            (Rule::OrdinaryMethods, &self.ordinary_methods),
            (Rule::PrivilegedMethods, &self.privileged_methods),
        ];
        let never_reached = |(rule, limit): (Rule, LimitRule)| {
            let LimitRule {
                approval_from,
                refuse_from,
                ..
            } = limit;
            (approval_from > refuse_from).then_some(RuleRemark::ApprovalNeverReached {
                rule,
                approval_from,
                refuse_from,
            })
        };
        let nobody = methods.into_iter().filter(|(_, methods)| methods.is_empty());
        let nobody = nobody.map(|(rule, _)| RuleRemark::NobodyVerified(rule));
        limits
            .into_iter()
            .filter_map(never_reached)
            .chain(nobody)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{VerificationMethod, Vouched};

    /// A rule that no change shows would be changed behind everybody's back.
    #[test]
    fn every_rule_is_there_and_changes_show() {
        let now = Rules::default();
        assert!(now.changes(&now).is_empty());
        let limit = |rule: LimitRule| LimitRule {
            window_seconds: rule.window_seconds + 1,
            approval_from: rule.approval_from + 1,
            refuse_from: rule.refuse_from + 1,
        };
        // Without `..`, so that a new rule does not compile without a look at this.
        let other = Rules {
            ordinary_methods: vec![],
            privileged_methods: vec![],
            reason_wanted: !now.reason_wanted,
            limits: crate::LimitRules {
                device: limit(now.limits.device),
                operator: limit(now.limits.operator),
                issuer: limit(now.limits.issuer),
            },
            request_seconds: now.request_seconds + 1,
            verification_seconds: now.verification_seconds + 1,
            approval_seconds: now.approval_seconds + 1,
            session_seconds: now.session_seconds + 1,
            channel_rest_seconds: now.channel_rest_seconds + 1,
            rest_seconds: now.rest_seconds + 1,
            licence_contact: "x".into(),
        };
        let rules: Vec<_> = now.changes(&other).iter().map(|change| change.rule).collect();
        assert_eq!(rules, Rule::ALL);
        assert_eq!(other.remarks().len(), 2);
        for pair in Rule::ALL.windows(2) {
            assert!(pair[0].name() < pair[1].name());
        }
    }

    /// One of two methods goes and another comes: the one holds at once, the other rests.
    #[test]
    fn a_rule_may_tighten_and_loosen() {
        let method = |method, at_least| AcceptedMethod { method, at_least };
        let (call, manager) = (VerificationMethod::CallBack, VerificationMethod::Manager);
        let of = |methods: Vec<AcceptedMethod>| Rules {
            ordinary_methods: methods,
            ..Rules::default()
        };
        let now = of(vec![
            method(call, Vouched::Operator),
            method(VerificationMethod::InPerson, Vouched::Operator),
        ]);
        let then = of(vec![
            method(call, Vouched::Operator),
            method(manager, Vouched::Operator),
        ]);
        let changes = now.changes(&then);
        let [change] = changes.as_slice() else {
            panic!("{changes:?}")
        };
        assert!(change.tightens() && change.loosens());
        assert_eq!(
            change.at_once,
            RuleValue::Methods(vec![method(call, Vouched::Operator)])
        );
    }
}
