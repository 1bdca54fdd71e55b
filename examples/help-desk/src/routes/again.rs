//! Signing in again in the middle of a call. A session that has run out costs nobody what they have typed: it stands in
//! the form in which they sign in, and the step that they were about to do goes on. Nothing of the call is shown before.

use askama::Template;
use axum::RequestExt;
use axum::extract::{Form, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::Shown;
use fido_unlock::desk::RequestId;
use fido_unlock_texts::Texts;
use serde::Deserialize;

use super::call::{self, request_id};
use super::call_page::Typed;
use super::sign_in::{Ask, Credentials, Outcome};
use super::{asks_manager, guard, methods, report, sign_in};
use crate::app::App;
use crate::guesses::Network;
use crate::language;
use crate::page::{Who, html, see_other};
use crate::refusal::{Refusal, refused};

/// What the operator was about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    /// GENERATE RESPONSE CODE, or the same code again.
    Code,
    Done,
    Abandon,
    Report,
    TakeOver,
    AskManager,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Done => "done",
            Self::Abandon => "abandon",
            Self::Report => "report",
            Self::TakeOver => "take-over",
            Self::AskManager => "ask-manager",
        }
    }
}

/// What a form of the call's page holds.
#[derive(Deserialize)]
pub(super) struct Kept {
    /// Whose page it was.
    #[serde(default)]
    operator: String,
    #[serde(flatten)]
    typed: Typed,
}

#[derive(Template)]
#[template(path = "again.html")]
struct AgainPage {
    t: &'static Texts,
    id: String,
    step: Step,
    /// Whose page it was.
    operator: String,
    /// The name in the field.
    name: String,
    method: Option<String>,
    typed: Typed,
    refusal: Option<Refusal>,
    /// A passkey that is wanted.
    ask: Option<Ask>,
}

impl AgainPage {
    fn new(id: RequestId, step: Step, kept: &Kept) -> Self {
        let (t, operator) = (language::spoken(), Shown(&kept.operator).to_string());
        Self {
            t,
            id: id.to_string(),
            step,
            name: operator.clone(),
            operator,
            method: methods::title_of(t, &kept.typed.method),
            typed: kept.typed.shown(),
            refusal: None,
            ask: None,
        }
    }

    fn refused(mut self, refusal: Refusal) -> Response {
        self.refusal = Some(refusal.clone());
        refused(&refusal, &self)
    }
}

/// Asks whoever sent a form of a call's page to sign in again.
pub(super) async fn ask(mut request: Request, step: Step, status: StatusCode) -> Response {
    let path = request.extract_parts::<Path<String>>().await;
    let id = path.ok().and_then(|Path(id)| RequestId::parse(&id).ok());
    let Some(id) = id else {
        // No page has a form for it.
        return Refusal::session_ended(status).into_response();
    };
    match request.extract::<Form<Kept>, _>().await {
        Ok(Form(kept)) => html(status, &AgainPage::new(id, step, &kept)),
        Err(rejection) => rejection.into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct Again {
    step: Step,
    #[serde(flatten)]
    credentials: Credentials,
    #[serde(flatten)]
    kept: Kept,
}

/// Signs in. The same operator's step goes on; another one is shown the call, which they may take over with what was
/// typed.
pub(super) async fn sign_in(
    State(app): State<App>,
    Path(request): Path<String>,
    headers: HeaderMap,
    from: Network,
    Form(form): Form<Again>,
) -> Result<Response, Refusal> {
    let id = request_id(&request)?;
    let Again {
        step,
        credentials,
        kept,
    } = form;
    let page = AgainPage {
        name: Shown(credentials.name.trim()).to_string(),
        ..AgainPage::new(id, step, &kept)
    };
    let begun = match sign_in::begin(&app, &headers, from, credentials).await {
        Ok(Outcome::In(begun)) => begun,
        Ok(Outcome::Asked(ask)) => {
            let page = AgainPage {
                ask: Some(ask),
                ..page
            };
            return Ok(html(StatusCode::OK, &page));
        }
        Err(refusal) => return Ok(page.refused(refusal)),
    };
    let went_on = match guard::who(&app, begun.session, &begun.cookie).await {
        Ok(who) => go_on(&app, who, id, step, kept).await,
        Err(refusal) => Err(refusal),
    };
    // Refused before there was a page to show what was typed in: it is kept here.
    let mut response = went_on.unwrap_or_else(|refusal| page.refused(refusal));
    response
        .headers_mut()
        .append(header::SET_COOKIE, begun.set_cookie);
    Ok(response)
}

async fn go_on(app: &App, who: Who, id: RequestId, step: Step, kept: Kept) -> Result<Response, Refusal> {
    if who.session.operator().as_str() != kept.operator {
        return call::show(app, &who, id, kept.typed).await;
    }
    match step {
        Step::Code => call::give_code(app, &who, id, kept.typed).await,
        Step::Done => call::close(app, who, id, true).await,
        Step::Abandon => call::close(app, who, id, false).await,
        Step::Report => report::say(app, &who, id, kept.typed).await,
        Step::TakeOver => call::take(app, &who, id, kept.typed).await,
        Step::AskManager => asks_manager::ask_manager(app, &who, id, kept.typed).await,
    }
}

/// The address of the form, asked for as a page: the call's own.
pub(super) async fn page(Path(request): Path<String>) -> Result<Response, Refusal> {
    Ok(see_other(&format!("/unlock/{}", request_id(&request)?)))
}
