//! `respond`: the operator's side of a call, the same at a desk in a folder and at one behind its service.

mod find;
mod folder;
mod service;
mod steps;
mod view;

use fido_unlock::code::spoken;
use fido_unlock::desk::{CodeOutcome, RequestId};
use fido_unlock::{ErrorCode, ResponseCode};

pub use self::service::outcome;

use self::find::find;
use self::steps::{enter_challenge, reason, reason_of, tell, verify_caller};
use self::view::{Answering, Call};
use crate::args::Respond;
use crate::desk::{Keys, OpenDesk, operator_id, request_id};
use crate::failure::Failure;
use crate::output::{Report, begin, say, shown};
use crate::prompt::Prompt;
use crate::service::Service;

/// Numbers of a list, reasons, challenges and passwords of a second operator that may be typed before the command gives
/// up.
const TRIES: u32 = 3;

/// At a desk in a folder.
pub fn run(args: &Respond, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(&args.at, prompt, Keys::Wanted)?;
    call(&mut open, args, prompt, json)
}

/// At a desk behind its service.
pub fn at_service(
    mut service: Service,
    args: &Respond,
    prompt: Prompt,
    json: bool,
) -> Result<Report, Failure> {
    call(&mut service, args, prompt, json)
}

/// The whole call, in the desk's order.
fn call(desk: &mut dyn Answering, args: &Respond, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    let mut opened = None;
    answer(desk, args, prompt, json, &mut opened).map_err(|failure| {
        if let Some(request) = opened.filter(|_| goes_on(failure.code)) {
            say(format_args!(
                "Request {request} stays open: `respond --request {request}` goes on with it, `desk abandon --request {request}` ends it."
            ));
        }
        with_hint(failure, desk, prompt)
    })
}

/// Whether a request that was opened is open still.
const fn goes_on(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::RequestUnknown | ErrorCode::RequestExpired | ErrorCode::RequestUsed
    )
}

/// `opened`: the request, as soon as there is one that can be gone on with.
fn answer(
    desk: &mut dyn Answering,
    args: &Respond,
    prompt: Prompt,
    json: bool,
    opened: &mut Option<RequestId>,
) -> Result<Report, Failure> {
    let approver = args.approver.as_deref().map(operator_id).transpose()?;
    let request = match &args.request {
        Some(id) => go_on(desk, request_id(id)?, args, prompt, opened)?,
        None => begin_request(desk, args, prompt)?,
    };
    *opened = Some(request.id);
    tell(&request);
    if request.code.is_none() {
        reason_of(desk, &request, args, prompt)?;
        verify_caller(desk, &request, args, prompt)?;
        enter_challenge(desk, &request, prompt)?;
        if let Some(approver) = &approver {
            desk.approve(request.id, Some(approver), prompt)?;
        }
    }
    // A code that is made is spent, so it is known before that it can be shown. It may yet be refused, so nothing
    // that announces it is printed: a line end shows as much.
    begin(json, "", &format!("no code was made for request {}", request.id))?;
    let code = authorise(desk, &request, approver.is_none(), prompt)?;
    desk.afterwards();
    Ok(report(&code, &request, args.speak))
}

/// A request for the caller, once it is known that they can be verified and why they call.
fn begin_request(desk: &mut dyn Answering, args: &Respond, prompt: Prompt) -> Result<Call, Failure> {
    let (found, device) = find(desk, args, prompt)?;
    let rules = desk.rules()?;
    if args.method.is_none() && prompt.is_interactive() {
        rules.accepted(found.class)?;
    }
    let reason = reason(args.reason.as_deref(), &rules, prompt)?;
    desk.open(&found.user, &device, &reason)
}

/// A request that was opened before, here or by another operator, from whom it is taken over.
fn go_on(
    desk: &mut dyn Answering,
    id: RequestId,
    args: &Respond,
    prompt: Prompt,
    opened: &mut Option<RequestId>,
) -> Result<Call, Failure> {
    let request = desk.request(id)?;
    let theirs = request.operator != desk.operator();
    match request.code {
        // It is made again, for who made it.
        Some(CodeOutcome::Open) if !theirs => {
            say("A code was made for it already. The same one is shown again.");
        }
        Some(_) => return Err(ErrorCode::RequestUsed.into()),
        None if !request.lives => return Err(desk.why_it_ended(&request)),
        None => {}
    }
    *opened = Some(id);
    if !theirs {
        return Ok(request);
    }
    say(format_args!(
        "Request {id} is {}'s. You take it over: what was verified and approved is void.",
        shown(&request.operator)
    ));
    if prompt.is_interactive() && !prompt.confirm("Take it over?")? {
        return Err(ErrorCode::Cancelled.into());
    }
    // It is judged before, since nothing of it is void by then.
    if args.method.is_none() && prompt.is_interactive() {
        desk.rules()?.accepted(request.class)?;
    }
    desk.take_over(id)?;
    desk.request(id)
}

/// What the desk wants more, with the option that gives it where nobody can be asked; and how long a limit counts.
fn with_hint(mut failure: Failure, desk: &mut dyn Answering, prompt: Prompt) -> Failure {
    let option = match failure.code {
        ErrorCode::ReasonMissing => "--reason TEXT",
        ErrorCode::CallerUnverified => "--method METHOD and --statement TEXT",
        ErrorCode::ApprovalMissing => desk.approval_hint(),
        code @ (ErrorCode::LimitDevice | ErrorCode::LimitOperator | ErrorCode::LimitIssuer) => {
            if failure.detail.is_none()
                && let Ok(rules) = desk.rules()
            {
                failure.detail = rules.limit(code);
            }
            return failure;
        }
        _ => return failure,
    };
    if !prompt.is_interactive() && failure.detail.is_none() {
        failure.detail = Some(format!("with --stdin, give it with {option}"));
    }
    failure
}

/// The code; where a second operator must approve first, that is brought about once.
fn authorise(
    desk: &mut dyn Answering,
    request: &Call,
    may_ask: bool,
    prompt: Prompt,
) -> Result<ResponseCode, Failure> {
    match desk.authorise(request) {
        Err(failure) if failure.code == ErrorCode::ApprovalMissing && may_ask && desk.can_ask(prompt) => {
            desk.approve(request.id, None, prompt)?;
            desk.authorise(request)
        }
        given => given,
    }
}

fn report(code: &ResponseCode, request: &Call, speak: bool) -> Report {
    let text = code.expose_code();
    let mut report = Report::new();
    if speak {
        report = report.line(spoken(&text).as_str());
    }
    if request.suite == fido_unlock::Suite::AesAdminKey {
        report = report.line("This code has no check: only the device will notice a typing error.");
    }
    report
        .line(format!(
            "Ask the caller to type it and a new PIN; then `desk done --request {}` or `desk abandon`.",
            request.id
        ))
        .if_lost(format!(
            "the code of request {0} was made, but could not be shown: record `desk abandon --request {0}`, then answer again",
            request.id
        ))
        .field("request", request.id.to_string())
        .field("user", request.user.as_str())
        .field("name", request.name.as_str())
        .field("device_id", request.device.to_code())
        .field("suite", request.suite.number())
        .titled(&format!("Response Code of request {}:", request.id))
        .secret("response_code", text)
}
