//! What shows to others that the log is what it was: the desk's verification, checkpoints, and proofs of single entries.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::log::{SignedNote, TreeHash, TreeHead, sign_note};
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{Desk, DeskError, LogFilter, OperatorSession, VerifyProgress};
use fido_unlock::{ErrorCode, Shown};
use serde::Deserialize;

use super::audit_export::file;
use super::live::now;
use crate::app::{App, MakeNoteSigner};
use crate::page::{self, Page, Who, html, second, see_other};
use crate::refusal::Refusal;
use crate::verification::Stands;

/// So many checkpoints are listed.
const MOST_CHECKPOINTS: u32 = 50;

#[derive(Template)]
#[template(path = "audit_verify.html")]
struct VerifyPage {
    page: Page,
    stands: Stands,
    checkpoint: String,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "verification.html")]
struct VerifyPart {
    page: Page,
    stands: Stands,
}

impl VerifyPage {
    fn hex(&self, root: &TreeHash) -> String {
        base16ct::lower::encode_string(&root.0)
    }
}

impl VerifyPart {
    fn hex(&self, root: &TreeHash) -> String {
        base16ct::lower::encode_string(&root.0)
    }
}

pub(super) async fn verify_page(State(app): State<App>, who: Who) -> Response {
    html(
        StatusCode::OK,
        &VerifyPage {
            page: Page::new(&app, &who, "/audit"),
            stands: app.verification().stands(),
            checkpoint: String::new(),
            refusal: None,
        },
    )
}

/// How it stands now, for a page that asks by itself.
pub(super) async fn verify_state(State(app): State<App>, who: Who) -> Response {
    html(
        StatusCode::OK,
        &VerifyPart {
            page: Page::new(&app, &who, "/audit"),
            stands: app.verification().stands(),
        },
    )
}

#[derive(Deserialize)]
pub(super) struct Kept {
    #[serde(default)]
    checkpoint: String,
}

/// VERIFY: on a thread of its own; whoever waits sees how far it has come.
pub(super) async fn verify(State(app): State<App>, who: Who, Form(kept): Form<Kept>) -> Response {
    match begin(&app, &kept.checkpoint) {
        Ok(()) => see_other("/audit/verify"),
        Err(refusal) => html(
            refusal.status(),
            &VerifyPage {
                page: Page::new(&app, &who, "/audit"),
                stands: app.verification().stands(),
                checkpoint: Shown(kept.checkpoint.trim()).to_string(),
                refusal: Some(refusal),
            },
        ),
    }
}

fn begin(app: &App, checkpoint: &str) -> Result<(), Refusal> {
    let checkpoints = match checkpoint.trim() {
        "" => Vec::new(),
        _ => vec![read_checkpoint(&**app.notes(), checkpoint)?],
    };
    let verification = Arc::clone(app.verification());
    if !verification.begin(now()) {
        // One that runs says the same of the log, but nothing of this checkpoint.
        return if checkpoints.is_empty() {
            Ok(())
        } else {
            Err(Refusal::busy())
        };
    }
    let running = Arc::clone(&verification);
    let sent = app
        .desks()
        .aside(move |desk, stopping| running.run(desk, &checkpoints, stopping, now));
    sent.inspect_err(|_| verification.forget())
}

/// A checkpoint that this desk has signed, as it was saved. Browsers send other ends of lines.
fn read_checkpoint(notes: &MakeNoteSigner, text: &str) -> Result<TreeHead, Refusal> {
    let other = || Refusal::from(ErrorCode::AuditCheckpoint);
    let text = format!("{}\n", text.replace("\r\n", "\n").trim());
    let note = SignedNote::parse(&text).map_err(|_| other())?;
    let claimed = TreeHead::parse(note.unverified_text()).map_err(|_| other())?;
    let own = notes(claimed.origin).verifier();
    let text = note.verify(&[own]).map_err(|_| other())?;
    TreeHead::parse(text).map_err(|_| other())
}

struct Checkpoint {
    place: u64,
    at: String,
    by: Option<String>,
}

impl Checkpoint {
    /// How many entries it covers.
    const fn size(&self) -> u64 {
        self.place.saturating_add(1)
    }
}

