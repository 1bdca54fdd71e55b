//! The choice of a language, at the foot of each page.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use fido_unlock_texts::Language;
use serde::Deserialize;

use crate::app::App;
use crate::language;
use crate::page::see_other;
use crate::refusal::Refusal;

#[derive(Deserialize)]
pub(super) struct Choice {
    tag: String,
}

/// Remembers it, and shows the page again that the choice was made on.
pub(super) async fn choose(
    State(app): State<App>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Result<Response, Refusal> {
    let language = Language::of_tag(&choice.tag).ok_or_else(Refusal::not_found)?;
    let mut response = see_other(&page_before(&headers, &app));
    let cookie = language::choose(language, app.site().is_secure())?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The path of the page that sent a form; the first page where it is none of this service's.
fn page_before(headers: &HeaderMap, app: &App) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referer.and_then(|referer| {
        let (scheme, rest) = referer.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let own = app.site().has_origin(&format!("{scheme}://{host}"));
        own.then(|| format!("/{}", path.trim_start_matches('/')))
    });
    path.unwrap_or_else(|| "/".into())
}
