//! What a person types. PINs, passphrases and Response Codes are never shown while they are typed and
//! never taken from the command line: a list of processes and a shell's history show those.

use std::io::{self, BufRead, IsTerminal};
use std::sync::{Mutex, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{judge_new_secret, opaque};
use fido_unlock::text::{self, Lines};
#[cfg(unix)]
pub use fido_unlock_terminal::leave_no_core;
use fido_unlock_terminal::{Answer, Echo, ask};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Longest line that is taken, in bytes.
const LONGEST: usize = 4096;

/// Asks at the terminal or, with `--stdin`, reads one value a line.
#[derive(Clone, Copy, Debug)]
pub struct Prompt {
    stdin: bool,
}

impl Prompt {
    /// `stdin`: whether `--stdin` was given.
    pub const fn new(stdin: bool) -> Self {
        Self { stdin }
    }

    /// Whether there is a person who can be asked again.
    pub fn is_interactive(self) -> bool {
        !self.stdin
    }

    /// A secret; nothing is shown while it is typed.
    pub fn secret(self, label: &str) -> Result<Zeroizing<String>, Failure> {
        if self.stdin {
            return line_or_end(label)?.ok_or_else(|| ended(label));
        }
        self.terminal(label)?;
        at_terminal(label, Echo::Off)?.ok_or_else(|| ended(label))
    }

    /// A new password or passphrase, typed twice; one that is too short or too common is refused at once. `guessable`:
    /// what somebody would try first, such as the operator's name.
    pub fn new_secret(self, label: &str, guessable: &[&str]) -> Result<Zeroizing<String>, Failure> {
        let first = self.secret(label)?;
        judge_new_secret(&first, guessable).map_err(|code| Failure::new(code, label))?;
        let second = self.secret(&format!("{label} again"))?;
        // One of them may be typed on another keyboard.
        if *opaque(&first) != *opaque(&second) {
            return Err(Failure::usage(format!("{label}: the two entries differ")));
        }
        Ok(first)
    }

    /// Something that is no secret; shown while it is typed.
    pub fn text(self, label: &str) -> Result<String, Failure> {
        self.text_or_end(label)?.ok_or_else(|| ended(label))
    }

    /// The same; `None` at the end of the input.
    pub fn text_or_end(self, label: &str) -> Result<Option<String>, Failure> {
        let line = if self.stdin {
            line_or_end(label)?
        } else {
            self.terminal(label)?;
            at_terminal(label, Echo::On)?
        };
        Ok(line.map(|line| line.trim().to_owned()))
    }

    /// An option's value, or what the person types. With `--stdin` the option must be there.
    pub fn or_text(self, given: Option<&str>, option: &str, label: &str) -> Result<String, Failure> {
        match given {
            Some(value) => Ok(value.to_owned()),
            None if self.stdin => Err(Failure::usage(format!("--stdin needs {option}"))),
            None => self.text(label),
        }
    }

    /// Yes or no; with `--stdin` always no.
    pub fn confirm(self, question: &str) -> Result<bool, Failure> {
        if self.stdin {
            return Ok(false);
        }
        let answer = self.text(&format!("{question} [y/N]"))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn terminal(self, label: &str) -> Result<(), Failure> {
        if io::stdin().is_terminal() {
            Ok(())
        } else {
            Err(Failure::new(ErrorCode::NotInteractive, label))
        }
    }
}

fn ended(label: &str) -> Failure {
    Failure::usage(format!("the input ended before this: {label}"))
}

/// A line that is no text, with what was asked.
fn unread(error: text::TextError, label: &str) -> Failure {
    let mut failure = Failure::from(error);
    let said = failure.detail.unwrap_or_default();
    failure.detail = Some(format!("{label}: {said}"));
    failure
}

/// Standard input, which stays in its encoding from the first line on.
static INPUT: Mutex<Option<Lines>> = Mutex::new(None);

fn line_or_end(label: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let mut kept = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = kept.get_or_insert_with(|| Lines::new(LONGEST));
    let mut input = io::stdin().lock();
    loop {
        let bytes = input
            .fill_buf()
            .map_err(|error| Failure::usage(format!("standard input cannot be read: {label}: {error}")))?;
        if bytes.is_empty() {
            return lines.finish().map_err(|error| unread(error, label));
        }
        let (taken, line) = lines.push(bytes);
        input.consume(taken);
        if let Some(line) = line {
            return line.map(Some).map_err(|error| unread(error, label));
        }
    }
}

fn at_terminal(label: &str, echo: Echo) -> Result<Option<Zeroizing<String>>, Failure> {
    let answer = ask(&format!("{label}: "), echo, LONGEST)
        .map_err(|error| Failure::new(ErrorCode::NotInteractive, format!("{label}: {error}")))?;
    match answer {
        Answer::Line(line) => text::read(&line).map(Some).map_err(|error| unread(error, label)),
        Answer::End => Ok(None),
        Answer::Ended => Err(ErrorCode::Cancelled.into()),
        Answer::TooLong => Err(unread(text::TextError::TooLong { limit: LONGEST }, label)),
    }
}
