//! The desk's rules as a JSON file that a person edits: `desk rules` prints them, `desk rules --set FILE` changes them.

use std::path::Path;

use clap::ValueEnum;
use fido_unlock::ErrorCode;
use fido_unlock::desk::{AcceptedMethod, LimitRule, LimitRules, Rules, VerificationMethod, Vouched};
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

    fn name(self) -> Option<String> {
        Some(self.to_possible_value()?.get_name().to_owned())
    }

    fn find(is: impl Fn(&Self) -> bool) -> Option<Self> {
        Self::value_variants().iter().copied().find(is)
    }
}

/// The name that the command line and the rules have for a method.
pub fn name_of_method(method: VerificationMethod) -> String {
    let known = Method::find(|known| known.to_core() == method).and_then(Method::name);
    known.unwrap_or_else(|| format!("method {}", method.number()))
}

fn to_stored(rules: &[AcceptedMethod]) -> Vec<StoredMethod> {
    let stored = rules.iter().filter_map(|rule| {
        let method = Method::find(|method| method.to_core() == rule.method)?;
        Some(StoredMethod {
            method: method.name()?,
            vouched_by: match rule.at_least {
                Vouched::Machine => "machine".into(),
                Vouched::Operator => "operator".into(),
            },
        })
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
pub fn differences(now: &Rules, then: &Rules) -> Result<Vec<String>, Failure> {
    let value = |rules: &Rules| -> Result<Value, Failure> {
        serde_json::from_str(&text(rules)?).map_err(|_| ErrorCode::HostFailed.into())
    };
    let mut lines = Vec::new();
    differ("", &value(now)?, &value(then)?, &mut lines);
    Ok(lines)
}

fn differ(name: &str, now: &Value, then: &Value, lines: &mut Vec<String>) {
    if now == then {
        return;
    }
    let (Value::Object(fields), Value::Object(others)) = (now, then) else {
        return lines.push(format!("{name}: {}, then {}", brief(now), brief(then)));
    };
    for (field, value) in fields {
        let path = if name.is_empty() {
            field.clone()
        } else {
            format!("{name}.{field}")
        };
        differ(&path, value, others.get(field).unwrap_or(&Value::Null), lines);
    }
}

/// Methods by name and voucher, everything else as JSON has it; a text of a person cannot act on a terminal.
fn brief(value: &Value) -> String {
    let Value::Array(methods) = value else {
        return shown(value);
    };
    let method = |method: &Value| {
        let text = |field: &str| method.get(field).and_then(Value::as_str).map(shown);
        Some(format!("{} (by {})", text("method")?, text("vouched_by")?))
    };
    let named: Vec<String> = methods.iter().filter_map(method).collect();
    if named.is_empty() {
        "none".into()
    } else {
        named.join(" ")
    }
}

/// What is odd about rules, though they are taken.
pub fn remarks(rules: &Rules) -> Vec<String> {
    let limits = [
        ("device", rules.limits.device),
        ("operator", rules.limits.operator),
        ("issuer", rules.limits.issuer),
    ];
    let mut remarks: Vec<String> = limits
        .iter()
        .filter(|(_, limit)| limit.approval_from > limit.refuse_from)
        .map(|(name, limit)| {
            format!(
                "limits.{name}: codes are refused from {} on, so that approval_from {} is never reached",
                limit.refuse_from, limit.approval_from
            )
        })
        .collect();
    for (name, methods) in [
        ("ordinary_methods", &rules.ordinary_methods),
        ("privileged_methods", &rules.privileged_methods),
    ] {
        if methods.is_empty() {
            remarks.push(format!(
                "{name}: no way of verifying a caller counts, so that these users get no code"
            ));
        }
    }
    remarks
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
        let method = Method::find(|method| method.name().as_deref() == Some(&stored.method));
        let method = method.ok_or_else(|| {
            let names = Method::value_variants().iter().filter_map(|method| method.name());
            one_of(&stored.method, &names.collect::<Vec<_>>().join(", "))
        })?;
        Ok(AcceptedMethod {
            method: method.to_core(),
            at_least: match stored.vouched_by.as_str() {
                "machine" => Vouched::Machine,
                "operator" => Vouched::Operator,
                other => return Err(one_of(other, "machine, operator")),
            },
        })
    };
    stored.iter().map(read).collect()
}
