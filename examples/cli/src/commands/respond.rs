//! `respond`: the operator's side of a call.

use clap::ValueEnum;
use fido_unlock::code::{Entry, spoken};
use fido_unlock::desk::{
    CallView, Delivery, DeskError, Found, GivenCode, OperatorStatement, RegisteredDevice, RequestId, composed,
};
use fido_unlock::{DeviceId, ErrorCode, HasCode, ResponseCode};

use super::audit::moment;
use super::typed_code::offer;
use crate::args::{Method, Respond};
use crate::desk::{Keys, OpenDesk, operator_id};
use crate::failure::Failure;
use crate::output::{Report, begin, say, shown};
use crate::prompt::Prompt;

/// Numbers of a list, and challenges, that an operator may type before the command gives up.
const TRIES: u32 = 3;

/// The whole call, in the desk's order.
pub fn run(args: &Respond, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    answer(args, prompt, json).map_err(|failure| with_option(failure, prompt))
}

fn answer(args: &Respond, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(&args.at, prompt, Keys::Wanted)?;
    // Read with the other secrets, so that the order on standard input does not depend on the desk.
    let approver = match &args.approver {
        Some(name) => Some((operator_id(name)?, prompt.secret(&format!("Password of {name}"))?)),
        None => None,
    };
    let (found, device) = find(&mut open, args, prompt)?;
    let reason = optional(args.reason.as_deref(), prompt, "Reason or ticket number")?;
    let request = open
        .desk
        .open_request(&open.session, &found.user.id, &device, &reason)?;
    tell(&request);
    verify_caller(&mut open, request.id, args, prompt)?;
    enter_challenge(&mut open, &request, prompt)?;
    if let Some((name, password)) = &approver {
        let second = open.desk.sign_in(name, password)?;
        open.desk.approve(&second, request.id)?;
    }
    // A code that is made is spent, so it is known before that it can be shown. It may yet be refused, so nothing
    // that announces it is printed: a line end shows as much.
    begin(json, "", &format!("no code was made for request {}", request.id))?;
    let code = authorise(&mut open, request.id, approver.is_none(), prompt)?;
    open.send_notices();
    Ok(report(&code, &request, args.speak))
}

/// What the desk wants more, with the option that gives it where nobody can be asked.
fn with_option(mut failure: Failure, prompt: Prompt) -> Failure {
    let option = match failure.code {
        ErrorCode::ReasonMissing => "--reason TEXT",
        ErrorCode::CallerUnverified => "--method METHOD and --statement TEXT",
        ErrorCode::ApprovalMissing => "--approver NAME",
        _ => return failure,
    };
    if !prompt.is_interactive() && failure.detail.is_none() {
        failure.detail = Some(format!("with --stdin, give it with {option}"));
    }
    failure
}

fn optional(given: Option<&str>, prompt: Prompt, label: &str) -> Result<String, Failure> {
    match given {
        Some(text) => Ok(text.to_owned()),
        // The desk says whether it can do without.
        None if !prompt.is_interactive() => Ok(String::new()),
        None => prompt.text(label),
    }
}

fn find(open: &mut OpenDesk, args: &Respond, prompt: Prompt) -> Result<(Found, DeviceId), Failure> {
    let mut typed_user = args.user.clone();
    let mut typed_id = args.device_id.clone();
    if typed_user.is_none() && typed_id.is_none() {
        let user = prompt.or_text(None, "--user or --device-id", "User (empty: by Device ID)")?;
        if user.is_empty() {
            typed_id = Some(prompt.text("Device ID")?);
        } else {
            typed_user = Some(user);
        }
    }
    let id = typed_id.map(|text| device_id(&text, prompt)).transpose()?;
    let Some(text) = typed_user else {
        let id = id.ok_or(ErrorCode::DeviceUnknown)?;
        return Ok((open.desk.find_device(&open.session, &id)?, id));
    };
    let found = choose_user(open.desk.search(&open.session, &text)?, &text, prompt)?;
    let id = match id {
        Some(id) => id,
        None => choose_device(&found.devices, prompt)?,
    };
    Ok((found, id))
}

