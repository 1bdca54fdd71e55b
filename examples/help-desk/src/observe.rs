//! What is counted and logged of each request: its route's template, not its path; no query, no cookie, no name.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use fido_unlock::ports::Entropy;
use getrandom::SysRng;

use crate::app::App;
use crate::metrics::method_name;
use crate::refusal::Told;

/// With which an answer is found in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Of what no route has.
const NO_ROUTE: &str = "none";

pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| NO_ROUTE.to_owned(), |route| route.as_str().to_owned());
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let (took, status) = (begun.elapsed(), response.status());
    let refused = response.extensions().get::<Told>().map(|Told(number)| *number);
    let id = request_id();
    app.metrics().answered(&route, &method, status, took);
    if let Some(number) = refused {
        app.metrics().refused(number);
    }
    tracing::info!(
        request = id,
        method = method_name(&method),
        route,
        status = status.as_u16(),
        error = refused,
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Of no meaning but that no other has it.
fn request_id() -> String {
    let mut bytes = [0; 8];
    // Without random bytes nothing else is answered either.
    let _ = SysRng.fill(&mut bytes);
    base16ct::lower::encode_string(&bytes)
}
