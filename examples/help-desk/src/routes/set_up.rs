//! The end of the set-up: what is there, what is missing, and that nothing takes it back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::SetUp;

use crate::app::App;
use crate::page::{Page, Who, see_other};
use crate::refusal::{Refusal, answer};

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage {
    page: Page,
    set_up: SetUp,
    refusal: Option<Refusal>,
}

impl SetUpPage {
    const fn whole(&self) -> bool {
        self.set_up.licensed
            && self.set_up.issuers > 0
            && self.set_up.administrators > 1
            && self.set_up.callers > 1
            && self.set_up.devices > 0
            && !matches!(self.set_up.backed_up, Some(false))
    }
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    show(&app, &who, None).await
}

async fn show(app: &App, who: &Who, refusal: Option<Refusal>) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let set_up = app.desks().run(move |desk| desk.set_up(&session)).await?;
    let page = SetUpPage {
        page: Page::new(app, who, "/operators"),
        set_up,
        refusal,
    };
    Ok(answer(StatusCode::OK, page.refusal.as_ref(), &page))
}

/// END THE SET-UP.
pub(super) async fn open(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let opened = app.desks().run(move |desk| desk.open_desk(&session)).await;
    match opened {
        Ok(()) => Ok(see_other("/set-up")),
        Err(refusal) => show(&app, &who, Some(refusal)).await,
    }
}
