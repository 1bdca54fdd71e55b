//! One call: the caller is verified, the challenge entered, the code given, the end recorded.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{
    CallView, Delivery, Desk, DeskError, GivenCode, OperatorSession, OperatorStatement, RequestId,
};
use fido_unlock::{Challenge, ErrorCode, ResponseCode};

use super::call_page::{CallPage, Typed, look};
use super::methods::METHODS;
use crate::app::App;
use crate::page::{Who, html, see_other};
use crate::refusal::{self, Refusal};

pub(super) fn request_id(text: &str) -> Result<RequestId, Refusal> {
    RequestId::parse(text).map_err(|_| ErrorCode::RequestUnknown.into())
}

pub(super) async fn page(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    show(&app, &who, request_id(&request)?, Typed::default()).await
}

/// The call as it stands, with `typed` in its fields.
pub(super) async fn show(app: &App, who: &Who, id: RequestId, typed: Typed) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let looked = app.desks().run(move |desk| look(desk, &session, id)).await?;
    let typed = typed.or_entered(&looked.call);
    Ok(html(StatusCode::OK, &CallPage::new(app, who, looked, &typed)))
}

pub(super) async fn code(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    give_code(&app, &who, request_id(&request)?, typed).await
}

/// GENERATE RESPONSE CODE, and the same code again: the desk's steps in their order, as far as they are not done yet.
pub(super) async fn give_code(
    app: &App,
    who: &Who,
    id: RequestId,
    typed: Typed,
) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let (answer, looked, typed) = app
        .desks()
        .run(move |desk| {
            let answer = answer(desk, &session, id, &typed);
            Ok((answer, look(desk, &session, id)?, typed))
        })
        .await?;
    app.desks().send_notices();
    let page = CallPage::new(app, who, looked, &typed);
    if answer.is_ok() {
        app.metrics().code();
    }
    Ok(match answer {
        Ok(code) => html(StatusCode::OK, &page.with_code(&code)),
        Err(error) => refused(page, error),
    })
}

pub(super) fn refused(page: CallPage, error: DeskError) -> Response {
    let refusal = Refusal::from(error);
    refusal::refused(&refusal.clone(), &page.with_refusal(refusal))
}

fn answer(
    desk: &mut Desk,
    session: &OperatorSession,
    id: RequestId,
    typed: &Typed,
) -> Result<ResponseCode, DeskError> {
    let call = desk.request(session, id)?;
    if call.code.is_none() {
        prepare(desk, session, &call, typed)?;
    }
    match desk.authorise(session, id, &Delivery::Show)? {
        GivenCode::Shown(code) => Ok(code),
        GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
    }
}

/// Reason, caller and challenge. What stands already is not said twice: each change would void an approval.
fn prepare(
    desk: &mut Desk,
    session: &OperatorSession,
    call: &CallView,
    typed: &Typed,
) -> Result<(), DeskError> {
    if typed.reason.trim() != call.reason {
        desk.set_reason(session, call.id, &typed.reason)?;
    }
    note_number(desk, session, call, typed)?;
    if call.caller.is_none() {
        let chosen = METHODS.iter().find(|(_, value, _)| *value == typed.method);
        let (method, ..) = chosen.ok_or(ErrorCode::CallerUnverified)?;
        let mut word = OperatorStatement::new(*method, &typed.statement);
        desk.verify_caller(session, call.id, &mut word)?;
    }
    let read = Challenge::parse(call.suite, &typed.challenge).ok();
    if read.is_none() || read != call.challenge {
        desk.enter_challenge(session, call.id, &typed.challenge)?;
    }
    Ok(())
}

/// The number that the caller calls from, where it was typed.
pub(super) fn note_number(
    desk: &mut Desk,
    session: &OperatorSession,
    call: &CallView,
    typed: &Typed,
) -> Result<(), DeskError> {
    let number = typed.number.trim();
    if number.is_empty() || call.caller_number.as_deref() == Some(number) {
        return Ok(());
    }
    desk.set_caller_number(session, call.id, number)
}

pub(super) async fn take_over(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    take(&app, &who, request_id(&request)?, typed).await
}

/// TAKE OVER: goes on with another operator's call. What is typed already comes along; who the caller is does not.
pub(super) async fn take(app: &App, who: &Who, id: RequestId, typed: Typed) -> Result<Response, Refusal> {
    let session = who.session.clone();
    let (taken, looked) = app
        .desks()
        .run(move |desk| {
            let taken = desk.take_over(&session, id);
            Ok((taken, look(desk, &session, id)?))
        })
        .await?;
    let typed = Typed {
        reason: typed.reason,
        number: typed.number,
        challenge: typed.challenge,
        ..Typed::default()
    };
    let typed = typed.or_entered(&looked.call);
    let is_own = looked.call.operator == *who.session.operator();
    let page = CallPage::new(app, who, looked, &typed);
    Ok(match taken {
        Err(error) if !is_own => refused(page, error),
        // Pressed twice, it is theirs already.
        _ => html(StatusCode::OK, &page),
    })
}

/// DONE: the user has unlocked the device.
pub(super) async fn done(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    close(&app, who, request_id(&request)?, true).await
}

/// ABANDON: it was given up, before there was a code or with one, which may still be good.
pub(super) async fn abandon(
    State(app): State<App>,
    who: Who,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    close(&app, who, request_id(&request)?, false).await
}

/// Records the call's end.
pub(super) async fn close(app: &App, who: Who, id: RequestId, done: bool) -> Result<Response, Refusal> {
    let closed = app.desks().run(move |desk| {
        if done {
            desk.done(&who.session, id)
        } else {
            desk.abandon(&who.session, id)
        }
    });
    closed.await?;
    app.desks().send_notices();
    Ok(see_other(&format!("/unlock/{id}")))
}
