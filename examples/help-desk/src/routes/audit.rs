//! Audit: the log's entries by time, operator, device and kind, newest first.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{
    Desk, DeskError, FieldValue, LogFilter, OperatorSession, PersonNumber, ShownEntry, UnixTime,
};
use fido_unlock::{DeviceId, ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use crate::app::App;
use crate::page::{self, Page, Who, html, second};
use crate::refusal::Refusal;

/// Entries of a page.
const PAGE: u32 = 50;
/// The longest text of a field, in characters.
const LONGEST: usize = 200;
const DAY: u64 = 24 * 60 * 60;

/// What is asked for, as it was typed.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    operator: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    event: String,
    /// The place before which to go on.
    #[serde(default)]
    before: String,
}

/// What cannot be understood of it.
pub(super) enum Unread {
    Day(String),
    Operator(String),
    Device(String),
    Event(String),
}

impl Unread {
    pub(super) fn text(&self, t: &Texts) -> String {
        match self {
            Self::Day(text) => t.audit_wrong_day(text),
            Self::Operator(text) => t.audit_wrong_operator(text),
            Self::Device(text) => t.audit_wrong_device(text),
            Self::Event(text) => t.audit_wrong_event(text),
        }
    }
}

/// A text of a field, as it may be shown again.
fn typed(text: &str) -> String {
    let cut: String = text.trim().chars().take(LONGEST).collect();
    Shown(&cut).to_string()
}

impl Asked {
    /// As it may be shown again.
    fn shown(&self) -> Self {
        Self {
            from: typed(&self.from),
            until: typed(&self.until),
            operator: typed(&self.operator),
            device: typed(&self.device),
            event: typed(&self.event),
            before: typed(&self.before),
        }
    }

    /// The filter, or what of it cannot be understood.
    pub(super) fn filter(
        &self,
        desk: &mut Desk,
        session: &OperatorSession,
    ) -> Result<Result<LogFilter, Unread>, DeskError> {
        let mut filter = LogFilter::default();
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(text) = given(&self.from) {
            let Some(day) = UnixTime::of_day(&text) else {
                return Ok(Err(Unread::Day(typed(&text))));
            };
            filter.from = Some(day);
        }
        if let Some(text) = given(&self.until) {
            let Some(day) = UnixTime::of_day(&text) else {
                return Ok(Err(Unread::Day(typed(&text))));
            };
            filter.until = Some(day.plus_seconds(DAY));
        }
        if let Some(text) = given(&self.event) {
            let Some(event) = DeskEvent::ALL.iter().find(|event| event.name() == text) else {
                return Ok(Err(Unread::Event(typed(&text))));
            };
            filter.event = Some(*event);
        }
        if let Some(text) = given(&self.device) {
            let Ok(device) = DeviceId::parse(&text) else {
                return Ok(Err(Unread::Device(typed(&text))));
            };
            filter.device = Some(device);
        }
        if let Some(text) = given(&self.operator) {
            let number = match desk.person_number(session, &text)? {
                Some(number) => Some(number),
                None => PersonNumber::parse(&text),
            };
            if number.is_none() {
                return Ok(Err(Unread::Operator(typed(&text))));
            }
            filter.operator = number;
        }
        Ok(Ok(filter))
    }
}

/// Whom an entry names.
pub(super) struct Person {
    /// The name; `None` where it was erased.
    name: Option<String>,
    number: String,
}

impl Person {
    fn of(name: Option<&String>, number: Option<PersonNumber>) -> Option<Self> {
        let number = number?.to_string();
        let name = name.map(|name| Shown(name).to_string());
        Some(Self { name, number })
    }
}

/// An entry in the list.
struct Line {
    place: u64,
    at: String,
    event: &'static str,
    operator: Option<Person>,
    second: Option<Person>,
    user: Option<Person>,
    device: Option<String>,
    request: Option<String>,
    error: Option<ErrorCode>,
    text: Option<String>,
    text_erased: bool,
}

