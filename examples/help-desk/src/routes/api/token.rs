//! A program that an operator has allowed in their browser fetches its access token (RFC 6749 section 4.1.3), and gives it
//! up.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fido_unlock::ErrorCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::given::Given;
use super::guard::Caller;
use crate::app::App;
use crate::problem::json;
use crate::refusal::Refusal;
use crate::routes::guard::Zeroized;

/// How long such a token is good, in seconds: a working day.
const LIFE: u32 = 10 * 60 * 60;

/// What a program has of the sign-in in the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    /// `authorization_code`.
    grant_type: String,
    /// What the browser brought back.
    #[schema(value_type = String)]
    code: Zeroized,
    /// The program's secret, of which the browser had SHA-256 (RFC 7636): 43 to 128 characters.
    #[schema(value_type = String)]
    code_verifier: Zeroized,
    /// Where the browser brought it.
    redirect_uri: String,
}

/// An access token. It stands in this answer alone.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub(super) struct TokenOut<'a> {
    access_token: &'a str,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until it ends.
    expires_in: u32,
    /// What it is for, with spaces between.
    scope: String,
}

/// Fetches the access token that an operator has allowed in their browser
///
/// The code is good for a minute, for one try, and only with the secret whose hash the browser had.
#[utoipa::path(post, path = "/api/v1/token", tag = "sign-in", request_body = Exchange,
    responses((status = 200, body = TokenOut)))]
pub(super) async fn exchange(
    State(app): State<App>,
    Given(given): Given<Exchange>,
) -> Result<Response, Refusal> {
    let verifier = &*given.code_verifier.0;
    let known = given.grant_type == "authorization_code" && (43..=128).contains(&verifier.len());
    let allowed = app
        .authorizations()
        .take(&given.code.0, verifier, &given.redirect_uri)
        .filter(|_| known)
        .ok_or(ErrorCode::SignInCodeWrong)?;
    let scope: Vec<&str> = allowed.scopes.iter().map(|scope| scope.name()).collect();
    let scope = scope.join(" ");
    let made = app
        .desks()
        .run(move |desk| desk.make_short_token(&allowed.session, &allowed.name, &allowed.scopes, LIFE));
    let token: Zeroizing<String> = made.await?.expose();
    let answer = TokenOut {
        access_token: &token,
        token_type: "Bearer",
        expires_in: LIFE,
        scope,
    };
    Ok(json(StatusCode::OK, &answer))
}

/// Ends the token by which this is asked
#[utoipa::path(post, path = "/api/v1/sign-out", tag = "sign-in",
    responses((status = 204, description = "It is worth nothing any more.")))]
pub(super) async fn sign_out(State(app): State<App>, Caller(session): Caller) -> Result<Response, Refusal> {
    app.desks().run(move |desk| desk.give_token_up(&session)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
