//! Access tokens on one's account page: made, shown this once, and revoked.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::Shown;
use fido_unlock::desk::{Desk, KnownToken, Privilege, Scope};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::account::{Done, act, hex, key, show};
use crate::app::App;
use crate::page::{Page, Who, html, moment};
use crate::refusal::Refusal;

/// The longest life of a token, in days; the desk has the same.
const MOST_DAYS: u16 = 365;
/// The most tokens of one operator; the same.
pub(super) const MOST: usize = 20;

/// A token in the list.
pub(super) struct TokenLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scopes: String,
    pub(super) made: String,
    pub(super) until: String,
}

impl TokenLine {
    pub(super) fn of(token: &KnownToken, t: &Texts) -> Self {
        let titles: Vec<_> = token.scopes.iter().map(|scope| title(*scope, t)).collect();
        Self {
            id: hex(&token.id),
            name: Shown(&token.name).to_string(),
            scopes: titles.join(", "),
            made: moment(token.made),
            until: moment(token.until),
        }
    }
}

/// What a new token can be for.
pub(super) struct ScopeLine {
    pub(super) value: &'static str,
    pub(super) title: String,
}

impl ScopeLine {
    /// What the operator may themselves.
    pub(super) fn of(may: &[Privilege], t: &Texts) -> Vec<Self> {
        let known = Scope::ALL.iter().filter(|scope| may.contains(&scope.privilege()));
        let line = |scope: &Scope| Self {
            value: scope.name(),
            title: title(*scope, t),
        };
        known.map(line).collect()
    }
}

pub(super) fn title(scope: Scope, t: &Texts) -> String {
    match scope {
        Scope::Unlock => t.tokens_unlock(),
        Scope::Devices => t.tokens_devices(),
        Scope::Audit => t.tokens_audit(),
        other => other.name().to_owned(),
    }
}

#[derive(Template)]
#[template(path = "token_given.html")]
struct GivenPage {
    page: Page,
    name: String,
    token: Zeroizing<String>,
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
    days: String,
    #[serde(default)]
    unlock: String,
    #[serde(default)]
    devices: String,
    #[serde(default)]
    audit: String,
}

impl NewToken {
    fn scopes(&self) -> Vec<Scope> {
        let chosen = [
            (Scope::Unlock, &self.unlock),
            (Scope::Devices, &self.devices),
            (Scope::Audit, &self.audit),
        ];
        let chosen = chosen.into_iter().filter(|(_, value)| !value.is_empty());
        chosen.map(|(scope, _)| scope).collect()
    }
}

/// Makes a token, and shows it once.
pub(super) async fn make(
    State(app): State<App>,
    who: Who,
    Form(form): Form<NewToken>,
) -> Result<Response, Refusal> {
    match made(&app, &who, &form).await {
        Ok(token) => {
            let page = GivenPage {
                page: Page::new(&app, &who, super::account::HERE),
                name: Shown(form.name.trim()).to_string(),
                token,
            };
            Ok(html(StatusCode::OK, &page))
        }
        Err(refusal) => show(&app, &who, None, Some(refusal)).await,
    }
}

async fn made(app: &App, who: &Who, form: &NewToken) -> Result<Zeroizing<String>, Refusal> {
    let days = form.days.trim().parse().ok();
    let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
    let days: u16 = days.ok_or_else(Refusal::no_token_days)?;
    let scopes = form.scopes();
    if scopes.is_empty() {
        return Err(Refusal::no_token_scope());
    }
    let (session, name) = (who.session.clone(), form.name.clone());
    let make = move |desk: &mut Desk| desk.make_token(&session, &name, &scopes, days);
    Ok(app.desks().run(make).await?.expose())
}

pub(super) async fn revoke(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = key(&id)?;
    act(&app, &who, Done::TokenRevoked, move |desk, session| {
        desk.revoke_token(session, &id)
    })
    .await
}