impl Line {
    fn of(shown: &ShownEntry) -> Self {
        let entry = &shown.entry;
        Self {
            place: entry.sequence,
            at: second(&entry.at),
            event: entry.event.name(),
            operator: Person::of(shown.operator.as_ref(), entry.operator),
            second: Person::of(shown.second_operator.as_ref(), entry.second_operator),
            user: Person::of(shown.user.as_ref(), entry.user),
            device: entry.device().map(|device| device.to_code()),
            request: entry.request.map(|request| request.to_string()),
            error: entry.error.and_then(ErrorCode::from_number),
            text: shown.text.as_ref().map(|text| Shown(text).to_string()),
            text_erased: shown.text.is_none() && entry.text.is_some(),
        }
    }
}

/// What there is to see: an error is never an empty list.
enum Rows {
    Found {
        lines: Vec<Line>,
        /// Before which place to go on.
        next: Option<u64>,
    },
    Unread(Unread),
    Refused(Refusal),
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    asked: Asked,
    rows: Rows,
}

impl AuditPage {
    /// The kinds of entries, by name, in the order of what they are called.
    fn events(&self) -> Vec<(&'static str, String)> {
        let mut events: Vec<_> = DeskEvent::ALL
            .iter()
            .map(|event| (event.name(), self.page.t.audit_event(event.name())))
            .collect();
        events.sort_by_key(|(_, title)| title.to_lowercase());
        events
    }

    fn is_kind(&self, event: &str) -> bool {
        self.asked.event == event
    }
}

pub(super) async fn page(State(app): State<App>, who: Who, Query(asked): Query<Asked>) -> Response {
    let (session, given) = (who.session.clone(), asked.clone());
    let read = app.desks().run(move |desk| read(desk, &session, &given));
    let rows = read.await.unwrap_or_else(Rows::Refused);
    let status = match &rows {
        Rows::Found { .. } => StatusCode::OK,
        Rows::Unread(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Rows::Refused(refusal) => refusal.status(),
    };
    let page = AuditPage {
        page: Page::new(&app, &who, "/audit"),
        asked: asked.shown(),
        rows,
    };
    html(status, &page)
}

fn read(desk: &mut Desk, session: &OperatorSession, asked: &Asked) -> Result<Rows, DeskError> {
    let filter = match asked.filter(desk, session)? {
        Ok(filter) => filter,
        Err(unread) => return Ok(Rows::Unread(unread)),
    };
    // Whatever else stands there is the beginning.
    let before = asked.before.parse().ok();
    let mut reading = desk.read_log(session, filter, before)?;
    let found = desk.read_on(&mut reading, PAGE)?;
    Ok(Rows::Found {
        lines: found.iter().map(Line::of).collect(),
        next: reading.next(),
    })
}

#[derive(Template)]
#[template(path = "audit_entry.html")]
struct EntryPage {
    page: Page,
    place: u64,
    event: &'static str,
    fields: Vec<(&'static str, String)>,
    error: Option<ErrorCode>,
    text_erased: bool,
    covered: bool,
}

/// One entry, with all that stands in it.
pub(super) async fn entry(
    State(app): State<App>,
    who: Who,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let looked = app.desks().run(move |desk| {
        let shown = desk.audit_entry(&session, place)?;
        let covered = desk.last_checkpoint(&session)?;
        Ok((shown, covered.is_some_and(|checkpoint| checkpoint >= place)))
    });
    let (shown, covered) = looked.await?;
    let at = second(&shown.entry.at);
    let fields = shown.fields().into_iter().filter_map(|(name, value)| {
        let text = match value? {
            FieldValue::Number(_) if name == "at" => at.clone(),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Text(text) => Shown(&text).to_string(),
        };
        Some((name, text))
    });
    let page = EntryPage {
        place,
        event: shown.entry.event.name(),
        fields: fields.collect(),
        error: shown.entry.error.and_then(ErrorCode::from_number),
        text_erased: shown.text.is_none() && shown.entry.text.is_some(),
        covered,
        page: Page::new(&app, &who, "/audit"),
    };
    Ok(html(StatusCode::OK, &page))
}
