//! A wrong command line, told without what was typed: it may be a PIN in the wrong place. So clap's own
//! message, which repeats it, is not used.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// What is wrong, and the option that is meant where that is known.
pub fn failure(error: &clap::Error) -> Failure {
    let kind = error.kind();
    if kind == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage("a command is missing");
    }
    let mut text = kind
        .as_str()
        .unwrap_or("the command line is not valid")
        .to_owned();
    // These name options of this program; the others repeat what was typed.
    let named = match kind {
        ErrorKind::MissingRequiredArgument
        | ErrorKind::InvalidValue
        | ErrorKind::ValueValidation
        | ErrorKind::NoEquals
        | ErrorKind::ArgumentConflict
        | ErrorKind::TooFewValues
        | ErrorKind::TooManyValues
        | ErrorKind::WrongNumberOfValues => error.get(ContextKind::InvalidArg),
        _ => None,
    };
    if let Some(named) = named {
        text.push_str(": ");
        text.push_str(&join(named));
    }
    // An option that is none is named where it cannot be a secret, and what is meant where that is known.
    if kind == ErrorKind::UnknownArgument
        && let Some(word) = error.get(ContextKind::InvalidArg).map(join)
        && is_option(&word)
    {
        text.push_str(": ");
        text.push_str(&word);
    }
    for (label, kind) in [
        ("did you mean", ContextKind::SuggestedSubcommand),
        ("did you mean", ContextKind::SuggestedArg),
        ("possible values", ContextKind::ValidValue),
        ("commands", ContextKind::ValidSubcommand),
    ] {
        if let Some(values) = error.get(kind).map(join).filter(|values| !values.is_empty()) {
            text.push_str(&format!("; {label}: {values}"));
        }
    }
    Failure::usage(text)
}

/// Two hyphens and a word of small letters: a PIN or a password is not typed like that.
fn is_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 20
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    })
}

fn join(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(values) => values.join(", "),
        other => other.to_string(),
    }
}
