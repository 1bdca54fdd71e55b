//! A call, step by step: opened, reason, caller, challenge, approval, code, end. Each step answers with the request as it
//! stands then; the Response Code is in one answer alone, and is not kept.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fido_unlock::code::spoken;
use fido_unlock::desk::{
    CallView, Delivery, Desk, DeskError, GivenCode, OperatorSession, OperatorStatement, RequestId, UnixTime,
    UserId, VerificationMethod,
};
use fido_unlock::{DeviceId, ErrorCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given::{Asked, Given};
use super::guard::Caller;
use super::model::{OpenCodeOut, RequestOut};
use crate::app::App;
use crate::problem::json;
use crate::refusal::Refusal;
use crate::routes::call::request_id;

/// By what a program calls what it wants once (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Requests of a page.
const PAGE: u32 = 50;

/// Codes of a device that may still be good
#[derive(Serialize, ToSchema)]
pub(super) struct OpenCodes {
    codes: Vec<OpenCodeOut>,
}

/// Codes for a device that were given out and may still be good
///
/// A code that was shown does not run out on the device.
#[utoipa::path(get, path = "/api/v1/devices/{device}/codes", tag = "calls",
    params(("device" = String, Path, description = "The Device ID")),
    responses((status = 200, body = OpenCodes)))]
pub(super) async fn open_codes(
    State(app): State<App>,
    Caller(session): Caller,
    Path(device): Path<String>,
) -> Result<Response, Refusal> {
    let id = DeviceId::parse(&device)?;
    let codes = app
        .desks()
        .run(move |desk| desk.open_codes(&session, &id))
        .await?;
    let codes = codes.iter().map(Into::into).collect();
    Ok(json(StatusCode::OK, &OpenCodes { codes }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// `next` of the page before.
    after: Option<String>,
}

/// Requests that are not ended, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Requests {
    requests: Vec<RequestOut>,
    /// What `after` is for the next page; null where there is none.
    next: Option<String>,
}

/// When the last request of a page was opened, and its id.
fn cursor(text: &str) -> Option<(UnixTime, RequestId)> {
    let (at, id) = text.split_once('.')?;
    Some((UnixTime(at.parse().ok()?), RequestId::parse(id).ok()?))
}

/// Requests that are not ended, oldest first
#[utoipa::path(get, path = "/api/v1/requests", operation_id = "list_requests", tag = "calls", params(After),
    responses((status = 200, body = Requests)))]
pub(super) async fn list(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(page): Asked<After>,
) -> Result<Response, Refusal> {
    let after = match page.after {
        Some(text) => Some(cursor(&text).ok_or(ErrorCode::InvalidArgument)?),
        None => None,
    };
    let calls = app
        .desks()
        .run(move |desk| desk.open_requests(&session, after, PAGE));
    let calls = calls.await?;
    let last = calls.last().filter(|_| calls.len() == PAGE as usize);
    let page = Requests {
        next: last.map(|last| format!("{}.{}", last.opened_at.0, last.id)),
        requests: calls.iter().map(Into::into).collect(),
    };
    Ok(json(StatusCode::OK, &page))
}

/// Whose device is to be unlocked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    /// The caller's id.
    user: String,
    /// As people read it out.
    device_id: String,
    /// Reason or ticket; it may come later.
    #[serde(default)]
    reason: String,
}

/// Opens a request for a user's device
///
/// Asked again with the same `Idempotency-Key`, it is not opened again, and answered as it stands then.
#[utoipa::path(post, path = "/api/v1/requests", tag = "calls", request_body = Open,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "By what the program calls this request: 1 to 255 characters, and another for another request")),
    responses((status = 201, body = RequestOut)))]
pub(super) async fn open(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
    Given(open): Given<Open>,
) -> Result<Response, Refusal> {
    let user = UserId::new(&open.user).ok_or(ErrorCode::UserUnknown)?;
    let device = DeviceId::parse(&open.device_id)?;
    let key = match headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str()) {
        Some(Ok(key)) => Some(key.to_owned()),
        Some(Err(_)) => return Err(ErrorCode::InvalidArgument.into()),
        None => None,
    };
    let opened = app.desks().run(move |desk| match key {
        Some(key) => desk.open_request_once(&session, &key, &user, &device, &open.reason),
        None => desk.open_request(&session, &user, &device, &open.reason),
    });
    let request = RequestOut::from(&opened.await?);
    let location = format!("/api/v1/requests/{}", request.id);
    let mut response = json(StatusCode::CREATED, &request);
    let location = location.parse().map_err(|_| ErrorCode::HostFailed)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A request as it stands
#[utoipa::path(get, path = "/api/v1/requests/{request}", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn request(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    let id = request_id(&request)?;
    let call = app.desks().run(move |desk| desk.request(&session, id)).await?;
    Ok(json(StatusCode::OK, &RequestOut::from(&call)))
}

/// Does a step of a request; the answer is the request as it stands then.
async fn step(
    app: &App,
    session: OperatorSession,
    request: &str,
    job: impl FnOnce(&mut Desk, &OperatorSession, RequestId) -> Result<(), DeskError> + Send + 'static,
) -> Result<Response, Refusal> {
    let id = request_id(request)?;
    let call: CallView = app
        .desks()
        .run(move |desk| {
            job(desk, &session, id)?;
            desk.request(&session, id)
        })
        .await?;
    app.desks().send_notices();
    Ok(json(StatusCode::OK, &RequestOut::from(&call)))
}

/// Reason or ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    #[schema(example = "INC-4711")]
    reason: String,
}

