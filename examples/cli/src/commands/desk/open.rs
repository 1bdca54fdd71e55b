//! `desk open`: the end of the set-up, which nothing takes back. What is missing is said before.

use fido_unlock::ErrorCode;
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{Operator, Privilege};

use crate::args::At;
use crate::desk::{Keys, OpenDesk};
use crate::failure::Failure;
use crate::output::{Report, duration, say};
use crate::prompt::Prompt;

/// So many of the last entries are looked at for a backup of the keys.
const LOOKED_AT: u64 = 10_000;

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
    let rest = duration(open.desk.rules(&open.session)?.rest_seconds);
    if open.desk.licence(&open.session)?.is_none() {
        missing.push("a licence: no code is given without one (`desk licence`)".into());
    }
    let operators = open.desk.operators(&open.session)?;
    let who_may = |privilege| {
        operators
            .iter()
            .filter(|operator: &&Operator| operator.may(privilege))
            .count()
    };
    if who_may(Privilege::Administer) < 2 {
        missing.push(format!(
            "a second Administrator: nobody but the first can let a change hold at once, and one who is added later \
             rests for {rest} (`desk add-operator`)"
        ));
    }
    if who_may(Privilege::Unlock) < 2 {
        missing.push(format!(
            "a second operator who answers callers: past a limit, and after `desk restore`, a second one must approve \
             each code, and one who is added later rests for {rest} (`desk add-operator`)"
        ));
    }
    if !keys_are_backed_up(open)? {
        missing.push("a backup of the keys as they are now: without them no device can ever be unlocked (`issuer backup`)".into());
    }
    Ok(missing)
}

/// Whether the log has a backup of the keys behind the last one that was made.
fn keys_are_backed_up(open: &mut OpenDesk) -> Result<bool, Failure> {
    let size = open.desk.log_state()?.size;
    for place in (0..size)
        .rev()
        .take(usize::try_from(LOOKED_AT).unwrap_or(usize::MAX))
    {
        match DeskEntry::from_bytes(&open.desk.entry_bytes(place)?)?.event {
            DeskEvent::IssuerKeysBackedUp => return Ok(true),
            DeskEvent::IssuerKeyMade => return Ok(false),
            _ => {}
        }
    }
    // Of a long log nothing is said: it may be further back.
    Ok(size > LOOKED_AT)
}
