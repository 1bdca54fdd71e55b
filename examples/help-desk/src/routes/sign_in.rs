//! Signing in and out, and the first page.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fido_unlock::desk::{OperatorId, Privilege};
use fido_unlock::{ErrorCode, Shown};
use serde::Deserialize;

use super::guard::Zeroized;
use crate::app::App;
use crate::page::{Who, html, see_other};
use crate::refusal::Refusal;
use crate::session;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    name: String,
    refusal: Option<Refusal>,
    demo: bool,
}

pub(super) async fn page(State(app): State<App>) -> Response {
    let page = SignInPage {
        name: String::new(),
        refusal: None,
        demo: app.key().is_some(),
    };
    html(StatusCode::OK, &page)
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    name: String,
    password: Zeroized,
}

pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Result<Response, Refusal> {
    let signed_in = match OperatorId::new(form.name.trim()) {
        Some(operator) => app.desks().sign_in(operator, form.password.0).await,
        None => Err(ErrorCode::OperatorUnknown.into()),
    };
    let session = match signed_in {
        Ok(session) => session,
        Err(refusal) => {
            let page = SignInPage {
                name: Shown(form.name.trim()).to_string(),
                demo: app.key().is_some(),
                refusal: Some(refusal.clone()),
            };
            return Ok(html(refusal.status(), &page));
        }
    };
    // A browser has one session: whoever was signed in here before is not any more.
    end(&app, &headers).await;
    let cookie = app.sessions().begin(session)?;
    let mut response = see_other("/");
    let set = session::set_cookie(&cookie, app.site())?;
    response.headers_mut().append(header::SET_COOKIE, set);
    Ok(response)
}

pub(super) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    end(&app, &headers).await;
    let mut response = see_other("/sign-in");
    let clear = session::clear_cookie(app.site())?;
    response.headers_mut().append(header::SET_COOKIE, clear);
    Ok(response)
}

/// Ends the session of a request's cookie, here and at the desk.
async fn end(app: &App, headers: &HeaderMap) {
    let cookie = session::cookie_of(headers, app.site());
    if let Some(session) = cookie.and_then(|cookie| app.sessions().end(&cookie)) {
        // It may have run out already.
        let _ = app.desks().run(move |desk| desk.sign_out(&session)).await;
    }
}

/// The first page of those that the operator may see.
pub(super) async fn first_page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    if who.may.contains(&Privilege::Unlock) {
        return Ok(see_other("/unlock"));
    }
    if app.key().is_some() {
        return Ok(see_other("/try-it"));
    }
    Err(ErrorCode::PrivilegeMissing.into())
}
