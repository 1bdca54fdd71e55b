//! One device: what is known of it, and the end of its use.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{DeviceView, Privilege, ShownEntry, UserClass};
use fido_unlock::{DeviceId, ErrorCode, Shown};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use crate::app::App;
use crate::page::{Page, Who, html, moment, see_other};
use crate::refusal::Refusal;

/// Entries of its history on a page.
const ENTRIES: u32 = 25;

/// A device as it is shown.
struct Device {
    code: String,
    /// What people call it.
    label: Option<String>,
    /// Name and id; `None`: they were erased.
    owner: Option<(String, String)>,
    privileged: bool,
    suite: u8,
    slot: u8,
    rotation: u32,
    /// The desk has another key in its slot by now.
    to_be_rotated: bool,
    registered: String,
    last_unlock: Option<String>,
    retired: bool,
    others: Vec<OtherSlot>,
    open_codes: usize,
    unknown_since_backup: bool,
}

/// A slot beside the registered one.
struct OtherSlot {
    slot: u8,
    suite: u8,
    rotation: u32,
}

impl Device {
    fn of(view: &DeviceView) -> Self {
        let owner = view.owner.as_ref();
        Self {
            code: view.id.to_code(),
            label: view.label.as_ref().map(ToString::to_string),
            owner: owner.map(|owner| {
                let name = Shown(&owner.name).to_string();
                (name, Shown(owner.id.as_str()).to_string())
            }),
            privileged: owner.is_some_and(|owner| owner.class == UserClass::Privileged),
            suite: view.suite.number(),
            slot: view.slot,
            rotation: view.rotation,
            to_be_rotated: view.issuer_present == Some(false),
            registered: moment(view.registered_at),
            last_unlock: view.last_unlock.map(moment),
            retired: view.retired,
            others: view
                .other_slots
                .iter()
                .map(|other| OtherSlot {
                    slot: other.slot,
                    suite: other.suite.number(),
                    rotation: other.rotation,
                })
                .collect(),
            open_codes: view.open_codes,
            unknown_since_backup: view.unknown_since_backup,
        }
    }
}

/// Something that happened to it.
struct Happened {
    at: String,
    event: &'static str,
    by: Option<String>,
    error: Option<String>,
    text: Option<String>,
}

impl Happened {
    fn of(shown: &ShownEntry, t: &Texts) -> Self {
        let error = shown.entry.error.and_then(ErrorCode::from_number);
        let text = |text: &String| Shown(text).to_string();
        Self {
            at: moment(shown.entry.at),
            event: shown.entry.event.name(),
            by: shown.operator.as_ref().map(text),
            error: error.map(|error| t.error(error)),
            text: shown.text.as_ref().map(text),
        }
    }
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    page: Page,
    device: Device,
    just_retired: bool,
    history: Vec<Happened>,
    /// Before which entry of the log it goes on.
    older: Option<u64>,
    administers: bool,
    audits: bool,
}

#[derive(Template)]
#[template(path = "device_retire.html")]
struct RetirePage {
    page: Page,
    device: Device,
    administers: bool,
}

fn device_id(text: &str) -> Result<DeviceId, Refusal> {
    DeviceId::parse(text).map_err(|_| ErrorCode::DeviceUnknown.into())
}

async fn look(app: &App, who: &Who, id: DeviceId) -> Result<Device, Refusal> {
    let session = who.session.clone();
    let view = app.desks().run(move |desk| desk.device(&session, &id)).await?;
    Ok(Device::of(&view))
}

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
    /// The place in the log before which its history is shown.
    before: Option<u64>,
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Path(device): Path<String>,
    Query(query): Query<Done>,
) -> Result<Response, Refusal> {
    let id = device_id(&device)?;
    let device = look(&app, &who, id).await?;
    let session = who.session.clone();
    let (history, older) = app
        .desks()
        .run(move |desk| desk.device_history(&session, &id, query.before, ENTRIES))
        .await?;
    let page = Page::new(&app, &who, "/devices");
    let happened = |shown| Happened::of(shown, page.t);
    let page = DevicePage {
        history: history.iter().map(happened).collect(),
        older,
        just_retired: query.done == "retired" && device.retired,
        administers: who.may.contains(&Privilege::Administer),
        audits: who.may.contains(&Privilege::Audit),
        device,
        page,
    };
    Ok(html(StatusCode::OK, &page))
}

/// What is about to be done, to be confirmed.
pub(super) async fn ask_retire(
    State(app): State<App>,
    who: Who,
    Path(device): Path<String>,
) -> Result<Response, Refusal> {
    let device = look(&app, &who, device_id(&device)?).await?;
    if device.retired {
        return Err(ErrorCode::DeviceRetired.into());
    }
    let page = RetirePage {
        page: Page::new(&app, &who, "/devices"),
        administers: who.may.contains(&Privilege::Administer),
        device,
    };
    Ok(html(StatusCode::OK, &page))
}

/// RETIRE.
pub(super) async fn retire(
    State(app): State<App>,
    who: Who,
    Path(device): Path<String>,
) -> Result<Response, Refusal> {
    let id = device_id(&device)?;
    let retired = app.desks().run(move |desk| desk.retire_device(&who.session, &id));
    retired.await?;
    Ok(see_other(&format!("/devices/{}?done=retired", id.to_code())))
}
