//! A program on the operator's computer asks to work in their name: they sign in here, see what it wants, and allow it or
//! not. The browser takes a code back to it, for which it fetches an access token (RFC 8252).

mod asked;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use self::asked::Asked;
use super::account::{Confirm, confirmed};
use super::sign_in::{Ask, Credentials, Outcome};
use super::tokens::title;
use super::{guard, sign_in};
use crate::app::App;
use crate::authorizations::Allowed;
use crate::guesses::Network;
use crate::language;
use crate::page::{Page, Who, html, see_other};
use crate::refusal::{Refusal, refused};
use crate::session;

const HERE: &str = "/authorize";

/// What the program wants, for the page of whoever is signed in.
#[derive(Template)]
#[template(path = "authorize.html")]
struct AuthorizePage {
    page: Page,
    program: String,
    /// What it would be for.
    scopes: Vec<String>,
    query: String,
    /// Whether the operator has shown of late that it is they.
    confirmed: bool,
    /// Whether they have a passkey, by which they confirm.
    has_passkey: bool,
    ask: Option<Ask>,
    refusal: Option<Refusal>,
}

/// The same for whoever is not: nothing is told but that a program asks.
#[derive(Template)]
#[template(path = "authorize_sign_in.html")]
struct SignInPage {
    t: &'static Texts,
    name: String,
    query: String,
    ask: Option<Ask>,
    refusal: Option<Refusal>,
}

/// The browser goes back to the program. Not by a redirect of the form's answer, which `form-action 'self'` stops.
#[derive(Template)]
#[template(path = "authorized.html")]
struct AuthorizedPage {
    t: &'static Texts,
    back: Zeroizing<String>,
    allowed: bool,
}

fn read(query: &asked::Query) -> Result<Asked, Refusal> {
    query.read().ok_or_else(|| Refusal::bare(StatusCode::BAD_REQUEST))
}

pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<asked::Query>,
) -> Result<Response, Refusal> {
    let asked = read(&query)?;
    let cookie = session::cookie_of(&headers, app.site());
    let found = cookie.and_then(|cookie| Some((app.sessions().find(&cookie)?, cookie)));
    if let Some((session, cookie)) = found
        && let Ok(who) = guard::who(&app, session, &cookie).await
    {
        return show(&app, &who, &asked, None, None).await;
    }
    let page = SignInPage {
        t: language::spoken(),
        name: String::new(),
        query: asked.query,
        ask: None,
        refusal: None,
    };
    Ok(html(StatusCode::OK, &page))
}

async fn show(
    app: &App,
    who: &Who,
    asked: &Asked,
    ask: Option<Ask>,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let account = app.desks().run(move |desk| desk.own_account(&session)).await?;
    let t = language::spoken();
    let scopes = asked.within(&who.may).into_iter();
    let page = AuthorizePage {
        page: Page::new(app, who, HERE),
        program: asked.name.clone(),
        scopes: scopes.map(|scope| title(scope, t)).collect(),
        query: asked.query.clone(),
        confirmed: account.confirmed,
        has_passkey: !account.passkeys.is_empty(),
        ask,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, Refusal::status);
    Ok(html(status, &page))
}

/// Signs in, and comes back to the question.
pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    from: Network,
    Query(query): Query<asked::Query>,
    Form(form): Form<Credentials>,
) -> Result<Response, Refusal> {
    let asked = read(&query)?;
    let mut page = SignInPage {
        t: language::spoken(),
        name: Shown(form.name.trim()).to_string(),
        query: asked.query.clone(),
        ask: None,
        refusal: None,
    };
    match sign_in::begin(&app, &headers, from, form).await {
        Ok(Outcome::In(begun)) => {
            let mut response = see_other(&format!("{HERE}?{}", asked.query));
            response
                .headers_mut()
                .append(header::SET_COOKIE, begun.set_cookie);
            Ok(response)
        }
        Ok(Outcome::Asked(ask)) => {
            page.ask = Some(ask);
            Ok(html(StatusCode::OK, &page))
        }
        Err(refusal) => {
            page.refusal = Some(refusal.clone());
            Ok(refused(&refusal, &page))
        }
    }
}

/// Confirms that it is they, and comes back to the question.
pub(super) async fn confirm(
    State(app): State<App>,
    who: Who,
    from: Network,
    Query(query): Query<asked::Query>,
    Form(form): Form<Confirm>,
) -> Result<Response, Refusal> {
    let asked = read(&query)?;
    match confirmed(&app, &who, from, form).await {
        Ok(None) => Ok(see_other(&format!("{HERE}?{}", asked.query))),
        Ok(Some(ask)) => show(&app, &who, &asked, Some(ask), None).await,
        Err(refusal) => show(&app, &who, &asked, None, Some(refusal)).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    allow: String,
}

/// Allows it, or does not.
pub(super) async fn answer(
    State(app): State<App>,
    who: Who,
    Query(query): Query<asked::Query>,
    Form(form): Form<Answer>,
) -> Result<Response, Refusal> {
    let asked = read(&query)?;
    let allowed = !form.allow.is_empty();
    let back = if allowed {
        match allow(&app, &who, &asked).await {
            Ok(back) => back,
            Err(refusal) => return show(&app, &who, &asked, None, Some(refusal)).await,
        }
    } else {
        asked.back(("error", "access_denied"))
    };
    let page = AuthorizedPage {
        t: language::spoken(),
        back: Zeroizing::new(back),
        allowed,
    };
    Ok(html(StatusCode::OK, &page))
}

async fn allow(app: &App, who: &Who, asked: &Asked) -> Result<String, Refusal> {
    let session = who.session.clone();
    // The desk insists on it once more where it makes the token.
    let account = app.desks().run(move |desk| desk.own_account(&session)).await?;
    if !account.confirmed {
        return Err(ErrorCode::ConfirmationMissing.into());
    }
    let scopes = asked.within(&who.may);
    if scopes.is_empty() {
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    let code = app.authorizations().keep(Allowed {
        session: who.session.clone(),
        name: asked.name.clone(),
        scopes,
        challenge: asked.challenge,
        redirect: asked.redirect.clone(),
    })?;
    Ok(asked.back(("code", &code)))
}
