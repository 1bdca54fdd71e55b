//! The desk's rules as a JSON file that a person edits: `desk rules` prints them, `desk rules --set FILE` changes them.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{
    AcceptedMethod, LimitRule, LimitRules, RuleChange, RuleRemark, RuleValue, Rules, VerificationMethod,
    Vouched,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::Method;
use crate::brought::{form, read_json};
use crate::failure::Failure;
use crate::output::shown;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    reason_wanted: bool,
    ordinary_methods: Vec<StoredMethod>,
    privileged_methods: Vec<StoredMethod>,
    request_seconds: u64,
    verification_seconds: u64,
    approval_seconds: u64,
    session_seconds: u64,
    channel_rest_seconds: u64,
    rest_seconds: u64,
    licence_contact: String,
    limits: Limits,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMethod {
    method: String,
    /// `machine`, or `operator`, who may also be a machine.
    vouched_by: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    device: Limit,
    operator: Limit,
    issuer: Limit,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    window_seconds: u64,
    approval_from: u32,
    refuse_from: u32,
}

impl From<LimitRule> for Limit {
    fn from(rule: LimitRule) -> Self {
        Self {
            window_seconds: rule.window_seconds,
            approval_from: rule.approval_from,
            refuse_from: rule.refuse_from,
        }
    }
}

impl From<Limit> for LimitRule {
    fn from(limit: Limit) -> Self {
        Self {
            window_seconds: limit.window_seconds,
            approval_from: limit.approval_from,
            refuse_from: limit.refuse_from,
        }
    }
}

impl Method {
    /// Core's name of it.
    pub const fn to_core(self) -> VerificationMethod {
        match self {
            Self::EnrolledFactor => VerificationMethod::EnrolledFactor,
            Self::CallBack => VerificationMethod::CallBack,
            Self::IdentityDocument => VerificationMethod::IdentityDocument,
            Self::Manager => VerificationMethod::Manager,
            Self::InPerson => VerificationMethod::InPerson,
            Self::Questions => VerificationMethod::Questions,
        }
    }
}

fn to_stored(rules: &[AcceptedMethod]) -> Vec<StoredMethod> {
    let stored = rules.iter().map(|rule| StoredMethod {
        method: rule.method.name().into(),
        vouched_by: rule.at_least.name().into(),
    });
    stored.collect()
}

/// The rules as the file that [`read`] takes.
pub fn text(rules: &Rules) -> Result<String, Failure> {
    let stored = Stored {
        reason_wanted: rules.reason_wanted,
        ordinary_methods: to_stored(&rules.ordinary_methods),
        privileged_methods: to_stored(&rules.privileged_methods),
        request_seconds: rules.request_seconds,
        verification_seconds: rules.verification_seconds,
        approval_seconds: rules.approval_seconds,
        session_seconds: rules.session_seconds,
        channel_rest_seconds: rules.channel_rest_seconds,
        rest_seconds: rules.rest_seconds,
        licence_contact: rules.licence_contact.clone(),
        limits: Limits {
            device: rules.limits.device.into(),
            operator: rules.limits.operator.into(),
            issuer: rules.limits.issuer.into(),
        },
    };
    serde_json::to_string_pretty(&stored).map_err(|_| ErrorCode::HostFailed.into())
}

/// What other rules change, a line for each: "limits.device.refuse_from: 5, then 9".
pub fn differences(now: &Rules, then: &Rules) -> Vec<String> {
    let changes = now.changes(then);
    let line = |change: &RuleChange| {
        let (now, later) = (brief(&change.now), brief(&change.later));
        format!("{}: {now}, then {later}", change.rule.name())
    };
    changes.iter().map(line).collect()
}

/// Methods by name and voucher, a text in quotes; a text of a person cannot act on a terminal.
fn brief(value: &RuleValue) -> String {
    match value {
        RuleValue::Switch(on) => on.to_string(),
        RuleValue::Seconds(seconds) => seconds.to_string(),
        RuleValue::Codes(codes) => codes.to_string(),
        RuleValue::Text(text) => shown(Value::from(text.as_str())),
        RuleValue::Methods(methods) if methods.is_empty() => "none".into(),
        RuleValue::Methods(methods) => {
            let named = methods
                .iter()
                .map(|rule| format!("{} (by {})", rule.method.name(), rule.at_least.name()));
            named.collect::<Vec<_>>().join(" ")
        }
    }
}

/// What is odd about rules, though they are taken.
pub fn remarks(rules: &Rules) -> Vec<String> {
    let remark = |remark: &RuleRemark| match remark {
        RuleRemark::ApprovalNeverReached {
            rule,
            approval_from,
            refuse_from,
        } => format!(
            "{}: codes are refused from {refuse_from} on, so that approval_from {approval_from} is never reached",
            rule.name().trim_end_matches(".approval_from")
        ),
        RuleRemark::NobodyVerified(rule) => format!(
            "{}: no way of verifying a caller counts, so that these users get no code",
            rule.name()
        ),
    };
    rules.remarks().iter().map(remark).collect()
}

/// Reads a file of rules. All of them must be there: a default may be laxer than what was meant.
pub fn read(path: &Path) -> Result<Rules, Failure> {
    let stored: Stored = read_json(path)?;
    Ok(Rules {
        reason_wanted: stored.reason_wanted,
        ordinary_methods: methods(path, "ordinary_methods", &stored.ordinary_methods)?,
        privileged_methods: methods(path, "privileged_methods", &stored.privileged_methods)?,
        request_seconds: stored.request_seconds,
        verification_seconds: stored.verification_seconds,
        approval_seconds: stored.approval_seconds,
        session_seconds: stored.session_seconds,
        channel_rest_seconds: stored.channel_rest_seconds,
        rest_seconds: stored.rest_seconds,
        licence_contact: stored.licence_contact,
        limits: LimitRules {
            device: stored.limits.device.into(),
            operator: stored.limits.operator.into(),
            issuer: stored.limits.issuer.into(),
        },
    })
}

fn methods(path: &Path, field: &str, stored: &[StoredMethod]) -> Result<Vec<AcceptedMethod>, Failure> {
    let one_of =
        |what: &str, known: &str| form(path, &format!("{field}: {} is not one of {known}", shown(what)));
    let read = |stored: &StoredMethod| {
        let method = VerificationMethod::ALL
            .into_iter()
            .find(|method| method.name() == stored.method);
        let method = method.ok_or_else(|| {
            let names = VerificationMethod::ALL.map(VerificationMethod::name);
            one_of(&stored.method, &names.join(", "))
        })?;
        let at_least = [Vouched::Machine, Vouched::Operator]
            .into_iter()
            .find(|vouched| vouched.name() == stored.vouched_by);
        let at_least = at_least.ok_or_else(|| one_of(&stored.vouched_by, "machine, operator"))?;
        Ok(AcceptedMethod { method, at_least })
    };
    stored.iter().map(read).collect()
}
