//! Your account: an operator's own passkeys, password and sessions. What one signs in with changes only after a sign-in, or
//! a confirmation, of the last few minutes: the desk insists on it, and the page asks for it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fido_unlock::desk::{Desk, DeskError, KnownPasskey, LiveSession, OperatorSession};
use fido_unlock::{ErrorCode, Shown};
use serde::Deserialize;

use super::guard::Zeroized;
use super::sign_in::{self, Ask};
use super::tokens::{self, ScopeLine, TokenLine};
use crate::app::App;
use crate::ceremonies::Ceremony;
use crate::guesses::Network;
use crate::language;
use crate::page::{Page, Who, html, moment, see_other};
use crate::refusal::Refusal;
use crate::session;

pub(super) const HERE: &str = "/account";

struct PasskeyLine {
    id: String,
    name: String,
    added: String,
    used: Option<String>,
}

impl PasskeyLine {
    fn of(passkey: &KnownPasskey) -> Self {
        Self {
            id: hex(&passkey.id),
            name: Shown(&passkey.name).to_string(),
            added: moment(passkey.added),
            used: passkey.used.map(moment),
        }
    }
}

struct SessionLine {
    id: String,
    since: String,
    until: String,
    own: bool,
}

impl SessionLine {
    fn of(session: &LiveSession) -> Self {
        Self {
            id: hex(&session.id),
            since: moment(session.since),
            until: moment(session.until),
            own: session.own,
        }
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    passkeys: Vec<PasskeyLine>,
    sessions: Vec<SessionLine>,
    tokens: Vec<TokenLine>,
    /// What a new token can be for.
    scopes: Vec<ScopeLine>,
    /// There can be no more tokens.
    most_tokens: bool,
    confirmed: bool,
    /// What was done just now.
    done: Option<Done>,
    refusal: Option<Refusal>,
}

/// What was done, as the page's address says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Done {
    Confirmed,
    PasskeyAdded,
    PasskeyNamed,
    PasskeyRemoved,
    SessionsEnded,
    TokenRevoked,
}

impl Done {
    fn text(self, t: &fido_unlock_texts::Texts) -> String {
        match self {
            Self::Confirmed => t.account_done_confirmed(),
            Self::PasskeyAdded => t.account_done_passkey_added(),
            Self::PasskeyNamed => t.account_done_passkey_named(),
            Self::PasskeyRemoved => t.account_done_passkey_removed(),
            Self::SessionsEnded => t.account_done_sessions_ended(),
            Self::TokenRevoked => t.tokens_done_revoked(),
        }
    }

