//! Approvals: requests of other operators that a second one may approve, with everything that they approve.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fido_unlock::desk::{
    CallView, ChannelKind, Desk, DeskError, DeviceDay, OperatorSession, Privilege, RequestId, UserClass,
    VerificationMethod, Vouched,
};
use fido_unlock::{ErrorCode, HasCode, Shown};
use serde::Deserialize;

use super::call::request_id;
use super::methods::title;
use super::{lately, live};
use crate::app::App;
use crate::language;
use crate::page::{Page, Who, html, moment, see_other, tag};
use crate::refusal::Refusal;

/// A request as its approver is shown it.
struct Request {
    id: String,
    operator: String,
    name: String,
    user: String,
    privileged: bool,
    device: String,
    /// The numbers on record, which a call back goes to.
    telephones: Vec<String>,
    reason: String,
    method: VerificationMethod,
    vouched: Vouched,
    challenge: String,
    /// Where the code goes; `None`: it is read out.
    sent_to: Option<String>,
    until: String,
    open_codes: usize,
    day: DeviceDay,
    unknown_since_backup: bool,
    seen: String,
}

impl Request {
    /// `day`: of its device.
    fn of(call: &CallView, day: DeviceDay) -> Result<Self, ErrorCode> {
        let (method, vouched) = call.caller.ok_or(ErrorCode::CallerUnverified)?;
        let challenge = call.challenge.ok_or(ErrorCode::WrongState)?;
        let mut request = Self {
            id: call.id.to_string(),
            operator: Shown(call.operator.as_str()).to_string(),
            name: Shown(&call.user.name).to_string(),
            user: Shown(call.user.id.as_str()).to_string(),
            privileged: call.user.class == UserClass::Privileged,
            device: call.device.to_code(),
            telephones: call
                .user
                .channels
                .iter()
                .filter(|channel| channel.kind == ChannelKind::Telephone)
                .map(|channel| Shown(&channel.address).to_string())
                .collect(),
            reason: Shown(&call.reason).to_string(),
            method,
            vouched,
            challenge: challenge.to_code(),
            sent_to: sent_to(call),
            until: moment(call.expires_at),
            open_codes: call.open_codes.len(),
            day,
            unknown_since_backup: call.unknown_since_backup,
            seen: String::new(),
        };
        request.seen = tag(&[
            &request.id,
            &request.operator,
            &request.name,
            &request.user,
            if request.privileged { "privileged" } else { "" },
            &request.device,
            &request.telephones.join(" "),
            &request.reason,
            if vouched == Vouched::Machine {
                "machine"
            } else {
                ""
            },
            &request.challenge,
            request.sent_to.as_deref().unwrap_or_default(),
            &request.open_codes.to_string(),
            if request.unknown_since_backup {
                "unknown"
            } else {
                ""
            },
            &method.number().to_string(),
            &[day.codes, day.given_up, day.reported, day.denied]
                .map(|calls| calls.to_string())
                .join(" "),
        ]);
        Ok(request)
    }

    /// Whether their manager has signed in here and vouched.
    fn by_manager(&self) -> bool {
        (self.method, self.vouched) == (VerificationMethod::Manager, Vouched::Machine)
    }

    /// What happened to the device in other calls of the last 24 hours.
    fn lately(&self) -> Option<String> {
        lately::line(language::spoken(), &self.day)
    }

    fn method_title(&self) -> String {
        title(language::spoken(), self.method)
    }
}

/// The address that the code goes to, if it is sent.
fn sent_to(call: &CallView) -> Option<String> {
    let id = call.channel.as_ref()?;
    let known = call.user.channels.iter().find(|channel| channel.id == *id);
    let address = known.map_or(id, |channel| &channel.address);
    Some(Shown(address).to_string())
}

/// What waits for the operator who looks.
struct Waiting {
    requests: Vec<Request>,
    more: bool,
    seen: String,
}

