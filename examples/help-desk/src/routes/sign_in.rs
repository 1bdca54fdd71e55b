//! Signing in and out, and the first page.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use fido_unlock::desk::{OperatorId, OperatorSession};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::guard::Zeroized;
use crate::app::App;
use crate::language;
use crate::page::{Page, Who, html, see_other};
use crate::refusal::{Refusal, refused};
use crate::session;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    t: &'static Texts,
    name: String,
    refusal: Option<Refusal>,
    demo: bool,
}

pub(super) async fn page(State(app): State<App>) -> Response {
    let page = SignInPage {
        t: language::spoken(),
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
    let begun = match begin(&app, &headers, &form.name, form.password).await {
        Ok(begun) => begun,
        Err(refusal) => {
            let page = SignInPage {
                t: language::spoken(),
                name: Shown(form.name.trim()).to_string(),
                demo: app.key().is_some(),
                refusal: Some(refusal.clone()),
            };
            return Ok(refused(&refusal, &page));
        }
    };
    let mut response = see_other("/");
    response
        .headers_mut()
        .append(header::SET_COOKIE, begun.set_cookie);
    Ok(response)
}

/// A session that has begun.
pub(super) struct Begun {
    pub(super) session: OperatorSession,
    /// Its cookie's value.
    pub(super) cookie: Zeroizing<String>,
    /// The header that sets it.
    pub(super) set_cookie: HeaderValue,
}

/// Signs in. A browser has one session: whoever was signed in there before is not any more.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    name: &str,
    password: Zeroized,
) -> Result<Begun, Refusal> {
    let operator = OperatorId::new(name.trim()).ok_or(ErrorCode::OperatorUnknown)?;
    let session = app.desks().sign_in(operator, password.0).await?;
    end(app, headers).await;
    let cookie = app.sessions().begin(session.clone())?;
    Ok(Begun {
        set_cookie: session::set_cookie(&cookie, app.site())?,
        session,
        cookie,
    })
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
    let page = Page::new(&app, &who, "/");
    let first = page.menu.first().or(page.demo.first());
    let first = first.ok_or(ErrorCode::PrivilegeMissing)?;
    Ok(see_other(first.path))
}
