//! Where there are no such signals.

use std::io::{self, BufRead, Read, Write};

use zeroize::Zeroizing;

use crate::{Answer, Echo};

/// Asks for an answer of at most `limit` bytes.
///
/// # Errors
/// There is no terminal, or it cannot be read.
pub fn ask(question: &str, echo: Echo, limit: usize) -> io::Result<Answer> {
    let line = match echo {
        Echo::Off => Zeroizing::new(rpassword::prompt_password(question)?.into_bytes()),
        Echo::On => {
            let mut error = io::stderr();
            write!(error, "{question}").and_then(|()| error.flush())?;
            let mut line = Zeroizing::new(Vec::new());
            let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(2);
            io::stdin().lock().take(most).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(Answer::End);
            }
            while line.last().is_some_and(|last| matches!(last, b'\r' | b'\n')) {
                line.pop();
            }
            line
        }
    };
    if line.len() > limit {
        return Ok(Answer::TooLong);
    }
    Ok(Answer::Line(line))
}