/// Gives a request another reason
///
/// This voids an earlier approval.
#[utoipa::path(post, path = "/api/v1/requests/{request}/reason", tag = "calls", request_body = Reason,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn set_reason(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Reason>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, move |desk, session, id| {
        desk.set_reason(session, id, &given.reason)
    })
    .await
}

/// The number that the caller calls from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallerNumber)]
pub(super) struct Number {
    /// 2 to 20 digits, with `+` or `00` before them for another country; spaces and signs may stand between them.
    #[schema(example = "+1 555 0100")]
    number: String,
}

/// Notes the number that the caller calls from
///
/// One that calls as many people is seen in the charts. No approver is shown it, so nothing becomes void.
#[utoipa::path(post, path = "/api/v1/requests/{request}/number", tag = "calls", request_body = Number,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn set_number(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Number>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, move |desk, session, id| {
        desk.set_caller_number(session, id, &given.number)
    })
    .await
}

/// How the operator has verified the caller.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verified {
    /// `enrolled-factor`, `call-back`, `identity-document`, `manager`, `in-person` or `questions`.
    #[schema(example = "call-back")]
    method: String,
    /// What was done, in the operator's words.
    statement: String,
}

/// Says how the caller was verified, on the operator's word
///
/// This voids an earlier approval. It counts for a while, and for this request alone.
#[utoipa::path(post, path = "/api/v1/requests/{request}/caller", tag = "calls", request_body = Verified,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn verify(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Verified>,
) -> Result<Response, Refusal> {
    let mut all = VerificationMethod::ALL.into_iter();
    let method = all.find(|method| method.name() == given.method);
    let method = method.ok_or(ErrorCode::InvalidArgument)?;
    step(&app, session, &request, move |desk, session, id| {
        let mut word = OperatorStatement::new(method, &given.statement);
        desk.verify_caller(session, id, &mut word)
    })
    .await
}

/// Asks the user's manager whether it is the user who calls
///
/// They answer in the console, at `/vouch/` and the request's id, whose address the operator sends them; a notice goes to
/// them as well. What they say stands in the request. Asked again before they have answered, nothing changes.
#[utoipa::path(post, path = "/api/v1/requests/{request}/manager", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn ask_manager(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, |desk, session, id| {
        desk.ask_manager(session, id)
    })
    .await
}

/// The Device Challenge as it was read out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Challenge)]
pub(super) struct Entered {
    challenge: String,
}

/// Enters the Device Challenge
///
/// This voids an earlier approval.
#[utoipa::path(post, path = "/api/v1/requests/{request}/challenge", tag = "calls", request_body = Entered,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn enter_challenge(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Entered>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, move |desk, session, id| {
        desk.enter_challenge(session, id, &given.challenge)
    })
    .await
}

/// What is approved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Approval)]
pub(super) struct Approved {
    /// That of the request as it was shown to the approver.
    revision: u32,
}

/// A second operator approves the request as it was shown
#[utoipa::path(post, path = "/api/v1/requests/{request}/approval", tag = "calls", request_body = Approved,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn approve(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Approved>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, move |desk, session, id| {
        desk.approve_shown(session, id, given.revision)
    })
    .await
}

/// A Response Code. It stands in this answer alone.
#[derive(Serialize, ToSchema)]
#[schema(as = ResponseCode)]
pub(super) struct CodeOut<'a> {
    /// In groups, as it is read out.
    code: &'a str,
    /// The same in words of the spelling alphabet.
    spoken: &'a str,
}

/// Makes the Response Code
///
/// While the request lives, the same operator may have it made again, which is recorded and not counted.
#[utoipa::path(post, path = "/api/v1/requests/{request}/code", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = CodeOut)))]
pub(super) async fn code(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    let id = request_id(&request)?;
    let given = app
        .desks()
        .run(move |desk| desk.authorise(&session, id, &Delivery::Show))
        .await?;
    app.desks().send_notices();
    let GivenCode::Shown(code) = given else {
        return Err(ErrorCode::WrongState.into());
    };
    app.metrics().code();
    let groups = code.expose_code();
    let spoken = spoken(&groups);
    let answer = CodeOut {
        code: &groups,
        spoken: &spoken,
    };
    Ok(json(StatusCode::OK, &answer))
}

/// The user has unlocked the device
#[utoipa::path(post, path = "/api/v1/requests/{request}/done", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn done(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, |desk, session, id| {
        desk.done(session, id)
    })
    .await
}

/// The unlock was given up
///
/// A code that was made may still be good.
#[utoipa::path(post, path = "/api/v1/requests/{request}/abandon", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn abandon(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, |desk, session, id| {
        desk.abandon(session, id)
    })
    .await
}

/// What was seen or heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Report)]
pub(super) struct Reported {
    #[schema(example = "called back: the owner has not called")]
    what: String,
}

/// The caller is not the user
///
/// The request ends, and Administrators see an alarm. A code that was made may still be good. Also of another operator's
/// request, and of one that was given up or has run out.
#[utoipa::path(post, path = "/api/v1/requests/{request}/report", tag = "calls", request_body = Reported,
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn report(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
    Given(given): Given<Reported>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, move |desk, session, id| {
        desk.report_impostor(session, id, &given.what)
    })
    .await
}

/// Goes on with another operator's request
///
/// Verification and approval are void.
#[utoipa::path(post, path = "/api/v1/requests/{request}/take-over", tag = "calls",
    params(("request" = String, Path, description = "Its id")),
    responses((status = 200, body = RequestOut)))]
pub(super) async fn take_over(
    State(app): State<App>,
    Caller(session): Caller,
    Path(request): Path<String>,
) -> Result<Response, Refusal> {
    step(&app, session, &request, |desk, session, id| {
        desk.take_over(session, id)
    })
    .await
}
