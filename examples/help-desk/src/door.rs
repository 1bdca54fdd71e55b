//! What holds for every request and response, whatever the route: whose name it came by, whose page sent it, how long it
//! may take, and what the browser may do with the answer.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::csrf;
use crate::language;
use crate::refusal::{IsRefusal, Refusal};

/// How long an answer may take: a transaction waits 5 s for its turn at most.
const LONGEST: Duration = Duration::from_secs(20);

const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Without a referrer, browsers would name no origin with a form either.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The longest body that any route could take, in bytes: what is longer need not be sent.
const LONGEST_ANNOUNCED: u64 = 64 << 20;

/// For a year browsers come by TLS alone (RFC 6797).
const ALWAYS_TLS: &str = "max-age=31536000";

/// Parts of a page that show their own errors in their place.
const OWN_ERRORS: [&str; 2] = ["rows", "challenge-state"];

pub(crate) async fn door(State(app): State<App>, request: Request, next: Next) -> Response {
    let language = language::of(request.headers());
    language::speaking(language, answer(app, request, next)).await
}

async fn answer(app: App, request: Request, next: Next) -> Response {
    let part = part(request.headers());
    let mut response = match admit(&app, &request) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => tokio::time::timeout(LONGEST, next.run(request))
            .await
            .unwrap_or_else(|_| Refusal::timed_out().into_response()),
    };
    if is_bare(&response) {
        response = in_full(&response);
    }
    if let Some(part) = part
        && response.extensions().get::<IsRefusal>().is_some()
    {
        place(response.headers_mut(), &part);
    }
    if app.site().is_secure() {
        let always = HeaderValue::from_static(ALWAYS_TLS);
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, always);
    }
    for (name, value) in HEADERS {
        let set = response.headers_mut().entry(name);
        set.or_insert(HeaderValue::from_static(value));
    }
    response
}

fn admit(app: &App, request: &Request) -> Result<(), Refusal> {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !app.site().has_host(host) {
        return Err(Refusal::foreign_host());
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_ANNOUNCED) {
        return Err(Refusal::too_long());
    }
    if csrf::is_from_own_page(request.method(), request.headers(), app.site()) {
        Ok(())
    } else {
        Err(Refusal::foreign_page())
    }
}

/// An error that is no page: a form that lacks a field, a method that no route has.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let elsewhere = response.headers().contains_key("hx-redirect");
    (response.status().is_client_error() || response.status().is_server_error()) && !is_page && !elsewhere
}

fn in_full(bare: &Response) -> Response {
    let mut response = Refusal::bare(bare.status()).into_response();
    if let Some(methods) = bare.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, methods.clone());
    }
    response
}

/// Which part of a page htmx wants; `None`: a whole page.
fn part(headers: &HeaderMap) -> Option<String> {
    headers.get("hx-request")?;
    let part = headers.get("hx-target").and_then(|value| value.to_str().ok());
    Some(part.unwrap_or_default().to_owned())
}

/// Tells htmx where a refusal goes: in place of a list, above a part that follows by itself, or above what the operator
/// has typed. What stands below it stays.
fn place(headers: &mut HeaderMap, part: &str) {
    headers.insert("hx-reselect", HeaderValue::from_static(".refusal"));
    headers.insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    let above = match part {
        own if OWN_ERRORS.contains(&own) => return,
        "waiting" => "#waiting-problem",
        "approval" => "#approval-problem",
        _ => "#problem",
    };
    headers.insert("hx-retarget", HeaderValue::from_static(above));
}
