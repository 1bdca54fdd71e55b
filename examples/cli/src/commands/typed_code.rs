//! A code as a person types it: one line, or four. What seems a slip is offered for correction once,
//! and used only when the person says yes.

use fido_unlock::ResponseCode;
use fido_unlock::Suite;
use fido_unlock::code::{CodeError, CodeKind, Entry, characters};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::say;
use crate::prompt::Prompt;

/// Fields that a person may fill before the command gives up.
const TRIES: u32 = 3;

/// Reads a Response Code; a person may try again.
pub fn response_code(prompt: Prompt, suite: Suite) -> Result<ResponseCode, Failure> {
    let mut entry = Entry::new();
    let mut tries = TRIES;
    loop {
        let typed = match suite {
            Suite::P256Ecdsa => four_lines(prompt)?,
            _ => prompt.secret("Response Code")?,
        };
        let error = match entry.response(suite, &typed) {
            Ok(code) => return Ok(code),
            Err(error) => error,
        };
        if let Some(corrected) = offer(prompt, &error, &typed)? {
            return entry
                .response(suite, &corrected)
                .map_err(|error| Failure::of_code(&error));
        }
        tries -= 1;
        if tries == 0 || !prompt.is_interactive() {
            return Err(Failure::of_code(&error));
        }
        say(&error);
    }
}

/// Four lines, or all of them in one.
fn four_lines(prompt: Prompt) -> Result<Zeroizing<String>, Failure> {
    let length = CodeKind::ResponseLong(1).length();
    let first = filled_line(prompt, "Response Code, line 1 of 4 (or all four)")?;
    if characters(&first) > 2 * length {
        return Ok(first);
    }
    let mut all = Zeroizing::new(String::with_capacity(4 * 4096 + 4));
    all.push_str(&first);
    for line in 2..=4 {
        all.push('\n');
        all.push_str(&filled_line(prompt, &format!("Response Code, line {line} of 4"))?);
    }
    Ok(all)
}

/// The next line that has a character of a code (docs/protocol/codes.md: others are skipped).
pub fn filled_line(prompt: Prompt, label: &str) -> Result<Zeroizing<String>, Failure> {
    loop {
        let line = prompt.secret(label)?;
        if characters(&line) > 0 {
            return Ok(line);
        }
    }
}

/// Shows the groups that would change, and asks. `None`: nothing to offer, or the person said no.
pub fn offer(prompt: Prompt, error: &CodeError, typed: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(correction) = error.correction().filter(|_| prompt.is_interactive()) else {
        return Ok(None);
    };
    let groups: Vec<&str> = correction.expose_line().split('-').collect();
    for group in error.groups() {
        let meant = usize::from(group.number)
            .checked_sub(1)
            .and_then(|index| groups.get(index))
            .copied()
            .unwrap_or_default();
        say(format_args!(
            "Group {} does not fit. Did you mean {meant}?",
            group.number
        ));
    }
    if !prompt.confirm("Compare it with what was read out. Is it so?")? {
        return Ok(None);
    }
    Ok(correction.apply_to(typed))
}
