//! `code check` and `code speak`.

use fido_unlock::code::{CodeKind, Inspection, characters, inspect, spoken};
use zeroize::Zeroizing;

use super::typed_code::filled_line;
use crate::args::Code;
use crate::failure::Failure;
use crate::output::Report;
use crate::prompt::Prompt;

/// Judges or spells a code.
pub fn run(args: &Code, prompt: Prompt) -> Result<Report, Failure> {
    let code = read(prompt)?;
    let found = inspect(&code).map_err(|error| Failure::of_code(&error))?;
    match args {
        Code::Check => Ok(check(&found)),
        Code::Speak => {
            let spoken = spoken(&code);
            Ok(Report::new()
                .field("kinds", names(&found))
                .secret("spoken", spoken))
        }
    }
}

fn check(found: &[Inspection]) -> Report {
    let report = found
        .iter()
        .fold(Report::new(), |report, what| report.line(sentence(*what)));
    report.field("good", true).field("kinds", names(found))
}

fn names(found: &[Inspection]) -> Vec<&'static str> {
    found.iter().map(|what| name(*what)).collect()
}

fn name(what: Inspection) -> &'static str {
    match what {
        Inspection::Line(CodeKind::DeviceId) => "device_id",
        Inspection::Line(CodeKind::DeviceChallenge) => "device_challenge",
        Inspection::Line(_) | Inspection::FourLines => "response_code",
        _ => "hex",
    }
}

fn sentence(what: Inspection) -> String {
    match what {
        Inspection::Line(CodeKind::ResponseLong(line)) => {
            format!("This is line {line} of a Response Code of four lines.")
        }
        Inspection::Line(kind) => format!("This is a {} without a typing error.", kind.name()),
        Inspection::FourLines => "This is a Response Code of four lines without a typing error.".into(),
        _ => "These are 32 hexadecimal digits, a code of suite 3: it has no check, so a typing error is \
              not noticed."
            .into(),
    }
}

/// One line; of a long code, three more.
fn read(prompt: Prompt) -> Result<Zeroizing<String>, Failure> {
    let first = prompt.secret("Code")?;
    // Nothing else has this length.
    if characters(&first) != CodeKind::ResponseLong(1).length() {
        return Ok(first);
    }
    let mut all = Zeroizing::new(String::with_capacity(4 * 4096 + 4));
    all.push_str(&first);
    for line in 2..=4 {
        all.push('\n');
        all.push_str(&filled_line(prompt, &format!("Code, line {line} of 4"))?);
    }
    Ok(all)
}
