//! `desk open`: the end of the set-up, which nothing takes back. What is missing is said before.

use fido_unlock::ErrorCode;
use fido_unlock::desk::Privilege;

use crate::args::At;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, duration, say};
use crate::prompt::Prompt;

/// Ends the set-up.
pub fn run(at: &At, prompt: Prompt) -> Result<Report, Failure> {
    let mut open = OpenDesk::sign_in(at, prompt, Keys::NotWanted)?;
    let missing = if open.desk.standing(&open.session)?.open {
        Vec::new()
    } else {
        missing(&mut open)?
    };
    for line in &missing {
        say(format_args!("Still missing: {line}"));
    }
    if !missing.is_empty() && prompt.is_interactive() && !prompt.confirm("End the set-up all the same?")? {
        return Err(ErrorCode::Cancelled.into());
    }
    open.desk.open_desk(&open.session)?;
    Ok(Report::new()
        .line(
            "The set-up has ended: codes are given, and what loosens the rules takes effect after its rest.",
        )
        .field("open", true)
        .field("missing", missing))
}

/// What is harder to have afterwards, or without which no code is given.
fn missing(open: &mut OpenDesk) -> Result<Vec<String>, Failure> {
    let mut missing = Vec::new();
    if !open.desk.may(&open.session, Privilege::Administer)? {
        // The desk refuses in its turn.
        return Ok(missing);
    }
    let set_up = open.desk.set_up(&open.session)?;
    let rest = duration(open.desk.rules(&open.session)?.rest_seconds);
    if !set_up.licensed {
        missing.push("a licence: no code is given without one (`desk licence`)".into());
    }
    if set_up.administrators < 2 {
        missing.push(format!(
            "a second Administrator: nobody but the first can let a change hold at once, and one who is added later \
             rests for {rest} (`desk add-operator`)"
        ));
    }
    if set_up.callers < 2 {
        missing.push(format!(
            "a second operator who answers callers: past a limit, and after `desk restore`, a second one must approve \
             each code, and one who is added later rests for {rest} (`desk add-operator`)"
        ));
    }
    // Of a long log nothing is said: it may be further back.
    if set_up.backed_up == Some(false) {
        missing.push("a backup of the keys as they are now: without them no device can ever be unlocked (`issuer backup`)".into());
    }
    Ok(missing)
}