/// Requests of others that live, without a code and an approval, with a challenge and a caller whose verification
/// counts. Whether the rules want an approval is judged when the code is asked for.
fn waiting(desk: &mut Desk, session: &OperatorSession) -> Result<Waiting, DeskError> {
    let young = live::young(desk, session)?;
    let waits = |call: &&CallView| {
        call.lives
            && call.code.is_none()
            && call.approved_by.is_none()
            && call.operator != *session.operator()
    };
    let mut requests = Vec::new();
    for call in young.calls.iter().filter(waits) {
        let day = desk.device_day(session, call.id)?;
        requests.extend(Request::of(call, day).ok());
    }
    let seen: Vec<_> = requests.iter().map(|request| request.seen.as_str()).collect();
    Ok(Waiting {
        seen: tag(&seen),
        requests,
        more: young.more,
    })
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    page: Page,
    /// `None`: it could not be read, which `refusal` tells.
    waiting: Option<Waiting>,
    approved: Option<Request>,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct WaitingPart {
    page: Page,
    waiting: Waiting,
}

#[derive(Deserialize)]
pub(super) struct Approved {
    approved: Option<String>,
}

pub(super) async fn page(State(app): State<App>, who: Who, Query(query): Query<Approved>) -> Response {
    let id = query.approved.and_then(|id| RequestId::parse(&id).ok());
    show(&app, &who, id, None).await
}

async fn show(app: &App, who: &Who, approved: Option<RequestId>, refusal: Option<Refusal>) -> Response {
    let session = who.session.clone();
    let looked = app.desks().run(move |desk| {
        let approved = match approved {
            Some(id) => own_approval(desk, &session, id)?,
            None => None,
        };
        Ok((waiting(desk, &session)?, approved))
    });
    let (waiting, approved, unread) = match looked.await {
        Ok((waiting, approved)) => (Some(waiting), approved, None),
        Err(refusal) => (None, None, Some(refusal)),
    };
    let page = ApprovalsPage {
        page: Page::new(app, who, "/approvals"),
        waiting,
        approved,
        refusal: refusal.or(unread),
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, Refusal::status);
    html(status, &page)
}

/// A request, if this operator has approved it as it is.
fn own_approval(
    desk: &mut Desk,
    session: &OperatorSession,
    id: RequestId,
) -> Result<Option<Request>, DeskError> {
    let call = desk.request(session, id)?;
    let own = call.approved_by.as_ref() == Some(session.operator());
    let day = desk.device_day(session, id)?;
    Ok(Request::of(&call, day).ok().filter(|_| own))
}

#[derive(Deserialize)]
pub(super) struct Seen {
    /// The tag of what is shown already.
    #[serde(default)]
    seen: String,
}

impl Seen {
    /// Nothing, where it is shown already.
    pub(super) fn unless(&self, tag: &str) -> Option<Response> {
        (self.seen == tag).then(|| StatusCode::NO_CONTENT.into_response())
    }
}

/// The list as it is now; nothing where it is what is shown.
pub(super) async fn list(
    State(app): State<App>,
    who: Who,
    Query(seen): Query<Seen>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let waiting = app.desks().run(move |desk| waiting(desk, &session)).await?;
    if let Some(nothing) = seen.unless(&waiting.seen) {
        return Ok(nothing);
    }
    let part = WaitingPart {
        page: Page::new(&app, &who, "/approvals"),
        waiting,
    };
    Ok(html(StatusCode::OK, &part))
}

/// APPROVE: what was shown, and nothing else.
pub(super) async fn approve(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(form): Form<Seen>,
) -> Result<Response, Refusal> {
    let (id, session) = (request_id(&request)?, who.session.clone());
    let approved = app
        .desks()
        .run(move |desk| approve_as_seen(desk, &session, id, &form.seen));
    match approved.await {
        Ok(()) => Ok(see_other(&format!("/approvals?approved={id}"))),
        // The list is nothing for them.
        Err(refusal) if !who.may.contains(&Privilege::Unlock) => Err(refusal),
        Err(refusal) => Ok(show(&app, &who, None, Some(refusal)).await),
    }
}

fn approve_as_seen(
    desk: &mut Desk,
    session: &OperatorSession,
    id: RequestId,
    seen: &str,
) -> Result<(), DeskError> {
    let call = match desk.request(session, id) {
        Ok(call) => call,
        // Who may not approve is told so by the desk, which records it.
        Err(error) if error.code() == ErrorCode::PrivilegeMissing => return desk.approve(session, id),
        Err(error) => return Err(error),
    };
    // Their own is refused whatever they have seen; of another's, what is approved is what was seen, and nothing that
    // comes in between: an earlier revision is none that the request ever has again.
    let day = desk.device_day(session, id)?;
    let other = call.operator != *session.operator() && Request::of(&call, day)?.seen != seen;
    let revision = if other {
        call.revision.wrapping_sub(1)
    } else {
        call.revision
    };
    desk.approve_shown(session, id, revision)
}
