//! A refusal as programs read it: `application/problem+json` (RFC 9457), with the row of the error table.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::refusal::{IsRefusal, Refusal, Told};

/// Below this path programs ask.
const PROGRAMS: &str = "/api/";

/// Whether a program asks, which reads no page.
pub(crate) fn is_wanted(path: &str) -> bool {
    path.starts_with(PROGRAMS)
}

/// Why something was not done (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A row of `/api/v1/errors`, or `about:blank` where there is none.
    #[serde(rename = "type")]
    #[schema(example = "/api/v1/errors#411")]
    kind: String,
    /// What happened, in English: the same for every problem of a type.
    title: &'static str,
    /// HTTP's number for it.
    #[schema(example = 429)]
    status: u16,
    /// What happened, in the language that was asked for (`Accept-Language`).
    detail: String,
    /// The number in the error table, which stays what it is.
    #[schema(example = 411)]
    number: Option<u16>,
    /// The name in the error table.
    #[schema(example = "LimitDevice")]
    name: Option<&'static str>,
    /// What to do now, in the language that was asked for.
    next_step: String,
}

impl Problem {
    fn of(refusal: &Refusal) -> Self {
        let (status, code) = (refusal.status(), refusal.code());
        let reason = status.canonical_reason().unwrap_or_default();
        Self {
            kind: code.map_or_else(
                || "about:blank".to_owned(),
                |code| format!("/api/v1/errors#{}", code.number()),
            ),
            title: code.map_or(reason, |code| code.message()),
            status: status.as_u16(),
            detail: refusal.text(),
            number: refusal.number(),
            name: code.map(|code| code.name()),
            next_step: refusal.next_step(),
        }
    }
}

/// A refusal as an answer to a program.
pub(crate) fn answer(refusal: &Refusal) -> Response {
    let mut response = json(refusal.status(), &Problem::of(refusal));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if refusal.status() == StatusCode::UNAUTHORIZED {
        // RFC 6750 section 3.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = refusal.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(number) = refusal.number() {
        response.extensions_mut().insert(Told(number));
    }
    response
}

/// An answer to a program, with a problem in place of a page that tells of a refusal.
pub(crate) fn in_place_of_a_page(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let refusal = match response.extensions().get::<IsRefusal>() {
        Some(IsRefusal(refusal)) => refusal.clone(),
        None if is_error => Refusal::bare(status),
        None => return response,
    };
    let mut problem = answer(&refusal);
    if let Some(methods) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, methods.clone());
    }
    problem
}

/// A value as an answer. It is wiped when it is sent, as far as this process's own copy goes: one has a Response Code.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    // Growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if serde_json::to_writer(&mut *text, value).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let body = Body::from(Bytes::from_owner(text));
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
