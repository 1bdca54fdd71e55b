//! Signing in and out, and the first page.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use fido_unlock::desk::{AskedPasskey, Desk, OperatorId, OperatorSession, SignIn};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::guard::Zeroized;
use crate::app::App;
use crate::ceremonies::Ceremony;
use crate::guesses::Network;
use crate::language;
use crate::page::{Page, Who, html, see_other};
use crate::refusal::{Refusal, refused};
use crate::session;

/// A passkey that is asked for: what the page holds of it.
pub(super) struct Ask {
    pub(super) ceremony: String,
    /// For the browser, as JSON.
    pub(super) options: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    t: &'static Texts,
    name: String,
    refusal: Option<Refusal>,
    demo: bool,
    /// The password was changed just now.
    changed: bool,
    ask: Option<Ask>,
}

impl SignInPage {
    fn new(app: &App, name: &str) -> Self {
        Self {
            t: language::spoken(),
            name: Shown(name.trim()).to_string(),
            refusal: None,
            demo: app.key().is_some(),
            changed: false,
            ask: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Shows {
    #[serde(default)]
    done: String,
}

pub(super) async fn page(State(app): State<App>, Query(shows): Query<Shows>) -> Response {
    let page = SignInPage {
        changed: shows.done == "password",
        ..SignInPage::new(&app, "")
    };
    html(StatusCode::OK, &page)
}

/// What somebody signs in with: name and password; name and the wish to use a passkey; or a passkey that was asked for.
#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    password: Zeroized,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    ceremony: String,
    #[serde(default)]
    answer: Zeroized,
}

pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    from: Network,
    Form(form): Form<Credentials>,
) -> Response {
    let page = SignInPage::new(&app, &form.name);
    match begin(&app, &headers, from, form).await {
        Ok(Outcome::In(begun)) => {
            let mut response = see_other("/");
            response
                .headers_mut()
                .append(header::SET_COOKIE, begun.set_cookie);
            response
        }
        Ok(Outcome::Asked(ask)) => html(
            StatusCode::OK,
            &SignInPage {
                ask: Some(ask),
                ..page
            },
        ),
        Err(refusal) => {
            let page = SignInPage {
                refusal: Some(refusal.clone()),
                ..page
            };
            refused(&refusal, &page)
        }
    }
}

/// How far a sign-in has come.
pub(super) enum Outcome {
    In(Begun),
    /// A passkey is wanted.
    Asked(Ask),
}

/// A session that has begun.
pub(super) struct Begun {
    pub(super) session: OperatorSession,
    /// Its cookie's value.
    pub(super) cookie: Zeroizing<String>,
    /// The header that sets it.
    pub(super) set_cookie: HeaderValue,
}

/// Signs in, or asks for a passkey. A browser has one session: whoever was signed in there before is not any more.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    from: Network,
    form: Credentials,
) -> Result<Outcome, Refusal> {
    let signed_in = if form.ceremony.is_empty() {
        app.guesses().take(from)?;
        let operator = OperatorId::new(form.name.trim()).ok_or(ErrorCode::OperatorUnknown)?;
        if !form.passkey.is_empty() {
            let begin = move |desk: &mut Desk| desk.begin_passkey_sign_in(&operator);
            return asked(app, from, app.desks().at_the_door(begin).await?);
        }
        let begin = move |desk: &mut Desk| desk.begin_sign_in(&operator, &form.password.0);
        match app.desks().at_the_door(begin).await? {
            SignIn::Done(session) => session,
            SignIn::Passkey(passkey) => return asked(app, from, passkey),
        }
    } else {
        // It was counted when it was begun.
        let Some(Ceremony::SignIn(begun)) = app.ceremonies().take(&form.ceremony) else {
            return Err(ErrorCode::PasskeyRefused.into());
        };
        let finish = move |desk: &mut Desk| desk.finish_sign_in(begun, &form.answer.0);
        app.desks().at_the_door(finish).await?
    };
    app.guesses().give_back(from);
    end(app, headers).await;
    let cookie = app.sessions().begin(signed_in.clone())?;
    Ok(Outcome::In(Begun {
        set_cookie: session::set_cookie(&cookie, app.site())?,
        session: signed_in,
        cookie,
    }))
}

fn asked(app: &App, from: Network, passkey: AskedPasskey) -> Result<Outcome, Refusal> {
    Ok(Outcome::Asked(Ask {
        ceremony: app
            .ceremonies()
            .begin_from(from, Ceremony::SignIn(passkey.begun))?,
        options: passkey.options,
    }))
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
    if let Some(session) = forget(app, headers) {
        // It may have run out already.
        let _ = app.desks().run(move |desk| desk.sign_out(&session)).await;
    }
}

/// Forgets the session of a request's cookie.
pub(super) fn forget(app: &App, headers: &HeaderMap) -> Option<OperatorSession> {
    let cookie = session::cookie_of(headers, app.site())?;
    app.sessions().end(&cookie)
}

/// The first page of those that the operator may see.
pub(super) async fn first_page(State(app): State<App>, who: Who) -> Response {
    let page = Page::new(&app, &who, "/");
    let first = page.menu.first().or(page.demo.first());
    let alone = if who.vouches { "/vouch" } else { "/account" };
    see_other(first.map_or(alone, |entry| entry.path))
}
