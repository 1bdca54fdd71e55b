//! Before a route for programs: whose token it is, and whether it is for this. A cookie signs nobody in here.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{AccessToken, OperatorSession, Scope};

use crate::app::App;
use crate::refusal::Refusal;

/// What the guard knows of its route.
#[derive(Clone)]
pub(in crate::routes) struct Gate {
    pub(in crate::routes) app: App,
    /// What the token must be for: one of these.
    pub(in crate::routes) scopes: &'static [Scope],
}

/// In whose name a program asks.
#[derive(Clone)]
pub(super) struct Caller(pub(super) OperatorSession);

/// What its token is for, as far as its operator may.
#[derive(Clone)]
pub(super) struct May(pub(super) Vec<Scope>);

pub(in crate::routes) async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    match admit(&gate, request.headers()).await {
        Ok((caller, may)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(may);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn admit(gate: &Gate, headers: &HeaderMap) -> Result<(Caller, May), Refusal> {
    let token = token(headers).ok_or_else(Refusal::no_token)?;
    let found = gate.app.desks().run(move |desk| desk.by_token(&token)).await?;
    let (session, may) = found.ok_or_else(Refusal::no_token)?;
    if gate.scopes.iter().any(|scope| may.contains(&scope.privilege())) {
        let scopes = Scope::ALL.iter().copied();
        let scopes = scopes.filter(|scope| may.contains(&scope.privilege()));
        Ok((Caller(session), May(scopes.collect())))
    } else {
        Err(ErrorCode::PrivilegeMissing.into())
    }
}

/// The token of a request (RFC 6750 section 2.1). Two are none.
fn token(headers: &HeaderMap) -> Option<AccessToken> {
    let mut lines = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    let token = AccessToken::parse(token.trim())?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(Refusal::no_token)
    }
}
