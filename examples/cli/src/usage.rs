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
    for (label, kind) in [
        ("possible values", ContextKind::ValidValue),
        ("commands", ContextKind::ValidSubcommand),
    ] {
        if let Some(values) = error.get(kind).map(join).filter(|values| !values.is_empty()) {
            text.push_str(&format!("; {label}: {values}"));
        }
    }
    Failure::usage(text)
}

fn join(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(values) => values.join(", "),
        other => other.to_string(),
    }
}