fn device_id(text: &str, prompt: Prompt) -> Result<DeviceId, Failure> {
    let mut entry = Entry::new();
    let error = match entry.device_id(text) {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    match offer(prompt, &error, text)? {
        Some(corrected) => entry
            .device_id(&corrected)
            .map_err(|error| Failure::of_code(&error)),
        None => Err(Failure::of_code(&error)),
    }
}

fn choose_user(mut found: Vec<Found>, text: &str, prompt: Prompt) -> Result<Found, Failure> {
    if let Some(exact) = found
        .iter()
        .position(|found| found.user.id.as_str() == composed(text))
    {
        return Ok(found.swap_remove(exact));
    }
    if found.len() == 1 {
        return found.pop().ok_or_else(|| ErrorCode::UserUnknown.into());
    }
    let listed: Vec<String> = found
        .iter()
        .map(|found| format!("{} ({})", found.user.id, shown(&found.user.name)))
        .collect();
    let index = choose(&listed, prompt, ErrorCode::UserUnknown, "--user")?;
    Ok(found.swap_remove(index))
}

fn choose_device(devices: &[RegisteredDevice], prompt: Prompt) -> Result<DeviceId, Failure> {
    let in_use: Vec<DeviceId> = devices
        .iter()
        .filter(|device| !device.retired)
        .map(|device| device.id)
        .collect();
    if let [only] = in_use.as_slice() {
        return Ok(*only);
    }
    let listed: Vec<String> = in_use.iter().map(|id| id.to_code()).collect();
    let index = choose(&listed, prompt, ErrorCode::DeviceUnknown, "--device-id")?;
    in_use
        .get(index)
        .copied()
        .ok_or_else(|| ErrorCode::DeviceUnknown.into())
}

/// Which of several; `none`: the error when there is nothing to choose from.
fn choose(listed: &[String], prompt: Prompt, none: ErrorCode, option: &str) -> Result<usize, Failure> {
    if listed.is_empty() {
        return Err(none.into());
    }
    if !prompt.is_interactive() {
        let text = format!("several match, name one with {option}: {}", listed.join(", "));
        return Err(Failure::new(none, text));
    }
    for (number, text) in (1..).zip(listed) {
        say(format_args!("{number:>3}  {text}"));
    }
    for _ in 0..TRIES {
        let number = prompt.text("Which")?.parse().ok();
        let index = number.and_then(|number: usize| number.checked_sub(1));
        if let Some(index) = index.filter(|index| *index < listed.len()) {
            return Ok(index);
        }
        say(format_args!("Type a number from 1 to {}.", listed.len()));
    }
    Err(none.into())
}

/// What the operator must see before going on.
fn tell(request: &CallView) {
    say(format_args!(
        "Request {}. Read the owner's name back: {}",
        request.id,
        shown(&request.user.name)
    ));
    say(format_args!(
        "Device ID {}, suite {}",
        request.device,
        request.suite.number()
    ));
    if request.unknown_since_backup {
        say(
            "A backup was put in place: codes that are not listed may still be good, and another operator must approve.",
        );
    }
    for open in &request.open_codes {
        say(format_args!(
            "A code of request {} ({}, by {}) may still be good.",
            open.request,
            moment(open.at),
            open.operator
        ));
    }
}

fn verify_caller(open: &mut OpenDesk, id: RequestId, args: &Respond, prompt: Prompt) -> Result<(), Failure> {
    let method = match args.method {
        Some(method) => method,
        // Not verified: the desk refuses in its turn.
        None if !prompt.is_interactive() => return Ok(()),
        None => {
            let names: Vec<String> = Method::value_variants()
                .iter()
                .filter_map(|method| Some(method.to_possible_value()?.get_name().to_owned()))
                .collect();
            say("How was the caller verified?");
            let index = choose(&names, prompt, ErrorCode::CallerUnverified, "--method")?;
            *Method::value_variants()
                .get(index)
                .ok_or(ErrorCode::CallerUnverified)?
        }
    };
    let statement = optional(args.statement.as_deref(), prompt, "What was seen or heard")?;
    let mut verifier = OperatorStatement::new(method.to_core(), &statement);
    Ok(open.desk.verify_caller(&open.session, id, &mut verifier)?)
}

/// The desk records each challenge that is refused; a correction is offered once.
fn enter_challenge(open: &mut OpenDesk, request: &CallView, prompt: Prompt) -> Result<(), Failure> {
    let mut entry = Entry::new();
    let mut tries = TRIES;
    loop {
        let typed = prompt.text("Device Challenge")?;
        let error = match open.desk.enter_challenge(&open.session, request.id, &typed) {
            Ok(()) => return Ok(()),
            Err(DeskError::Challenge(error)) => error,
            Err(other) => return Err(Failure::of_desk(&other)),
        };
        if let Err(offering) = entry.challenge(request.suite, &typed)
            && let Some(corrected) = offer(prompt, &offering, &typed)?
        {
            return open
                .desk
                .enter_challenge(&open.session, request.id, &corrected)
                .map_err(|error| Failure::of_desk(&error));
        }
        tries -= 1;
        if tries == 0 || !prompt.is_interactive() {
            return Err(Failure::of_code(&error));
        }
        say(&error);
    }
}

fn authorise(
    open: &mut OpenDesk,
    id: RequestId,
    may_ask: bool,
    prompt: Prompt,
) -> Result<ResponseCode, Failure> {
    let mut result = open.desk.authorise(&open.session, id, &Delivery::Show);
    let wants_approval = result
        .as_ref()
        .is_err_and(|error| error.code() == ErrorCode::ApprovalMissing);
    if wants_approval && may_ask && prompt.is_interactive() {
        say("A second operator must approve.");
        let name = operator_id(&prompt.text("Second operator")?)?;
        let password = prompt.secret(&format!("Password of {name}"))?;
        let second = open.desk.sign_in(&name, &password)?;
        open.desk.approve(&second, id)?;
        result = open.desk.authorise(&open.session, id, &Delivery::Show);
    }
    match result? {
        GivenCode::Shown(code) => Ok(code),
        GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
    }
}

fn report(code: &ResponseCode, request: &CallView, speak: bool) -> Report {
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
        .field("user", request.user.id.as_str())
        .field("name", request.user.name.as_str())
        .field("device_id", request.device.to_code())
        .field("suite", request.suite.number())
        .titled(&format!("Response Code of request {}:", request.id))
        .secret("response_code", text)
}
