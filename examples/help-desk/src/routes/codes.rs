//! One-time codes: an Administrator gives one to who cannot sign in, and whoever has one sets a password by it.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{Desk, OperatorId, SignInCode};
use fido_unlock::{ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::guard::Zeroized;
use crate::app::App;
use crate::guesses::Network;
use crate::language;
use crate::page::{Page, Who, html, see_other};
use crate::refusal::{Refusal, refused};

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPage {
    t: &'static Texts,
    name: String,
    refusal: Option<Refusal>,
}

#[derive(Deserialize)]
pub(super) struct For {
    #[serde(default)]
    name: String,
}

pub(super) async fn page(Query(query): Query<For>) -> Response {
    let page = FirstPage {
        t: language::spoken(),
        name: Shown(query.name.trim()).to_string(),
        refusal: None,
    };
    html(StatusCode::OK, &page)
}

#[derive(Deserialize)]
pub(super) struct Redeem {
    name: String,
    code: Zeroized,
    password: Zeroized,
    again: Zeroized,
}

/// Sets a password by a code.
pub(super) async fn redeem(State(app): State<App>, from: Network, Form(form): Form<Redeem>) -> Response {
    let name = Shown(form.name.trim()).to_string();
    match redeemed(&app, from, form).await {
        Ok(()) => see_other("/sign-in?done=password"),
        Err(refusal) => {
            let page = FirstPage {
                t: language::spoken(),
                name,
                refusal: Some(refusal.clone()),
            };
            refused(&refusal, &page)
        }
    }
}

async fn redeemed(app: &App, from: Network, form: Redeem) -> Result<(), Refusal> {
    if form.password.0 != form.again.0 {
        return Err(Refusal::passwords_differ());
    }
    let code = SignInCode::parse(&form.code.0)?;
    let operator = OperatorId::new(form.name.trim()).ok_or(ErrorCode::SignInCodeWrong)?;
    app.guesses().take(from)?;
    let redeem = move |desk: &mut Desk| desk.redeem_code(&operator, &code, &form.password.0);
    app.desks().at_the_door(redeem).await?;
    app.guesses().give_back(from);
    Ok(())
}

#[derive(Template)]
#[template(path = "code_given.html")]
struct GivenPage {
    page: Page,
    operator: String,
    code: Zeroizing<String>,
}

#[derive(Deserialize)]
pub(super) struct Give {
    operator: String,
}

/// Gives another operator a code, and shows it once.
pub(super) async fn give(
    State(app): State<App>,
    who: Who,
    Form(form): Form<Give>,
) -> Result<Response, Refusal> {
    let operator = OperatorId::new(form.operator.trim()).ok_or(ErrorCode::OperatorMissing)?;
    let (session, name) = (who.session.clone(), Shown(operator.as_str()).to_string());
    let give = move |desk: &mut Desk| desk.give_code(&session, &operator);
    let code = app.desks().run(give).await?;
    app.desks().send_notices();
    let page = GivenPage {
        page: Page::new(&app, &who, "/operators"),
        operator: name,
        code: code.expose(),
    };
    Ok(html(StatusCode::OK, &page))
}
