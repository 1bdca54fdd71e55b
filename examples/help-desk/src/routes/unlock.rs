//! Unlock: who calls, and with which device. A search gives rows; UNLOCK in a row opens a call.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{
    CallView, CodeOutcome, Desk, DeskError, Found, OperatorSession, RegisteredDevice, UserClass, UserId,
};
use fido_unlock::{DeviceId, ErrorCode, Shown};
use serde::Deserialize;

use super::live;
use crate::app::App;
use crate::page::{Page, Who, day, html, moment, see_other};
use crate::refusal::Refusal;

/// The most users in a list; whoever sees so many types more.
const MOST_SHOWN: usize = 20;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;
/// So many of the oldest calls are looked through for codes of which nothing is known.
const MOST_CALLS: u32 = 100;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

impl Search {
    fn text(&self) -> String {
        self.q.trim().chars().take(LONGEST_SEARCH).collect()
    }
}

/// A user in the list.
struct Row {
    name: String,
    id: String,
    privileged: bool,
    devices: Vec<DeviceLine>,
}

/// A device of theirs.
struct DeviceLine {
    code: String,
    /// What people call it.
    label: Option<String>,
    registered: String,
    last_unlock: Option<String>,
    retired: bool,
    open_codes: usize,
}

/// A call that has not ended.
struct OpenCall {
    id: String,
    name: String,
    operator: String,
    opened: String,
    has_code: bool,
}

/// What a search found, or why it found nothing: an error is never an empty list.
enum Rows {
    Found { rows: Vec<Row>, more: bool },
    Refused(Refusal),
}

impl Rows {
    fn status(&self) -> StatusCode {
        match self {
            Self::Found { .. } => StatusCode::OK,
            Self::Refused(refusal) => refusal.status(),
        }
    }
}

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockPage {
    page: Page,
    text: String,
    rows: Rows,
    calls: OpenCalls,
}

#[derive(Template)]
#[template(path = "rows.html")]
struct RowsPart {
    page: Page,
    text: String,
    rows: Rows,
}

/// How a search is recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typing {
    /// Each letter is not; what is then opened is.
    Goes,
    /// The text is.
    Ended,
}

pub(super) async fn page(State(app): State<App>, who: Who, Query(search): Query<Search>) -> Response {
    let mut rows = find(&app, &who, search.text(), Typing::Ended).await;
    let session = who.session.clone();
    let calls = app.desks().run(move |desk| open_calls(desk, &session)).await;
    let calls = match calls {
        Ok(calls) => calls,
        Err(refusal) => {
            rows = Rows::Refused(refusal);
            OpenCalls::default()
        }
    };
    let page = UnlockPage {
        page: Page::new(&app, &who, "/unlock"),
        text: Shown(&search.text()).to_string(),
        rows,
        calls,
    };
    html(page.rows.status(), &page)
}

pub(super) async fn rows(State(app): State<App>, who: Who, Query(search): Query<Search>) -> Response {
    let part = RowsPart {
        page: Page::new(&app, &who, "/unlock"),
        text: Shown(&search.text()).to_string(),
        rows: find(&app, &who, search.text(), Typing::Goes).await,
    };
    html(part.rows.status(), &part)
}

async fn find(app: &App, who: &Who, text: String, typing: Typing) -> Rows {
    let session = who.session.clone();
    let found = app
        .desks()
        .run(move |desk| list(desk, &session, &text, typing))
        .await;
    found.unwrap_or_else(Rows::Refused)
}

fn list(desk: &mut Desk, session: &OperatorSession, text: &str, typing: Typing) -> Result<Rows, DeskError> {
    let most = u32::try_from(MOST_SHOWN + 1).unwrap_or(u32::MAX);
    let mut found = match (text.is_empty(), typing) {
        (true, _) => desk.users(session, None, most)?,
        (false, Typing::Goes) => desk.suggest(session, text)?,
        (false, Typing::Ended) => desk.search(session, text)?,
    };
    let more = found.len() > MOST_SHOWN;
    found.truncate(MOST_SHOWN);
    let rows = found.iter().map(|found| row(desk, session, found));
    Ok(Rows::Found {
        rows: rows.collect::<Result<_, _>>()?,
        more,
    })
}

fn row(desk: &mut Desk, session: &OperatorSession, found: &Found) -> Result<Row, DeskError> {
    let devices = found.devices.iter().map(|device| line(desk, session, device));
    Ok(Row {
        name: Shown(&found.user.name).to_string(),
        id: Shown(found.user.id.as_str()).to_string(),
        privileged: found.user.class == UserClass::Privileged,
        devices: devices.collect::<Result<_, _>>()?,
    })
}

fn line(
    desk: &mut Desk,
    session: &OperatorSession,
    device: &RegisteredDevice,
) -> Result<DeviceLine, DeskError> {
    let open = desk.open_codes(session, &device.id)?;
    Ok(DeviceLine {
        code: device.id.to_code(),
        label: device.label.as_ref().map(ToString::to_string),
        registered: day(device.registered_at),
        last_unlock: device.last_unlock.map(day),
        retired: device.retired,
        open_codes: open.len(),
    })
}

/// Calls that have not ended: the operator's own, with codes of which nothing is known, and those of others that live.
#[derive(Default)]
struct OpenCalls {
    own: Vec<OpenCall>,
    others: Vec<OpenCall>,
    more: bool,
}

fn open_calls(desk: &mut Desk, session: &OperatorSession) -> Result<OpenCalls, DeskError> {
    let young = live::young(desk, session)?;
    let known: BTreeSet<_> = young.calls.iter().map(|call| *call.id.as_bytes()).collect();
    let old = desk.open_requests(session, None, MOST_CALLS)?;
    let old = old.into_iter().filter(|call| !known.contains(call.id.as_bytes()));
    let unended = |call: &CallView| call.code == Some(CodeOutcome::Open) || call.lives && call.code.is_none();
    let (own, others): (Vec<_>, Vec<_>) = old
        .chain(young.calls)
        .filter(unended)
        .partition(|call| call.operator == *session.operator());
    let others = others.iter().filter(|call| call.lives && call.code.is_none());
    Ok(OpenCalls {
        own: own.iter().map(OpenCall::of).collect(),
        others: others.map(OpenCall::of).collect(),
        more: young.more,
    })
}

impl OpenCall {
    fn of(call: &CallView) -> Self {
        Self {
            id: call.id.to_string(),
            name: Shown(&call.user.name).to_string(),
            operator: Shown(call.operator.as_str()).to_string(),
            opened: moment(call.opened_at),
            has_code: call.code.is_some(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    user: String,
    device: String,
}

/// UNLOCK: opens a call for a user's device.
pub(super) async fn open(
    State(app): State<App>,
    who: Who,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Refusal> {
    let user = UserId::new(&chosen.user).ok_or(ErrorCode::UserUnknown)?;
    let device = DeviceId::parse(&chosen.device)?;
    let opened = app
        .desks()
        .run(move |desk| desk.open_request(&who.session, &user, &device, ""))
        .await?;
    Ok(see_other(&format!("/unlock/{}", opened.id)))
}
