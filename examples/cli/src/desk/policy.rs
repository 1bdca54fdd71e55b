//! `policy.json`: what a desk may decide otherwise than the defaults. What privileged users need is
//! fixed: this program cannot let a machine vouch for a caller.

use std::path::Path;

use clap::ValueEnum;
use fido_unlock::ErrorCode;
use fido_unlock::desk::{AcceptedMethod, DeskPolicy, LimitRule, LimitRules, VerificationMethod, Vouched};
use serde::{Deserialize, Serialize};

use crate::args::Method;
use crate::brought::{form, read_json};
use crate::failure::Failure;
use crate::output::shown;
use crate::session_file::write_file;

const NAME: &str = "policy.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    reason_wanted: bool,
    ordinary_methods: Vec<String>,
    request_seconds: u64,
    session_seconds: u64,
    limits: Limits,
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

    fn from_name(name: &str) -> Option<Self> {
        Self::value_variants()
            .iter()
            .copied()
            .find(|method| method.name().as_deref() == Some(name))
    }
}

/// Writes the default policy, to be edited.
pub fn write(desk: &Path) -> Result<(), Failure> {
    let path = desk.join(NAME);
    let policy = DeskPolicy::default();
    let accepted = |method: &Method| {
        policy
            .ordinary_methods
            .iter()
            .any(|rule| rule.method == method.to_core() && rule.at_least == Vouched::Operator)
    };
    let stored = Stored {
        reason_wanted: policy.reason_wanted,
        ordinary_methods: Method::value_variants()
            .iter()
            .filter(|method| accepted(method))
            .filter_map(|method| method.name())
            .collect(),
        request_seconds: policy.request_seconds,
        session_seconds: policy.session_seconds,
        limits: Limits {
            device: policy.limits.device.into(),
            operator: policy.limits.operator.into(),
            issuer: policy.limits.issuer.into(),
        },
    };
    let json = serde_json::to_vec_pretty(&stored).map_err(|_| ErrorCode::HostFailed)?;
    write_file(&path, &json)
}

/// Reads the policy. A file that is missing or has an error is refused: the defaults may be laxer.
pub fn read(desk: &Path) -> Result<DeskPolicy, Failure> {
    let path = desk.join(NAME);
    let stored: Stored = read_json(&path)?;
    let mut ordinary_methods = Vec::new();
    for name in &stored.ordinary_methods {
        let method = Method::from_name(name).ok_or_else(|| {
            let known: Vec<String> = Method::value_variants()
                .iter()
                .filter_map(|method| method.name())
                .collect();
            let what = format!(
                "ordinary_methods: {} is not one of {}",
                shown(name),
                known.join(", ")
            );
            form(&path, &what)
        })?;
        ordinary_methods.push(AcceptedMethod {
            method: method.to_core(),
            at_least: Vouched::Operator,
        });
    }
    Ok(DeskPolicy {
        reason_wanted: stored.reason_wanted,
        ordinary_methods,
        request_seconds: stored.request_seconds,
        session_seconds: stored.session_seconds,
        limits: LimitRules {
            device: stored.limits.device.into(),
            operator: stored.limits.operator.into(),
            issuer: stored.limits.issuer.into(),
        },
        ..DeskPolicy::default()
    })
}
