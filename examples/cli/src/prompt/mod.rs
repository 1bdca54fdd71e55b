//! What a person types. PINs, passphrases and Response Codes are never shown while they are typed and
//! never taken from the command line: a list of processes and a shell's history show those.

use std::io::{self, BufRead, IsTerminal, Write};

use fido_unlock::ErrorCode;
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
            return read_line(label);
        }
        self.terminal(label)?;
        rpassword::prompt_password(format!("{label}: "))
            .map(Zeroizing::new)
            .map_err(|error| Failure::new(ErrorCode::NotInteractive, error.to_string()))
    }

    /// A new secret, typed twice; no line of it may be empty.
    pub fn new_secret(self, label: &str) -> Result<Zeroizing<String>, Failure> {
        let first = self.secret(label)?;
        let second = self.secret(&format!("{label} again"))?;
        if first.is_empty() {
            return Err(Failure::usage(format!("{label}: it must not be empty")));
        }
        if *first != *second {
            return Err(Failure::usage(format!("{label}: it was not the same twice")));
        }
        Ok(first)
    }

    /// Something that is no secret; shown while it is typed.
    pub fn text(self, label: &str) -> Result<String, Failure> {
        self.text_or_end(label)?.ok_or_else(|| ended(label))
    }

    /// The same; `None` at the end of standard input.
    pub fn text_or_end(self, label: &str) -> Result<Option<String>, Failure> {
        if !self.stdin {
            self.terminal(label)?;
            eprint!("{label}: ");
            // Without it the person sees no question; the answer is read all the same.
            let _ = io::stderr().flush();
        }
        let line = line_or_end(label)?;
        Ok(line.map(|line| line.trim().to_owned()))
    }

    /// An option's value, or what the person types. With `--stdin` the option must be there.
    pub fn or_text(self, given: Option<&str>, option: &str, label: &str) -> Result<String, Failure> {
        match given {
            Some(value) => Ok(value.to_owned()),
            None if self.stdin => Err(Failure::usage(format!("with --stdin, {option} is wanted"))),
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
    Failure::usage(format!("standard input ended before: {label}"))
}

/// One line of standard input without its end.
fn read_line(label: &str) -> Result<Zeroizing<String>, Failure> {
    line_or_end(label)?.ok_or_else(|| ended(label))
}

fn line_or_end(label: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let failed = |_| Failure::usage(format!("standard input cannot be read: {label}"));
    // As large as it becomes: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut input = io::stdin().lock();
    loop {
        let buffer = input.fill_buf().map_err(failed)?;
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        let part = buffer.get(..used).unwrap_or_default();
        if bytes.len() + part.len() > LONGEST {
            return Err(Failure::usage(format!("a line is too long: {label}")));
        }
        let nothing = buffer.is_empty() && bytes.is_empty();
        let newline = usize::from(!buffer.is_empty() && ended);
        bytes.extend_from_slice(part);
        input.consume(used + newline);
        if nothing {
            return Ok(None);
        }
        if ended {
            break;
        }
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::usage(format!("not UTF-8: {label}")))?;
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    out.push_str(text);
    Ok(Some(out))
}