    fn show(self) -> Response {
        see_other(match self {
            Self::Confirmed => "/account?done=confirmed",
            Self::PasskeyAdded => "/account?done=passkey-added",
            Self::PasskeyNamed => "/account?done=passkey-named",
            Self::PasskeyRemoved => "/account?done=passkey-removed",
            Self::SessionsEnded => "/account?done=sessions-ended",
            Self::TokenRevoked => "/account?done=token-revoked",
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Shows {
    #[serde(default)]
    done: Option<Done>,
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Query(shows): Query<Shows>,
) -> Result<Response, Refusal> {
    show(&app, &who, shows.done, None).await
}

/// The page as it is now, with what was refused.
pub(super) async fn show(
    app: &App,
    who: &Who,
    done: Option<Done>,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let account = app.desks().run(move |desk| desk.own_account(&session)).await?;
    let t = language::spoken();
    let page = AccountPage {
        page: Page::new(app, who, HERE),
        passkeys: account.passkeys.iter().map(PasskeyLine::of).collect(),
        sessions: account.sessions.iter().map(SessionLine::of).collect(),
        tokens: account
            .tokens
            .iter()
            .map(|token| TokenLine::of(token, t))
            .collect(),
        scopes: ScopeLine::of(&who.may, t),
        most_tokens: account.tokens.len() >= tokens::MOST,
        confirmed: account.confirmed,
        done,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, Refusal::status);
    Ok(html(status, &page))
}

/// Does something, and shows the page again.
pub(super) async fn act(
    app: &App,
    who: &Who,
    done: Done,
    job: impl FnOnce(&mut Desk, &OperatorSession) -> Result<(), DeskError> + Send + 'static,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    match app.desks().run(move |desk| job(desk, &session)).await {
        Ok(()) => Ok(done.show()),
        Err(refusal) => show(app, who, None, Some(refusal)).await,
    }
}

/// A passkey that the page asks for.
#[derive(Template)]
#[template(path = "passkey.html")]
struct PasskeyPage {
    page: Page,
    action: &'static str,
    /// `create` or `get`.
    kind: &'static str,
    /// Of the one that is added.
    name: String,
    ask: Ask,
}

#[derive(Deserialize)]
pub(super) struct Confirm {
    #[serde(default)]
    password: Zeroized,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    ceremony: String,
    #[serde(default)]
    answer: Zeroized,
}

/// Confirms that it is they, by password or passkey.
pub(super) async fn confirm(
    State(app): State<App>,
    who: Who,
    from: Network,
    Form(form): Form<Confirm>,
) -> Result<Response, Refusal> {
    match confirmed(&app, &who, from, form).await {
        Ok(None) => Ok(Done::Confirmed.show()),
        Ok(Some(ask)) => {
            let page = PasskeyPage {
                page: Page::new(&app, &who, HERE),
                action: "/account/confirm",
                kind: "get",
                name: String::new(),
                ask,
            };
            Ok(html(StatusCode::OK, &page))
        }
        Err(refusal) => show(&app, &who, None, Some(refusal)).await,
    }
}

pub(super) async fn confirmed(
    app: &App,
    who: &Who,
    from: Network,
    form: Confirm,
) -> Result<Option<Ask>, Refusal> {
    let session = who.session.clone();
    if !form.ceremony.is_empty() {
        // It was counted when it was begun.
        let Some(Ceremony::Confirm(begun)) = app.ceremonies().take(&form.ceremony) else {
            return Err(ErrorCode::PasskeyRefused.into());
        };
        let answer = form.answer.0;
        let finish = move |desk: &mut Desk| desk.finish_passkey_confirm(&session, begun, &answer);
        app.desks().at_the_door(finish).await?;
        app.guesses().give_back(from);
        return Ok(None);
    }
    app.guesses().take(from)?;
    if !form.passkey.is_empty() {
        let begin = move |desk: &mut Desk| desk.begin_passkey_confirm(&session);
        let asked = app.desks().at_the_door(begin).await?;
        return Ok(Some(Ask {
            ceremony: app
                .ceremonies()
                .begin_of(who.session.operator(), Ceremony::Confirm(asked.begun))?,
            options: asked.options,
        }));
    }
    let confirm = move |desk: &mut Desk| desk.confirm(&session, &form.password.0);
    app.desks().at_the_door(confirm).await?;
    app.guesses().give_back(from);
    Ok(None)
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    password: Zeroized,
    again: Zeroized,
}

/// Another password. All sessions end, this one too.
pub(super) async fn password(
    State(app): State<App>,
    who: Who,
    headers: HeaderMap,
    Form(form): Form<NewPassword>,
) -> Result<Response, Refusal> {
    if form.password.0 != form.again.0 {
        return show(&app, &who, None, Some(Refusal::passwords_differ())).await;
    }
    let session = who.session.clone();
    let change = move |desk: &mut Desk| desk.change_password(&session, &form.password.0);
    if let Err(refusal) = app.desks().at_the_door(change).await {
        return show(&app, &who, None, Some(refusal)).await;
    }
    sign_in::forget(&app, &headers);
    let mut response = see_other("/sign-in?done=password");
    let clear = session::clear_cookie(app.site())?;
    response.headers_mut().append(header::SET_COOKIE, clear);
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct NewPasskey {
    #[serde(default)]
    name: String,
    #[serde(default)]
    ceremony: String,
    #[serde(default)]
    answer: String,
}

/// Adds a passkey: asks for it, then takes it.
pub(super) async fn add_passkey(
    State(app): State<App>,
    who: Who,
    Form(form): Form<NewPasskey>,
) -> Result<Response, Refusal> {
    if form.ceremony.is_empty() {
        return match ask_for_new(&app, &who).await {
            Ok(ask) => {
                let page = PasskeyPage {
                    page: Page::new(&app, &who, HERE),
                    action: "/account/passkeys",
                    kind: "create",
                    name: Shown(form.name.trim()).to_string(),
                    ask,
                };
                Ok(html(StatusCode::OK, &page))
            }
            Err(refusal) => show(&app, &who, None, Some(refusal)).await,
        };
    }
    let Some(Ceremony::Add(begun)) = app.ceremonies().take(&form.ceremony) else {
        return show(&app, &who, None, Some(ErrorCode::PasskeyRefused.into())).await;
    };
    act(&app, &who, Done::PasskeyAdded, move |desk, session| {
        desk.finish_passkey(session, begun, &form.name, &form.answer)
    })
    .await
}

async fn ask_for_new(app: &App, who: &Who) -> Result<Ask, Refusal> {
    let session = who.session.clone();
    let begin = move |desk: &mut Desk| desk.begin_passkey(&session);
    let (options, begun) = app.desks().run(begin).await?;
    Ok(Ask {
        ceremony: app
            .ceremonies()
            .begin_of(who.session.operator(), Ceremony::Add(begun))?,
        options,
    })
}

#[derive(Deserialize)]
pub(super) struct NewName {
    name: String,
}

pub(super) async fn name_passkey(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Form(form): Form<NewName>,
) -> Result<Response, Refusal> {
    let id = key(&id)?;
    act(&app, &who, Done::PasskeyNamed, move |desk, session| {
        desk.name_passkey(session, &id, &form.name)
    })
    .await
}

pub(super) async fn remove_passkey(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = key(&id)?;
    act(&app, &who, Done::PasskeyRemoved, move |desk, session| {
        desk.remove_passkey(session, &id)
    })
    .await
}

pub(super) async fn end_session(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = key(&id)?;
    act(&app, &who, Done::SessionsEnded, move |desk, session| {
        desk.end_session(session, &id)
    })
    .await
}

pub(super) async fn end_other_sessions(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    act(&app, &who, Done::SessionsEnded, |desk, session| {
        desk.end_other_sessions(session).map(drop)
    })
    .await
}

pub(super) fn hex(id: &[u8; 32]) -> String {
    base16ct::lower::encode_string(id)
}

/// The key of a row, as a form's address has it.
pub(super) fn key(text: &str) -> Result<[u8; 32], Refusal> {
    let mut id = [0; 32];
    let read = base16ct::lower::decode(text, &mut id).is_ok_and(|read| read.len() == 32);
    read.then_some(id).ok_or_else(Refusal::not_found)
}
