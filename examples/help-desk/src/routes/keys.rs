//! Keys: the issuers' keys by slot, and what uses each; their rotation and backup, which are done at the command line,
//! where the keys are; and the list of them that is signed for whoever has no desk.

use askama::Template;
use axum::body::Body;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::Shown;
use fido_unlock::desk::{KeyEvent, KnownIssuer, ShownEntry};
use serde::Deserialize;

use super::audit_export::file;
use crate::app::App;
use crate::page::{Page, Who, html, second, see_other};
use crate::refusal::Refusal;

/// Characters of a group of a fingerprint.
const GROUP: usize = 4;

/// An issuer's key.
struct Line {
    slot: u8,
    suite: u8,
    fingerprint: String,
    retired: bool,
    since: String,
    devices: Option<u32>,
}

impl Line {
    fn of(known: &KnownIssuer) -> Self {
        let KnownIssuer { info, since, devices } = known;
        Self {
            slot: info.slot,
            suite: info.suite.number(),
            fingerprint: fingerprint(&info.public.hash()),
            retired: info.retired,
            since: second(since),
            devices: *devices,
        }
    }

    /// What keeps a retired key from being forgotten.
    fn is_still_needed(&self) -> bool {
        self.retired && self.devices != Some(0)
    }
}

/// Read out and compared by people: hexadecimal digits in groups.
fn fingerprint(hash: &[u8; 32]) -> String {
    let digits = base16ct::lower::encode_string(hash);
    let groups: Vec<_> = digits
        .as_bytes()
        .chunks(GROUP)
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(" ")
}

/// What was recorded, when and by whom.
struct Record {
    place: u64,
    at: String,
    by: Option<String>,
}

impl Record {
    fn of(shown: &ShownEntry) -> Self {
        Self {
            place: shown.entry.sequence,
            at: second(&shown.entry.at),
            by: shown.operator.as_ref().map(|name| Shown(name).to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    page: Page,
    lines: Vec<Line>,
    backed_up: Option<Record>,
    restored: Option<Record>,
    /// A key was made since the last backup.
    backup_is_old: bool,
    checkpoint_key: String,
    recorded: bool,
}

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    recorded: String,
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Query(done): Query<Done>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let looked = app.desks().run(move |desk| {
        Ok((
            desk.known_issuers(&session)?,
            desk.key_records(&session)?,
            desk.origin()?,
        ))
    });
    let (issuers, records, origin) = looked.await?;
    let place = |shown: &Option<ShownEntry>| shown.as_ref().map(|shown| shown.entry.sequence);
    let page = KeysPage {
        page: Page::new(&app, &who, "/keys"),
        lines: issuers.iter().map(Line::of).collect(),
        backup_is_old: place(&records.made) > place(&records.backed_up),
        backed_up: records.backed_up.as_ref().map(Record::of),
        restored: records.restored.as_ref().map(Record::of),
        checkpoint_key: app.notes()(origin).verifier().to_line(),
        recorded: !done.recorded.is_empty(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// What is done to the keys beside the desk.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Act {
    BackedUp,
    Restored,
}

#[derive(Deserialize)]
pub(super) struct Acted {
    act: Act,
}

/// Records what the operator does to the keys by other means than the command line, which records it by itself.
pub(super) async fn record(
    State(app): State<App>,
    who: Who,
    Form(form): Form<Acted>,
) -> Result<Response, Refusal> {
    let event = match form.act {
        Act::BackedUp => KeyEvent::BackedUp,
        Act::Restored => KeyEvent::Restored,
    };
    let recorded = app
        .desks()
        .run(move |desk| desk.record_key_event(&who.session, event));
    recorded.await?;
    Ok(see_other("/keys?recorded=1"))
}

/// The issuers' keys, signed, as a file.
pub(super) async fn signed(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    let notes = std::sync::Arc::clone(app.notes());
    let note = app.desks().run(move |desk| {
        let mut signer = notes(desk.origin()?);
        desk.signed_issuers(&who.session, &mut *signer)
    });
    let text = note.await?.to_text();
    Ok(file("text/plain; charset=utf-8", "issuers", Body::from(text)))
}
