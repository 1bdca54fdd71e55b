//! Who calls: users by any part of name, id, address or Device ID.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{Found, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given::Asked;
use super::guard::Caller;
use super::model::FoundOut;
use crate::app::App;
use crate::problem::json;
use crate::refusal::Refusal;

/// Users of a page.
pub(super) const PAGE: u32 = 50;
/// The longest text that is searched for, in characters.
const LONGEST: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// What is looked for; without it, a page of all.
    #[serde(default)]
    q: String,
    /// The last user of the page before, without `q`.
    after: Option<String>,
}

impl Search {
    fn text(&self) -> String {
        self.q.trim().chars().take(LONGEST).collect()
    }
}

/// Users and their devices.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    found: Vec<FoundOut>,
    /// What `after` is for the next page; null where there is none.
    next: Option<String>,
}

impl Users {
    fn of(found: &[Found], is_page: bool) -> Self {
        let full = is_page && found.len() == PAGE as usize;
        let last = found.last().filter(|_| full);
        Self {
            next: last.map(|last| last.user.id.as_str().to_owned()),
            found: found.iter().map(Into::into).collect(),
        }
    }
}

/// Users by any part of name, id, address or Device ID, the closest first
///
/// At most 50. The text is recorded.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(Search),
    responses((status = 200, body = Users)))]
pub(super) async fn find(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(search): Asked<Search>,
) -> Result<Response, Refusal> {
    let (text, after) = (search.text(), search.after.as_deref().and_then(UserId::new));
    let is_page = text.is_empty();
    let find = app.desks().run(move |desk| match is_page {
        true => desk.users(&session, after.as_ref(), PAGE),
        false => desk.search(&session, &text),
    });
    Ok(json(StatusCode::OK, &Users::of(&find.await?, is_page)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Typing {
    /// What is typed so far.
    q: String,
}

/// The same while the text is being typed
///
/// What is then opened is recorded, not each letter.
#[utoipa::path(get, path = "/api/v1/users/suggestions", tag = "users", params(Typing),
    responses((status = 200, body = Users)))]
pub(super) async fn suggest(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(typing): Asked<Typing>,
) -> Result<Response, Refusal> {
    let text: String = typing.q.trim().chars().take(LONGEST).collect();
    let found = app.desks().run(move |desk| desk.suggest(&session, &text));
    Ok(json(StatusCode::OK, &Users::of(&found.await?, false)))
}