#[derive(Template)]
#[template(path = "checkpoints.html")]
struct CheckpointsPage {
    page: Page,
    checkpoints: Vec<Checkpoint>,
    key: String,
    made: bool,
}

#[derive(Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    made: String,
}

/// The checkpoints that were made, newest first.
pub(super) async fn checkpoints(
    State(app): State<App>,
    who: Who,
    Query(made): Query<Made>,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let looked = app.desks().run(move |desk| {
        let filter = LogFilter {
            event: Some(DeskEvent::CheckpointMade),
            ..LogFilter::default()
        };
        let mut reading = desk.read_log(&session, filter, None)?;
        Ok((desk.read_on(&mut reading, MOST_CHECKPOINTS)?, desk.origin()?))
    });
    let (found, origin) = looked.await?;
    let checkpoint = |shown: &fido_unlock::desk::ShownEntry| Checkpoint {
        place: shown.entry.sequence,
        at: second(&shown.entry.at),
        by: shown.operator.as_ref().map(|name| Shown(name).to_string()),
    };
    let page = CheckpointsPage {
        page: Page::new(&app, &who, "/audit"),
        checkpoints: found.iter().map(checkpoint).collect(),
        key: app.notes()(origin).verifier().to_line(),
        made: !made.made.is_empty(),
    };
    Ok(html(StatusCode::OK, &page))
}

#[derive(Deserialize)]
pub(super) struct For {
    /// The entry whose page asked for it.
    #[serde(default)]
    entry: String,
}

/// MAKE A CHECKPOINT.
pub(super) async fn make_checkpoint(
    State(app): State<App>,
    who: Who,
    Form(wanted): Form<For>,
) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let made = app.desks().run(move |desk| {
        let mut signer = notes(desk.origin()?);
        desk.checkpoint(&who.session, &mut *signer)
    });
    made.await?;
    Ok(match wanted.entry.parse::<u64>() {
        Ok(entry) => see_other(&format!("/audit/entries/{entry}")),
        Err(_) => see_other("/audit/checkpoints?made=1"),
    })
}

/// The signed note of a checkpoint. The signature of a head is always the same, so that it need not be kept.
fn note(
    desk: &mut Desk,
    session: &OperatorSession,
    notes: &MakeNoteSigner,
    place: u64,
) -> Result<SignedNote, DeskError> {
    let head = desk.checkpoint_head(session, place)?;
    let mut signer = notes(head.origin.clone());
    Ok(sign_note(head.to_text(), &mut *signer)?)
}

/// A checkpoint as a file.
pub(super) async fn checkpoint(
    State(app): State<App>,
    who: Who,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let note = app
        .desks()
        .run(move |desk| note(desk, &who.session, &*notes, place));
    let text = note.await?.to_text();
    let name = format!("checkpoint-{}", place.saturating_add(1));
    Ok(file("text/plain; charset=utf-8", &name, Body::from(text)))
}

/// The proof of an entry as a file, by the newest checkpoint.
pub(super) async fn proof(
    State(app): State<App>,
    who: Who,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let notes = Arc::clone(app.notes());
    let proof = app.desks().run(move |desk| {
        let covering = desk
            .last_checkpoint(&who.session)?
            .filter(|checkpoint| *checkpoint >= place);
        let checkpoint = covering.ok_or(ErrorCode::EntryUnknown)?;
        let note = note(desk, &who.session, &*notes, checkpoint)?;
        desk.prove(place, &note)
    });
    let text = proof.await?.to_text();
    Ok(file(
        "text/plain; charset=utf-8",
        &format!("entry-{place}.proof"),
        Body::from(text),
    ))
}

/// An entry's bytes as a file, which the proof is of.
pub(super) async fn bytes(
    State(app): State<App>,
    who: Who,
    Path(place): Path<u64>,
) -> Result<Response, Refusal> {
    let shown = app.desks().run(move |desk| desk.audit_entry(&who.session, place));
    // Its canonical form is the only one that the log takes.
    let bytes = shown.await?.entry.to_bytes();
    Ok(file(
        "application/octet-stream",
        &format!("entry-{place}"),
        Body::from(bytes),
    ))
}
