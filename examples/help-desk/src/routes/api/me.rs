//! What a program knows before its first step: in whose name it acts, and what the rules say of a call.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{LimitRule, Rules, UserClass, VerificationMethod, Vouched};
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::{Caller, May};
use crate::app::App;
use crate::problem::json;
use crate::refusal::Refusal;

/// In whose name a token acts.
#[derive(Serialize, ToSchema)]
pub(super) struct Myself {
    operator: String,
    /// What it is for, as far as its operator may: `unlock`, `devices`, `audit`.
    may: Vec<&'static str>,
}

/// In whose name the token acts, and what it may
#[utoipa::path(get, path = "/api/v1/me", tag = "description", responses((status = 200, body = Myself)))]
pub(super) async fn me(Caller(session): Caller, Extension(May(scopes)): Extension<May>) -> Response {
    let myself = Myself {
        operator: session.operator().as_str().to_owned(),
        may: scopes.iter().map(|scope| scope.name()).collect(),
    };
    json(StatusCode::OK, &myself)
}

/// How many codes are given out in what time.
#[derive(Serialize, ToSchema)]
struct Limit {
    /// From so many on there is none.
    refuse_from: u32,
    /// In so many seconds.
    window_seconds: u64,
}

impl From<&LimitRule> for Limit {
    fn from(rule: &LimitRule) -> Self {
        Self {
            refuse_from: rule.refuse_from,
            window_seconds: rule.window_seconds,
        }
    }
}

/// What the rules say of a call.
#[derive(Serialize, ToSchema)]
pub(super) struct CallRules {
    /// No code without a reason or a ticket number.
    reason_wanted: bool,
    /// Ways of verifying a caller that count for ordinary users on an operator's word.
    ordinary_methods: Vec<&'static str>,
    /// The same for privileged users.
    privileged_methods: Vec<&'static str>,
    /// For one device.
    device_limit: Limit,
    /// By one operator.
    operator_limit: Limit,
    /// With one issuer key.
    issuer_limit: Limit,
}

impl From<&Rules> for CallRules {
    fn from(rules: &Rules) -> Self {
        let methods = |class| {
            let all = VerificationMethod::ALL.into_iter();
            all.filter(|method| rules.accepts(class, *method, Vouched::Operator))
                .map(VerificationMethod::name)
                .collect()
        };
        Self {
            reason_wanted: rules.reason_wanted,
            ordinary_methods: methods(UserClass::Ordinary),
            privileged_methods: methods(UserClass::Privileged),
            device_limit: (&rules.limits.device).into(),
            operator_limit: (&rules.limits.operator).into(),
            issuer_limit: (&rules.limits.issuer).into(),
        }
    }
}

/// What the rules say of a call
#[utoipa::path(get, path = "/api/v1/rules", tag = "calls", responses((status = 200, body = CallRules)))]
pub(super) async fn rules(State(app): State<App>, Caller(session): Caller) -> Result<Response, Refusal> {
    let rules = app.desks().run(move |desk| desk.rules(&session)).await?;
    Ok(json(StatusCode::OK, &CallRules::from(&rules)))
}
