//! IT IS NOT THE OWNER: the operator says that somebody else calls, with what they saw or heard.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use fido_unlock::desk::RequestId;

use super::call::{refused, request_id};
use super::call_page::{CallPage, Typed, look};
use crate::app::App;
use crate::page::{Who, see_other};
use crate::refusal::Refusal;

pub(super) async fn report(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    say(&app, &who, request_id(&request)?, typed).await
}

/// Ends the call. Refused, what is typed already stays.
pub(super) async fn say(app: &App, who: &Who, id: RequestId, typed: Typed) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let (said, looked, typed) = app
        .desks()
        .run(move |desk| {
            let said = desk.report_impostor(&session, id, &typed.statement);
            Ok((said, look(desk, &session, id)?, typed))
        })
        .await?;
    app.desks().send_notices();
    // Pressed twice, the page says who has said it.
    let said_before = looked.call.reported_by.is_some();
    match said {
        Err(error) if !said_before => {
            let typed = typed.or_entered(&looked.call);
            Ok(refused(CallPage::new(app, who, looked, &typed), error))
        }
        _ => Ok(see_other(&format!("/unlock/{id}"))),
    }
}
