//! ASK THE MANAGER: what a call's page says of whether the user's manager vouches for the caller, and that it notices the
//! answer by itself.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fido_unlock::Shown;
use fido_unlock::desk::{
    CallView, Desk, DeskError, ManagerAnswer, OperatorSession, RequestId, Rules, VerificationMethod, Vouched,
};

use super::approvals::Seen;
use super::call::{note_number, request_id};
use super::call_page::{CallPage, Looked, Typed, look};
use crate::app::App;
use crate::page::{Who, html, tag};
use crate::refusal::{self, Refusal};

/// How far a manager's word is, in a call of which nobody has verified the caller yet.
pub(super) enum Manager {
    /// Nobody is the user's manager, or their word does not count; or the caller is verified already.
    Nobody,
    /// They may be asked. `unsure`: they could not say before.
    CanAsk { manager: String, unsure: bool },
    /// They were asked, and are to be sent this address.
    Waits { manager: String, link: String },
    /// They have said that it is the user.
    Vouches { manager: String },
    /// The call is not what the page shows.
    Changed,
}

impl Manager {
    /// For a page that is made now.
    pub(super) fn of(call: &CallView, rules: &Rules, site: &str) -> Self {
        let counts = rules.accepts(call.user.class, VerificationMethod::Manager, Vouched::Machine);
        let Some(own) = call
            .manager
            .as_ref()
            .filter(|_| counts && call.caller.is_none() && call.lives)
        else {
            return Self::Nobody;
        };
        let manager = Shown(&own.name).to_string();
        match (own.asked_at, own.answer) {
            (Some(_), None) => Self::Waits {
                manager,
                link: format!("{site}/vouch/{}", call.id),
            },
            (_, answer) => Self::CanAsk {
                manager,
                unsure: answer == Some(ManagerAnswer::Unknown),
            },
        }
    }

    /// The same, for a page that waits for an answer.
    fn since(call: &CallView, rules: &Rules, site: &str, session: &OperatorSession) -> Self {
        if !call.lives || call.code.is_some() || call.operator != *session.operator() {
            return Self::Changed;
        }
        let by_manager = (VerificationMethod::Manager, Vouched::Machine);
        match (&call.manager, call.caller) {
            (Some(own), Some(caller)) if caller == by_manager => Self::Vouches {
                manager: Shown(&own.name).to_string(),
            },
            (_, Some(_)) => Self::Changed,
            _ => match Self::of(call, rules, site) {
                Self::Nobody => Self::Changed,
                same => same,
            },
        }
    }

    pub(super) const fn can_be_asked(&self) -> bool {
        matches!(self, Self::CanAsk { .. } | Self::Waits { .. })
    }

    pub(super) fn seen(&self) -> String {
        match self {
            Self::Nobody => tag(&["nobody"]),
            Self::CanAsk {
                manager,
                unsure: false,
            } => tag(&["can", manager]),
            Self::CanAsk {
                manager,
                unsure: true,
            } => tag(&["unsure", manager]),
            Self::Waits { manager, .. } => tag(&["waits", manager]),
            Self::Vouches { manager } => tag(&["vouches", manager]),
            Self::Changed => tag(&["changed"]),
        }
    }
}

#[derive(Template)]
#[template(path = "manager.html")]
struct ManagerPart {
    id: String,
    /// The owner's.
    name: String,
    manager: Manager,
}

/// The part as it is now; nothing where it is what is shown. A manager who has said no has ended the call: its page is
/// shown as it is then.
pub(super) async fn part(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let Looked { call, rules, .. } = app.desks().run(move |desk| look(desk, &session, id)).await?;
    if is_denied(&call) {
        let path = HeaderValue::from_str(&format!("/unlock/{id}")).map_err(|_| Refusal::not_found())?;
        return Ok((StatusCode::NO_CONTENT, [("hx-redirect", path)]).into_response());
    }
    let part = ManagerPart {
        id: call.id.to_string(),
        name: Shown(&call.user.name).to_string(),
        manager: Manager::since(&call, &rules, &app.site().url(), &who.session),
    };
    let nothing = seen.unless(&part.manager.seen());
    Ok(nothing.unwrap_or_else(|| html(StatusCode::OK, &part)))
}

/// Whether the manager has said that the caller is somebody else.
pub(super) fn is_denied(call: &CallView) -> bool {
    let manager = call.manager.as_ref();
    manager.and_then(|manager| manager.answer) == Some(ManagerAnswer::No)
}

pub(super) async fn ask(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    ask_manager(&app, &who, request_id(&request)?, typed).await
}

/// Asks, after the reason was said: the manager is shown it. What is typed already stays.
pub(super) async fn ask_manager(
    app: &App,
    who: &Who,
    id: RequestId,
    typed: Typed,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let (asked, looked, typed) = app
        .desks()
        .run(move |desk| {
            let asked = asked(desk, &session, id, &typed);
            Ok((asked, look(desk, &session, id)?, typed))
        })
        .await?;
    app.desks().send_notices();
    let typed = typed.or_entered(&looked.call);
    let page = CallPage::new(app, who, looked, &typed);
    Ok(match asked {
        Ok(()) => html(StatusCode::OK, &page),
        Err(error) => {
            let refusal = Refusal::from(error);
            refusal::refused(&refusal.clone(), &page.with_refusal(refusal))
        }
    })
}

fn asked(desk: &mut Desk, session: &OperatorSession, id: RequestId, typed: &Typed) -> Result<(), DeskError> {
    let call = desk.request(session, id)?;
    if typed.reason.trim() != call.reason {
        desk.set_reason(session, id, &typed.reason)?;
    }
    note_number(desk, session, &call, typed)?;
    // Pressed twice, or answered meanwhile: the page shows it.
    if call.caller.is_some() {
        return Ok(());
    }
    desk.ask_manager(session, id)
}
