//! `respond`: the operator's side of a call.

use clap::ValueEnum;
use fido_unlock::code::{Entry, spoken};
use fido_unlock::desk::{
    CallView, CodeOutcome, Delivery, DeskError, Found, GivenCode, OperatorId, OperatorStatement,
    RegisteredDevice, RequestId, Rules, UserClass, Vouched, composed,
};
use fido_unlock::{DeviceId, ErrorCode, HasCode, ResponseCode};

use super::audit::moment;
use super::typed_code::offer;
use crate::args::{Method, Respond};
use crate::desk::{Keys, OpenDesk, operator_id, request_id};
use crate::failure::Failure;
use crate::output::{Report, begin, counted, duration, say, shown};
use crate::prompt::Prompt;

/// Numbers of a list, reasons, challenges and passwords of a second operator that may be typed before the command gives
/// up.
const TRIES: u32 = 3;

/// So many letters find only what begins with them.
const SHORT: usize = 2;

/// The whole call, in the desk's order.
pub fn run(args: &Respond, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(&args.at, prompt, Keys::Wanted)?;
    let mut opened = None;
    answer(&mut open, args, prompt, json, &mut opened).map_err(|failure| {
        if let Some(request) = opened.filter(|_| goes_on(failure.code)) {
            say(format_args!(
                "Request {request} stays open: `respond --request {request}` goes on with it, `desk abandon --request {request}` ends it."
            ));
        }
        with_hint(failure, &mut open, prompt)
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
    open: &mut OpenDesk,
    args: &Respond,
    prompt: Prompt,
    json: bool,
    opened: &mut Option<RequestId>,
) -> Result<Report, Failure> {
    let approver = args.approver.as_deref().map(operator_id).transpose()?;
    let request = match &args.request {
        Some(id) => go_on(open, request_id(id)?, args, prompt, opened)?,
        None => begin_request(open, args, prompt)?,
    };
    *opened = Some(request.id);
    tell(&request);
    if request.code.is_none() {
        reason_of(open, &request, args, prompt)?;
        verify_caller(open, &request, args, prompt)?;
        enter_challenge(open, &request, prompt)?;
        if let Some(name) = &approver {
            approve(open, request.id, name, prompt)?;
        }
    }
    // A code that is made is spent, so it is known before that it can be shown. It may yet be refused, so nothing
    // that announces it is printed: a line end shows as much.
    begin(json, "", &format!("no code was made for request {}", request.id))?;
    let code = authorise(open, request.id, approver.is_none(), prompt)?;
    open.send_notices();
    Ok(report(&code, &request, args.speak))
}

/// A request for the caller, once it is known that they can be verified and why they call.
fn begin_request(open: &mut OpenDesk, args: &Respond, prompt: Prompt) -> Result<CallView, Failure> {
    let (found, device) = find(open, args, prompt)?;
    let rules = open.desk.rules(&open.session)?;
    if args.method.is_none() && prompt.is_interactive() {
        accepted(&rules, found.user.class)?;
    }
    let reason = reason(args.reason.as_deref(), &rules, prompt)?;
    Ok(open
        .desk
        .open_request(&open.session, &found.user.id, &device, &reason)?)
}

/// A request that was opened before, here or by another operator, from whom it is taken over.
fn go_on(
    open: &mut OpenDesk,
    id: RequestId,
    args: &Respond,
    prompt: Prompt,
    opened: &mut Option<RequestId>,
) -> Result<CallView, Failure> {
    let request = open.desk.request(&open.session, id)?;
    let theirs = request.operator != *open.session.operator();
    match request.code {
        // It is made again, for who made it.
        Some(CodeOutcome::Open) if !theirs => {
            say("A code was made for it already. The same one is shown again.");
        }
        Some(_) => return Err(ErrorCode::RequestUsed.into()),
        None if !request.lives => return Err(why_it_ended(open, id, theirs)),
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
        accepted(&open.desk.rules(&open.session)?, request.user.class)?;
    }
    open.desk.take_over(&open.session, id)?;
    Ok(open.desk.request(&open.session, id)?)
}

/// It has run out, or was given up before a code was made: the desk says which.
fn why_it_ended(open: &mut OpenDesk, id: RequestId, theirs: bool) -> Failure {
    let said = if theirs {
        open.desk.take_over(&open.session, id)
    } else {
        open.desk.begin_verification(&open.session, id).map(|_| ())
    };
    said.map_or_else(Failure::from, |()| ErrorCode::RequestExpired.into())
}

/// What the desk wants more, with the option that gives it where nobody can be asked; and how long a limit counts.
fn with_hint(mut failure: Failure, open: &mut OpenDesk, prompt: Prompt) -> Failure {
    let option = match failure.code {
        ErrorCode::ReasonMissing => "--reason TEXT",
        ErrorCode::CallerUnverified => "--method METHOD and --statement TEXT",
        ErrorCode::ApprovalMissing => "--approver NAME",
        code => {
            if failure.detail.is_none()
                && let Ok(rules) = open.desk.rules(&open.session)
            {
                failure.detail = limit(code, &rules);
            }
            return failure;
        }
    };
    if !prompt.is_interactive() && failure.detail.is_none() {
        failure.detail = Some(format!("with --stdin, give it with {option}"));
    }
    failure
}

/// How many codes are given out in what time.
fn limit(code: ErrorCode, rules: &Rules) -> Option<String> {
    let (rule, whose) = match code {
        ErrorCode::LimitDevice => (rules.limits.device, "this device"),
        ErrorCode::LimitOperator => (rules.limits.operator, "you"),
        ErrorCode::LimitIssuer => (rules.limits.issuer, "devices of this issuer key"),
        _ => return None,
    };
    Some(format!(
        "the rules allow {} for {whose} in {}; each counts for so long from when it was given",
        counted(rule.refuse_from, "code", "codes"),
        duration(rule.window_seconds)
    ))
}

/// A reason; where the rules want one, it is asked for before a request is opened.
fn reason(given: Option<&str>, rules: &Rules, prompt: Prompt) -> Result<String, Failure> {
    let mut reason = given.map(str::to_owned).unwrap_or_default();
    for _ in 0..TRIES {
        if !prompt.is_interactive() || (given.is_some() && !reason.trim().is_empty()) {
            break;
        }
        reason = prompt.text("Reason or ticket number")?;
        if !reason.is_empty() || !rules.reason_wanted {
            break;
        }
        say("The rules want a reason or a ticket number.");
    }
    if reason.trim().is_empty() && rules.reason_wanted {
        return Err(ErrorCode::ReasonMissing.into());
    }
    Ok(reason)
}

/// The reason of a request that was opened before: another one, or one that was missing.
fn reason_of(open: &mut OpenDesk, request: &CallView, args: &Respond, prompt: Prompt) -> Result<(), Failure> {
    let given = args.reason.as_deref().map(str::trim);
    if args.request.is_none()
        || given.is_none_or(|given| given == request.reason) && !request.reason.is_empty()
    {
        return Ok(());
    }
    let rules = open.desk.rules(&open.session)?;
    let reason = reason(given, &rules, prompt)?;
    Ok(open.desk.set_reason(&open.session, request.id, &reason)?)
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
    if found.is_empty() && composed(text).chars().count() <= SHORT {
        return Err(Failure::new(
            ErrorCode::UserUnknown,
            "one or two letters are looked for only where a word begins: give more of the name",
        ));
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
        let text = format!("several fit: name one with {option}: {}", listed.join(", "));
        return Err(Failure::usage(text));
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
        "Device ID {}, suite {}. Compare it with the one that the caller reads out.",
        request.device,
        request.suite.number()
    ));
    if request.unknown_since_backup {
        say(
            "A backup was put in place: codes that are not listed may still be good, and another operator must approve.",
        );
    }
    for open in request
        .open_codes
        .iter()
        .filter(|open| open.request != request.id)
    {
        say(format_args!(
            "A code of request {} ({}, by {}) may still be good.",
            open.request,
            moment(open.at),
            open.operator
        ));
    }
}

/// The ways of verifying a caller that count for this class on an operator's word; this program has no machine that
/// vouches.
fn accepted(rules: &Rules, class: UserClass) -> Result<Vec<Method>, Failure> {
    let methods: Vec<Method> = Method::value_variants()
        .iter()
        .copied()
        .filter(|method| rules.accepts(class, method.to_core(), Vouched::Operator))
        .collect();
    if methods.is_empty() {
        let text = match class {
            UserClass::Privileged => {
                "for a privileged user only a verification counts that a machine vouches for, and this program has none"
            }
            UserClass::Ordinary => {
                "the rules accept no way of verifying a caller that an operator vouches for"
            }
        };
        return Err(Failure::new(ErrorCode::CallerMethod, text));
    }
    Ok(methods)
}

fn verify_caller(
    open: &mut OpenDesk,
    request: &CallView,
    args: &Respond,
    prompt: Prompt,
) -> Result<(), Failure> {
    let method = match (args.method, request.caller) {
        (Some(method), _) => method,
        (None, Some((method, _))) => {
            say(format_args!("The caller was verified: {}.", method.name()));
            return Ok(());
        }
        // Not verified: the desk refuses in its turn.
        (None, None) if !prompt.is_interactive() => return Ok(()),
        (None, None) => {
            let methods = accepted(&open.desk.rules(&open.session)?, request.user.class)?;
            let names: Vec<String> = methods
                .iter()
                .map(|method| method.to_core().name().to_owned())
                .collect();
            say("How was the caller verified?");
            let index = choose(&names, prompt, ErrorCode::CallerUnverified, "--method")?;
            *methods.get(index).ok_or(ErrorCode::CallerUnverified)?
        }
    };
    let statement = optional(args.statement.as_deref(), prompt, "What was seen or heard")?;
    let mut verifier = OperatorStatement::new(method.to_core(), &statement);
    Ok(open
        .desk
        .verify_caller(&open.session, request.id, &mut verifier)?)
}

/// The desk records each challenge that is refused; a correction is offered once.
fn enter_challenge(open: &mut OpenDesk, request: &CallView, prompt: Prompt) -> Result<(), Failure> {
    let mut entry = Entry::new();
    let mut tries = TRIES;
    if let Some(challenge) = &request.challenge {
        say(format_args!("The challenge was entered: {}", challenge.to_code()));
    }
    loop {
        let typed = match &request.challenge {
            None => prompt.text("Device Challenge")?,
            Some(_) => {
                let typed = prompt.text_or_end("Device Challenge (empty: the one above)")?;
                match typed.filter(|typed| !typed.is_empty()) {
                    Some(typed) => typed,
                    None => return Ok(()),
                }
            }
        };
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

/// A second operator signs in here and approves what is on the screen. A password that is wrong is asked for again.
fn approve(open: &mut OpenDesk, id: RequestId, name: &OperatorId, prompt: Prompt) -> Result<(), Failure> {
    let seen = open.desk.request(&open.session, id)?;
    show_for_approval(&seen, name);
    let whose = format!("the second operator, {}", shown(name));
    let mut tries = TRIES;
    let second = loop {
        let password = prompt.secret(&format!("Password of {name}, who approves"))?;
        let error = match open.desk.sign_in(name, &password) {
            Ok(second) => break second,
            Err(error) => error,
        };
        tries -= 1;
        let again = error.code() == ErrorCode::OperatorUnknown;
        if !again || tries == 0 || !prompt.is_interactive() {
            return Err(Failure::new(error.code(), format!("{whose}: {error}")));
        }
        say(format_args!("{whose}: {error}"));
    };
    let approved = open.desk.approve_shown(&second, id, seen.revision);
    // Their session is for this one act; it ends by itself where it cannot be ended here.
    let _ = open.desk.sign_out(&second);
    Ok(approved?)
}

/// What the second operator must see before they type their password.
fn show_for_approval(request: &CallView, name: &OperatorId) {
    let class = match request.user.class {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    };
    let caller = request.caller.map(|(method, _)| method.name());
    let challenge = request.challenge.as_ref().map(|challenge| challenge.to_code());
    say(format_args!(
        "{} is to approve request {} of {}:\n  user       {} ({}), {class}\n  device     {}\n  reason     {}\n  \
         caller     {}\n  challenge  {}",
        shown(name),
        request.id,
        shown(&request.operator),
        request.user.id,
        shown(&request.user.name),
        request.device,
        shown(&request.reason),
        caller.unwrap_or("not verified"),
        challenge.as_deref().unwrap_or("none")
    ));
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
        approve(open, id, &name, prompt)?;
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
