//! Try it: the user's side of a demonstration, as their own app would show it, over a virtual key in this process.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::host::Condition;
use fido_unlock::{ErrorCode, Pin};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use super::guard::Zeroized;
use crate::app::App;
use crate::demo::{KeyState, VirtualKey};
use crate::page::{Page, Who, html};
use crate::refusal::Refusal;

/// What has just happened.
enum Happened {
    Nothing,
    Unlocked,
    SignedIn { relying_party: &'static str },
    LockedAgain { tries: u32 },
    Replugged,
    Refused(Refusal),
}

#[derive(Template)]
#[template(path = "try_it.html")]
struct TryItPage {
    page: Page,
    /// State and what to do.
    sentence: String,
    state: KeyState,
    owner: String,
    old_pin: &'static str,
    happened: Happened,
}

/// Does something with the key on a thread that may block, then shows it as it is.
async fn with_key(
    app: &App,
    who: &Who,
    work: impl FnOnce(&VirtualKey) -> Result<Happened, Refusal> + Send + 'static,
) -> Result<Response, Refusal> {
    let key = app.key().ok_or_else(Refusal::not_found)?.clone();
    let owner = key.owner().to_owned();
    let worked = tokio::task::spawn_blocking(move || {
        let happened = work(&key).unwrap_or_else(Happened::Refused);
        Ok::<_, Refusal>((happened, key.state()?))
    });
    let (happened, state) = worked.await.map_err(|_| ErrorCode::HostFailed)??;
    let status = match &happened {
        Happened::Refused(refusal) => refusal.status(),
        _ => StatusCode::OK,
    };
    let page = Page::new(app, who, "/try-it");
    let page = TryItPage {
        sentence: sentence(page.t, &state),
        page,
        state,
        owner,
        old_pin: VirtualKey::OLD_PIN,
        happened,
    };
    Ok(html(status, &page))
}

/// What the user's app says of a key.
fn sentence(t: &Texts, state: &KeyState) -> String {
    match state.condition {
        Condition::Locked => t.try_it_is_locked(),
        Condition::Unlocked { pin_retries } => t.try_it_is_unlocked(pin_retries),
        Condition::PinAuthBlocked { pin_retries } => t.try_it_is_pin_auth_blocked(pin_retries),
        ref other => format!("{}. {}", t.error(other.code()), t.next_step(other.code())),
    }
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    with_key(&app, &who, |_| Ok(Happened::Nothing)).await
}

#[derive(Deserialize)]
pub(super) struct Unlock {
    code: Zeroized,
    pin: Zeroized,
    again: Zeroized,
}

pub(super) async fn unlock(
    State(app): State<App>,
    who: Who,
    Form(form): Form<Unlock>,
) -> Result<Response, Refusal> {
    with_key(&app, &who, move |key| {
        key.unlock(&form.code.0, &pin(&form.pin), &pin(&form.again))?;
        Ok(Happened::Unlocked)
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    pin: Zeroized,
}

pub(super) async fn sign_in(
    State(app): State<App>,
    who: Who,
    Form(form): Form<SignIn>,
) -> Result<Response, Refusal> {
    with_key(&app, &who, move |key| {
        key.sign_in(&pin(&form.pin))?;
        Ok(Happened::SignedIn {
            relying_party: VirtualKey::RELYING_PARTY,
        })
    })
    .await
}

pub(super) async fn replug(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    with_key(&app, &who, |key| {
        key.replug();
        Ok(Happened::Replugged)
    })
    .await
}

pub(super) async fn lock(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    with_key(&app, &who, |key| Ok(Happened::LockedAgain { tries: key.lock()? })).await
}

fn pin(typed: &Zeroized) -> Pin {
    Pin::new(typed.0.as_str().to_owned())
}
