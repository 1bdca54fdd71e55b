//! Style, scripts and the icon. Nothing comes from another host.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, type, content.
const ASSETS: [(&str, &str, &str); 5] = [
    ("help-desk.css", CSS, include_str!("../../static/help-desk.css")),
    ("help-desk.js", SCRIPT, include_str!("../../static/help-desk.js")),
    ("htmx.min.js", SCRIPT, include_str!("../../static/htmx.min.js")),
    ("passkey.js", SCRIPT, include_str!("../../static/passkey.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../static/icon.svg")),
];

/// A file; the browser keeps it and asks whether it is still the same.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let found = ASSETS.into_iter().find(|(own, ..)| *own == name);
    let (_, kind, content) = found.ok_or_else(Refusal::not_found)?;
    let hash = Sha256::digest(content);
    let tag = format!("\"{}\"", base16ct::lower::encode_string(&hash));
    let same = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], content).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}
