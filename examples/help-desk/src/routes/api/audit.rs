//! The log: entries by filter, one entry with its bytes and its proof, checkpoints.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::ErrorCode;
use fido_unlock::desk::ShownEntry;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::given::Asked;
use super::guard::Caller;
use crate::app::App;
use crate::language;
use crate::problem::json;
use crate::refusal::Refusal;
use crate::routes::audit::Asked as Filter;
use crate::routes::audit_export::object;
use crate::routes::audit_proofs::{note, prove};

/// Entries of a page, without another number.
const PAGE: u32 = 50;
/// The most entries of a page.
const MOST: u32 = 250;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The first day, such as 2026-11-30, in UTC.
    #[serde(default)]
    from: String,
    /// The last day.
    #[serde(default)]
    until: String,
    /// An operator's name or a person's number.
    #[serde(default)]
    operator: String,
    /// A Device ID.
    #[serde(default)]
    device: String,
    /// What happened, by its name in docs/protocol/audit.md.
    #[serde(default)]
    event: String,
    /// `next` of the page before.
    #[param(value_type = Option<i64>, minimum = 0)]
    before: Option<u64>,
    /// 1 to 250 entries; 50 without it.
    #[param(minimum = 1, maximum = 250)]
    limit: Option<u32>,
}

/// Entries of the log, newest first, each as `audit export` names its fields.
#[derive(Serialize, ToSchema)]
pub(super) struct Entries {
    #[schema(value_type = Vec<Object>)]
    entries: Vec<Map<String, Value>>,
    /// What `before` is for the next page; null where there is none. A page may have fewer entries, or none, and another
    /// one behind it.
    next: Option<u64>,
}

impl Entries {
    pub(super) fn of(found: &[ShownEntry], next: Option<u64>) -> Self {
        Self {
            entries: found.iter().map(object).collect(),
            next,
        }
    }
}

/// How many entries a page has.
pub(super) fn limit(wanted: Option<u32>) -> Result<u32, Refusal> {
    let limit = wanted.unwrap_or(PAGE);
    let allowed = (1..=MOST).contains(&limit);
    allowed
        .then_some(limit)
        .ok_or_else(|| ErrorCode::InvalidArgument.into())
}

/// Entries of the log that fit, newest first
///
/// That it was read is recorded.
#[utoipa::path(get, path = "/api/v1/audit/entries", tag = "audit", params(Wanted),
    responses((status = 200, body = Entries)))]
pub(super) async fn entries(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let limit = limit(wanted.limit)?;
    let before = wanted.before;
    if before.is_some_and(|before| i64::try_from(before).is_err()) {
        return Err(ErrorCode::InvalidArgument.into());
    }
    let asked = Filter {
        from: wanted.from,
        until: wanted.until,
        operator: wanted.operator,
        device: wanted.device,
        event: wanted.event,
        before: String::new(),
    };
    let read = app.desks().run(move |desk| {
        let filter = match asked.filter(desk, &session)? {
            Ok(filter) => filter,
            Err(unread) => return Ok(Err(unread)),
        };
        let mut reading = desk.read_log(&session, filter, before)?;
        let found = desk.read_on(&mut reading, limit)?;
        Ok(Ok((found, reading.next())))
    });
    let (found, next) = read
        .await?
        .map_err(|unread| Refusal::file(ErrorCode::InvalidArgument, &unread.text(language::spoken())))?;
    Ok(json(StatusCode::OK, &Entries::of(&found, next)))
}

async fn read(app: &App, caller: Caller, place: u64) -> Result<ShownEntry, Refusal> {
    let Caller(session) = caller;
    app.desks()
        .run(move |desk| desk.audit_entry(&session, place))
        .await
}

/// An entry of the log
#[derive(Serialize, ToSchema)]
#[schema(as = Entry, value_type = Object)]
pub(super) struct EntryOut(Map<String, Value>);

/// The entry at a place
///
/// That it was read is recorded.
#[utoipa::path(get, path = "/api/v1/audit/entries/{place}", tag = "audit",
    params(("place" = u64, Path, description = "Its place, from 0")),
    responses((status = 200, body = EntryOut)))]
pub(super) async fn entry(
    State(app): State<App>,
    caller: Caller,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let shown = read(&app, caller, place).await?;
    Ok(json(StatusCode::OK, &EntryOut(object(&shown))))
}

/// An entry's canonical bytes, which its proof is of
#[utoipa::path(get, path = "/api/v1/audit/entries/{place}/bytes", tag = "audit",
    params(("place" = u64, Path, description = "Its place, from 0")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn bytes(
    State(app): State<App>,
    caller: Caller,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let bytes = read(&app, caller, place).await?.entry.to_bytes();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

fn text(status: StatusCode, text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, kind, text).into_response()
}

/// The proof of an entry by the newest checkpoint
///
/// C2SP tlog-proof. 718 EntryUnknown where no checkpoint covers the entry yet.
#[utoipa::path(get, path = "/api/v1/audit/entries/{place}/proof", tag = "audit",
    params(("place" = u64, Path, description = "Its place, from 0")),
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn proof(
    State(app): State<App>,
    Caller(session): Caller,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let proof = app.desks().run(move |desk| prove(desk, &session, &*notes, place));
    Ok(text(StatusCode::OK, proof.await?.to_text()))
}

/// The newest checkpoint
///
/// A signed note (C2SP). Keep it where the log's administrator cannot write.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn checkpoint(State(app): State<App>, Caller(session): Caller) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let newest = app.desks().run(move |desk| {
        let place = desk.last_checkpoint(&session)?.ok_or(ErrorCode::EntryUnknown)?;
        note(desk, &session, &*notes, place)
    });
    Ok(text(StatusCode::OK, newest.await?.to_text()))
}

/// Signs a checkpoint over all entries up to now
#[utoipa::path(post, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses((status = 201, content_type = "text/plain", body = String)))]
pub(super) async fn make_checkpoint(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let made = app.desks().run(move |desk| {
        let mut signer = notes(desk.origin()?);
        desk.checkpoint(&session, &mut *signer)
    });
    Ok(text(StatusCode::CREATED, made.await?.to_text()))
}
