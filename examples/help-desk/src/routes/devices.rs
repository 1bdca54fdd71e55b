//! Devices: whose there are, found by user or Device ID.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{
    Desk, DeskError, Found, OperatorSession, Privilege, RegisteredDevice, UserClass, UserId,
};
use fido_unlock::{DeviceId, Shown};
use serde::Deserialize;

use crate::app::App;
use crate::page::{Page, Who, day};
use crate::refusal::{Refusal, answer};

/// The most users on a page.
const MOST_SHOWN: usize = 20;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    /// The last user of the page before.
    #[serde(default)]
    after: String,
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
    suite: u8,
    slot: u8,
    /// What people call it.
    label: Option<String>,
    registered: String,
    retired: bool,
}

/// What a search found, or why it found nothing: an error is never an empty list.
enum List {
    Found {
        rows: Vec<Row>,
        /// There are more; by id, behind this one.
        more: Option<String>,
        /// The text is a whole Device ID, which may be of nobody who is still known.
        device: Option<String>,
    },
    Refused(Refusal),
}

impl List {
    const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Found { .. } => None,
            Self::Refused(refusal) => Some(refusal),
        }
    }
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    page: Page,
    text: String,
    list: List,
    administers: bool,
}

#[derive(Template)]
#[template(path = "device_rows.html")]
struct RowsPart {
    page: Page,
    text: String,
    list: List,
    administers: bool,
}

pub(super) async fn page(State(app): State<App>, who: Who, Query(search): Query<Search>) -> Response {
    let list = find(&app, &who, &search, true).await;
    let page = DevicesPage {
        page: Page::new(&app, &who, "/devices"),
        text: Shown(&search.text()).to_string(),
        administers: who.may.contains(&Privilege::Administer),
        list,
    };
    answer(StatusCode::OK, page.list.refusal(), &page)
}

pub(super) async fn rows(State(app): State<App>, who: Who, Query(search): Query<Search>) -> Response {
    let list = find(&app, &who, &search, false).await;
    let part = RowsPart {
        page: Page::new(&app, &who, "/devices"),
        text: Shown(&search.text()).to_string(),
        administers: who.may.contains(&Privilege::Administer),
        list,
    };
    answer(StatusCode::OK, part.list.refusal(), &part)
}

/// `ended`: the text is not being typed any more, so it is recorded.
async fn find(app: &App, who: &Who, search: &Search, ended: bool) -> List {
    let (session, text) = (who.session.clone(), search.text());
    let after = UserId::new(&search.after);
    let found = app
        .desks()
        .run(move |desk| list(desk, &session, &text, after.as_ref(), ended));
    found.await.unwrap_or_else(List::Refused)
}

fn list(
    desk: &mut Desk,
    session: &OperatorSession,
    text: &str,
    after: Option<&UserId>,
    ended: bool,
) -> Result<List, DeskError> {
    let most = u32::try_from(MOST_SHOWN + 1).unwrap_or(u32::MAX);
    let mut found = match (text.is_empty(), ended) {
        (true, _) => desk.users(session, after, most)?,
        (false, true) => desk.search(session, text)?,
        (false, false) => desk.suggest(session, text)?,
    };
    let more = found.len() > MOST_SHOWN;
    found.truncate(MOST_SHOWN);
    let last = found.last().map(|last| last.user.id.as_str().to_owned());
    Ok(List::Found {
        rows: found.iter().map(Row::of).collect(),
        more: last.filter(|_| more),
        device: DeviceId::parse(text).ok().map(|id| id.to_code()),
    })
}

impl Row {
    fn of(found: &Found) -> Self {
        Self {
            name: Shown(&found.user.name).to_string(),
            id: Shown(found.user.id.as_str()).to_string(),
            privileged: found.user.class == UserClass::Privileged,
            devices: found.devices.iter().map(DeviceLine::of).collect(),
        }
    }
}

impl DeviceLine {
    fn of(device: &RegisteredDevice) -> Self {
        Self {
            code: device.id.to_code(),
            suite: device.keys.suite().number(),
            slot: device.slot,
            label: device.label.as_ref().map(ToString::to_string),
            registered: day(device.registered_at),
            retired: device.retired,
        }
    }
}
