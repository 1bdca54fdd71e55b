//! The person at the terminal; with `--yes`, every person's part is played.

use std::io::{BufRead, Write, stdin, stdout};

use fido_unlock::{ErrorCode, Pin};
use zeroize::Zeroizing;

use crate::report::Failure;

/// Who types.
pub struct Person {
    played: bool,
    quiet: bool,
}

fn nobody_there() -> Failure {
    Failure::new(
        ErrorCode::NotInteractive,
        "nobody is at a terminal: with --yes, every person's part is played",
    )
}

impl Person {
    /// `played`: nobody is there. `quiet`: print nothing that is played.
    pub fn new(played: bool, quiet: bool) -> Self {
        Self { played, quiet }
    }

    /// Whether somebody can be asked again.
    pub fn is_there(&self) -> bool {
        !self.played
    }

    /// Asks for text that may be seen. `part`: the answer if nobody is there.
    pub fn ask(&mut self, question: &str, part: &str) -> Result<Zeroizing<String>, Failure> {
        if self.played {
            self.show(question, part);
            return Ok(Zeroizing::new(part.into()));
        }
        print!("{question}: ");
        let _ = stdout().flush();
        let mut line = Zeroizing::new(String::new());
        match stdin().lock().read_line(&mut line) {
            Ok(read) if read > 0 => Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).into())),
            _ => Err(nobody_there()),
        }
    }

    /// The same for text that nobody here can know by heart: it is shown, and Enter accepts it.
    pub fn ask_hinted(&mut self, question: &str, part: &str) -> Result<Zeroizing<String>, Failure> {
        if self.played {
            return self.ask(question, part);
        }
        let typed = self.ask(&format!("{question} (Enter: {part})"), part)?;
        Ok(if typed.is_empty() {
            Zeroizing::new(part.into())
        } else {
            typed
        })
    }

    /// Asks for a code of several lines; an empty line ends it.
    pub fn ask_lines(
        &mut self,
        question: &str,
        lines: usize,
        part: &str,
    ) -> Result<Zeroizing<String>, Failure> {
        if self.played || lines == 1 {
            return self.ask(question, part);
        }
        let mut all = Zeroizing::new(String::with_capacity(1024));
        for number in 1..=lines {
            all.push_str(&self.ask(&format!("{question}, line {number} of {lines}"), "")?);
            all.push('\n');
        }
        Ok(all)
    }

    /// Asks for a PIN, which is not echoed.
    pub fn ask_pin(&mut self, question: &str, part: &str) -> Result<Pin, Failure> {
        if self.played {
            self.show(question, &"*".repeat(part.len()));
            return Ok(Pin::new(part.into()));
        }
        rpassword::prompt_password(format!("{question}: "))
            .map(Pin::new)
            .map_err(|_| nobody_there())
    }

    fn show(&self, question: &str, answer: &str) {
        if !self.quiet {
            println!("{question}: {}", answer.replace('\n', "\n    "));
        }
    }
}
