//! Who gets the next key: from a list, or from the operator.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock::desk::UserId;
use fido_unlock::host::ports::Cancel;

use crate::brought::{form, numbered_lines, read_text};
use crate::commands::desk::{NO_USER_ID, user_id};
use crate::failure::Failure;
use crate::prompt::Prompt;

/// Between two looks at the cancel flag.
const SLICE: Duration = Duration::from_millis(50);

/// The owners to come.
pub enum Owners {
    /// In this order.
    Listed(VecDeque<UserId>),
    /// Asked for one by one.
    Asked(Prompt),
}

/// What the operator says of a key.
pub enum Owner {
    /// It is theirs.
    Is(UserId),
    /// Nothing was typed: leave the key as it is.
    Skip,
    /// No more keys.
    End,
}

impl Owners {
    /// `list`: a file with one id a line; empty lines do not count.
    pub fn new(list: Option<&Path>, prompt: Prompt) -> Result<Self, Failure> {
        let Some(path) = list else {
            return Ok(Self::Asked(prompt));
        };
        let text = read_text(path)?;
        let owner =
            |(number, name)| user_id(name).map_err(|_| form(path, &format!("line {number}: {NO_USER_ID}")));
        Ok(Self::Listed(
            numbered_lines(&text).map(owner).collect::<Result<_, _>>()?,
        ))
    }

    /// Whether the list is at its end.
    pub fn is_done(&self) -> bool {
        self.left() == Some(0)
    }

    /// How many the list still has.
    pub fn left(&self) -> Option<usize> {
        match self {
            Self::Listed(names) => Some(names.len()),
            Self::Asked(_) => None,
        }
    }

    /// The next one, who stays the next until [`Owners::has_got_it`].
    pub fn next(&self, cancel: &dyn Cancel) -> Result<Owner, Failure> {
        match self {
            Self::Listed(names) => Ok(names.front().cloned().map_or(Owner::End, Owner::Is)),
            Self::Asked(prompt) => ask(*prompt, cancel),
        }
    }

    /// The key was enrolled for them.
    pub fn has_got_it(&mut self) {
        if let Self::Listed(names) = self {
            names.pop_front();
        }
    }
}

/// On a thread of its own, since a line that is waited for cannot be cancelled; it ends with the process.
fn ask(prompt: Prompt, cancel: &dyn Cancel) -> Result<Owner, Failure> {
    let (sender, answers) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || sender.send(prompt.text_or_end("User of this key (empty: skip it)")))
        .map_err(|error| Failure::new(ErrorCode::HostFailed, error.to_string()))?;
    loop {
        match answers.recv_timeout(SLICE) {
            Ok(answer) => {
                // A signal at the question, which the cancel flag has, too.
                if answer
                    .as_ref()
                    .is_err_and(|failure| failure.code == ErrorCode::Cancelled)
                {
                    return Ok(Owner::End);
                }
                return Ok(match answer?.as_deref() {
                    None => Owner::End,
                    Some("") => Owner::Skip,
                    Some(name) => Owner::Is(user_id(name)?),
                });
            }
            Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
            Err(_) => return Ok(Owner::End),
        }
    }
}
