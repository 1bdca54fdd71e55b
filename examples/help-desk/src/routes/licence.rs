//! The licence: what was bought, how much of it is used, and another one in its place.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{Desk, DeskError, LicenceFile, OperatorSession};
use fido_unlock::{HasCode, Shown, text};

use super::live;
use super::upload::Upload;
use crate::app::App;
use crate::page::{Page, Who, html, moment};
use crate::refusal::{Refusal, answer};

/// A licence as it is shown.
struct Licence {
    holder: String,
    devices: u32,
    until: String,
    contact: String,
    over: bool,
}

impl Licence {
    fn of(licence: &LicenceFile) -> Self {
        Self {
            holder: Shown(&licence.holder).to_string(),
            devices: licence.devices,
            until: moment(licence.valid_until),
            contact: Shown(&licence.contact).to_string(),
            over: licence.valid_until < live::now(),
        }
    }
}

/// What would stop the desk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// It has run out.
    Over,
    /// More devices are in use than it covers.
    Devices,
}

impl Harm {
    fn of(licence: &LicenceFile, in_use: u32) -> Option<Self> {
        if licence.valid_until < live::now() {
            return Some(Self::Over);
        }
        (licence.devices < in_use).then_some(Self::Devices)
    }
}

/// A file that is put in only by the Administrator's word.
struct Offered {
    licence: Licence,
    harm: Harm,
    text: String,
}

#[derive(Template)]
#[template(path = "licence.html")]
struct LicencePage {
    page: Page,
    licence: Option<Licence>,
    /// Devices in use.
    used: u32,
    /// Whom to ask where there is none.
    contact: String,
    service_on: bool,
    offered: Option<Offered>,
    refusal: Option<Refusal>,
    replaced: bool,
}

/// What the desk knows of it.
struct Known {
    licence: Option<LicenceFile>,
    used: u32,
    contact: String,
    service_on: bool,
}

fn know(desk: &mut Desk, session: &OperatorSession) -> Result<Known, DeskError> {
    let standing = desk.standing(session)?;
    Ok(Known {
        licence: desk.licence(session)?,
        used: standing.devices,
        contact: desk.rules(session)?.licence_contact,
        service_on: standing.service_on,
    })
}

async fn look(app: &App, who: &Who) -> Result<LicencePage, Refusal> {
    let session = who.session.clone();
    let known = app.desks().run(move |desk| know(desk, &session)).await?;
    Ok(LicencePage {
        page: Page::new(app, who, "/licence"),
        licence: known.licence.as_ref().map(Licence::of),
        used: known.used,
        contact: Shown(&known.contact).to_string(),
        service_on: known.service_on,
        offered: None,
        refusal: None,
        replaced: false,
    })
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    Ok(html(StatusCode::OK, &look(&app, &who).await?))
}

/// What became of a file.
enum Put {
    Done,
    Asked(LicenceFile, Harm),
}

/// PUT IT IN. One that would stop the desk is put in only when that was said and confirmed.
pub(super) async fn put(State(app): State<App>, who: Who, upload: Upload) -> Result<Response, Refusal> {
    // Its lines end as they did when it was signed, whatever it was mailed or copied by.
    let file = text::read(&upload.bytes).map(|text| text.replace("\r\n", "\n"));
    let put = match file.clone() {
        Err(error) => Err(Refusal::file(error.code(), &error.to_string())),
        Ok(file) => {
            let (session, sure) = (who.session.clone(), upload.all_the_same);
            let put = app.desks().run(move |desk| put_in(desk, &session, &file, sure));
            put.await
        }
    };
    let (refusal, asked) = match put {
        Ok(Put::Done) => (None, None),
        Ok(Put::Asked(licence, harm)) => (None, Some((licence, harm))),
        Err(refusal) => (Some(refusal), None),
    };
    let mut page = look(&app, &who).await?;
    page.replaced = refusal.is_none() && asked.is_none();
    if page.replaced {
        // What is said of the one before does not outlive it.
        page.page.warning = None;
    }
    let otherwise = match &asked {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    page.offered = asked.map(|(licence, harm)| Offered {
        licence: Licence::of(&licence),
        harm,
        text: file.unwrap_or_default(),
    });
    page.refusal = refusal;
    Ok(answer(otherwise, page.refusal.as_ref(), &page))
}

fn put_in(desk: &mut Desk, session: &OperatorSession, file: &str, sure: bool) -> Result<Put, DeskError> {
    if !sure {
        let licence = desk.read_licence(session, file)?;
        if let Some(harm) = Harm::of(&licence, desk.standing(session)?.devices) {
            return Ok(Put::Asked(licence, harm));
        }
    }
    desk.put_licence(session, file)?;
    Ok(Put::Done)
}
