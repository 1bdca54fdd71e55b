#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod argument;
mod code;
mod language;

use std::fmt;

use fido_unlock_protocol::error::ErrorCode;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub use argument::Argument;
pub use language::Language;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The texts of one language.
pub struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({})", self.language.tag())
    }
}

impl Texts {
    fn read(language: Language, sources: &[&str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // Pages isolate what they put in by their own means.
        bundle.set_use_isolating(false);
        for source in sources {
            // What could not be read did not pass the build.
            let resource = match FluentResource::try_new((*source).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self { language, bundle }
    }

    /// Which language it is.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What a row of the error table says: what happened, without an end, as in "device not locked".
    #[must_use]
    pub fn error(&self, code: ErrorCode) -> String {
        self.say(&format!("error-{}", code.number()), &[])
    }

    /// What to do about it, in whole sentences.
    #[must_use]
    pub fn next_step(&self, code: ErrorCode) -> String {
        self.say_part(&format!("error-{}", code.number()), Some("next"), &[])
    }

    fn say(&self, id: &str, values: &[(&'static str, FluentValue<'_>)]) -> String {
        self.say_part(id, None, values)
    }

    fn say_part(&self, id: &str, part: Option<&str>, values: &[(&'static str, FluentValue<'_>)]) -> String {
        let message = self.bundle.get_message(id);
        let pattern = message.and_then(|message| match part {
            None => message.value(),
            Some(part) => message.get_attribute(part).map(|attribute| attribute.value()),
        });
        let Some(pattern) = pattern else {
            return id.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        text.into_owned()
    }
}
