//! What a call's page says of the second operator's approval, and that it notices one by itself.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{CallView, OperatorSession};
use fido_unlock::{ErrorCode, Shown};

use super::approvals::Seen;
use super::call::request_id;
use crate::app::App;
use crate::page::{Who, html, tag};
use crate::refusal::Refusal;

/// What stands between a call and its code, as far as a second operator is concerned.
pub(super) enum Approval {
    /// It is not that far.
    NotYet,
    /// Nothing else is missing: if the rules want an approval, this is what is waited for.
    Perhaps,
    /// The desk has said that it wants one.
    Wanted(Refusal),
    /// It is there.
    Given { by: String },
    /// The call is not what the page shows.
    Changed,
}

impl Approval {
    pub(super) fn of(call: &CallView) -> Self {
        match &call.approved_by {
            _ if call.caller.is_none() || call.challenge.is_none() => Self::NotYet,
            Some(by) => Self::Given {
                by: Shown(by.as_str()).to_string(),
            },
            None => Self::Perhaps,
        }
    }

    /// The same, for a page that was made when a code could be asked for.
    fn since(call: &CallView, session: &OperatorSession) -> Self {
        let asking = call.lives && call.code.is_none() && call.operator == *session.operator();
        match Self::of(call) {
            Self::NotYet => Self::Changed,
            same if asking => same,
            _ => Self::Changed,
        }
    }

    /// Whether a refusal is about this.
    pub(super) fn is_told_by(refusal: &Refusal) -> bool {
        let about = [ErrorCode::ApprovalMissing, ErrorCode::ApprovalElsewhere];
        about.iter().any(|code| refusal.number() == Some(code.number()))
    }

    pub(super) fn seen(&self) -> String {
        match self {
            Self::NotYet => tag(&["not yet"]),
            Self::Perhaps | Self::Wanted(_) => tag(&["waits"]),
            Self::Given { by } => tag(&["given", by]),
            Self::Changed => tag(&["changed"]),
        }
    }
}

#[derive(Template)]
#[template(path = "approval.html")]
struct ApprovalPart {
    id: String,
    approval: Approval,
}

/// The part as it is now; nothing where it is what is shown.
pub(super) async fn part(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let call = app.desks().run(move |desk| desk.request(&session, id)).await?;
    let part = ApprovalPart {
        id: call.id.to_string(),
        approval: Approval::since(&call, &who.session),
    };
    let nothing = seen.unless(&part.approval.seen());
    Ok(nothing.unwrap_or_else(|| html(StatusCode::OK, &part)))
}
