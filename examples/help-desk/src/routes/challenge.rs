//! The challenge field while it is typed or pasted: how much is there, and which group is wrong.

use askama::Template;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::code::characters;
use fido_unlock::{Challenge, ErrorCode, HasCode, Suite};
use fido_unlock_texts::Texts;
use serde::Deserialize;

use crate::language;
use crate::page::html;
use crate::refusal::Refusal;

/// Characters of a Device Challenge, in each suite.
const CHALLENGE_LENGTH: usize = 32;

#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    challenge: String,
    suite: u8,
}

/// How much of a challenge is there, and what is wrong with it, while it is typed or pasted. Nothing is recorded.
#[derive(Template)]
#[template(path = "counted.html")]
pub(super) struct Counted {
    t: &'static Texts,
    characters: usize,
    state: Check,
}

enum Check {
    NotYet,
    Complete { checked: bool },
    Wrong(Refusal),
}

impl Counted {
    pub(super) fn of(suite: Suite, text: &str) -> Self {
        let characters = characters(text);
        let state = match Challenge::parse(suite, text) {
            Ok(_) => Check::Complete {
                checked: suite != Suite::AesAdminKey,
            },
            Err(error) if error.code() == ErrorCode::CodeLength && characters < CHALLENGE_LENGTH => {
                Check::NotYet
            }
            Err(error) => Check::Wrong(Refusal::from(error)),
        };
        Self {
            t: language::spoken(),
            characters,
            state,
        }
    }
}

/// The field as it is now.
pub(super) async fn check(Form(part): Form<Part>) -> Result<Response, Refusal> {
    let suite = Suite::from_number(part.suite).ok_or(ErrorCode::CodeSuite)?;
    Ok(html(StatusCode::OK, &Counted::of(suite, &part.challenge)))
}
