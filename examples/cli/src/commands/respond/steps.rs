//! What is asked in a call, step by step.

use fido_unlock::code::Entry;
use fido_unlock::{ErrorCode, Family};

use super::TRIES;
use super::find::choose;
use super::view::{Answering, Call, CallRules};
use crate::args::Respond;
use crate::commands::typed_code::offer;
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::prompt::Prompt;

/// What the operator must see before going on.
pub fn tell(request: &Call) {
    say(format_args!(
        "Request {}. Read the owner's name back: {}",
        request.id,
        shown(&request.name)
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
            open.made_at,
            shown(&open.operator)
        ));
    }
}

/// A reason; where the rules want one, it is asked for before a request is opened.
pub fn reason(given: Option<&str>, rules: &CallRules, prompt: Prompt) -> Result<String, Failure> {
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
pub fn reason_of(
    desk: &mut dyn Answering,
    request: &Call,
    args: &Respond,
    prompt: Prompt,
) -> Result<(), Failure> {
    let given = args.reason.as_deref().map(str::trim);
    if args.request.is_none()
        || given.is_none_or(|given| given == request.reason) && !request.reason.is_empty()
    {
        return Ok(());
    }
    let reason = reason(given, &desk.rules()?, prompt)?;
    desk.set_reason(request.id, &reason)
}

fn optional(given: Option<&str>, prompt: Prompt, label: &str) -> Result<String, Failure> {
    match given {
        Some(text) => Ok(text.to_owned()),
        // The desk says whether it can do without.
        None if !prompt.is_interactive() => Ok(String::new()),
        None => prompt.text(label),
    }
}

/// How the caller was verified, asked for where no option says it.
pub fn verify_caller(
    desk: &mut dyn Answering,
    request: &Call,
    args: &Respond,
    prompt: Prompt,
) -> Result<(), Failure> {
    let method = match (args.method, &request.method) {
        (Some(method), _) => method,
        (None, Some(method)) => {
            say(format_args!("The caller was verified: {}.", shown(method)));
            return Ok(());
        }
        // Not verified: the desk refuses in its turn.
        (None, None) if !prompt.is_interactive() => return Ok(()),
        (None, None) => {
            let rules = desk.rules()?;
            let methods = rules.accepted(request.class)?;
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
    desk.verify_caller(request.id, method, &statement)
}

/// The desk records each challenge that is refused; a correction is offered once.
pub fn enter_challenge(desk: &mut dyn Answering, request: &Call, prompt: Prompt) -> Result<(), Failure> {
    let mut entry = Entry::new();
    let mut tries = TRIES;
    if let Some(challenge) = &request.challenge {
        say(format_args!("The challenge was entered: {}", shown(challenge)));
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
        let failure = match desk.enter_challenge(request, &typed) {
            Ok(()) => return Ok(()),
            Err(failure) if failure.code.family() == Family::Code => failure,
            Err(other) => return Err(other),
        };
        if let Err(offering) = entry.challenge(request.suite, &typed)
            && let Some(corrected) = offer(prompt, &offering, &typed)?
        {
            return desk.enter_challenge(request, &corrected);
        }
        tries -= 1;
        if tries == 0 || !prompt.is_interactive() {
            return Err(failure);
        }
        say(failure.detail.as_deref().unwrap_or(failure.code.message()));
    }
}
