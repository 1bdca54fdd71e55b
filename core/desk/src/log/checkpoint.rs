//! What a checkpoint says (C2SP tlog-checkpoint): which log, how many entries, their root. It is the text of a
//! [`SignedNote`](super::SignedNote).

use alloc::format;
use alloc::string::{String, ToString};

use base64ct::{Base64, Encoding};

use super::tree::{MAX_SIZE, TreeHash};
use fido_unlock_protocol::note::KeyName;

/// The name of a log, in all its checkpoints' first line, and that of the key that signs them.
pub type Origin = KeyName;

/// How a log stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The log.
    pub origin: Origin,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
}

/// A text that is no checkpoint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not as a checkpoint has it")]
pub struct TreeHeadError {
    /// From 1.
    pub line: usize,
}

impl TreeHead {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let root = Base64::encode_string(&self.root.0);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// From a note's text. Lines behind the third are somebody's extensions and mean nothing here.
    ///
    /// # Errors
    /// [`TreeHeadError`], with the line.
    pub fn parse(text: &str) -> Result<Self, TreeHeadError> {
        let bad = |line| TreeHeadError { line };
        let text = text.strip_suffix('\n').ok_or(bad(1))?;
        let mut lines = text.split('\n');
        let origin = lines
            .next()
            .map(KeyName::new)
            .and_then(Result::ok)
            .ok_or(bad(1))?;
        let size = lines
            .next()
            .and_then(number)
            .filter(|size| *size <= MAX_SIZE)
            .ok_or(bad(2))?;
        let root = lines.next().and_then(hash_of).ok_or(bad(3))?;
        match lines.position(str::is_empty) {
            Some(at) => Err(bad(at + 4)),
            None => Ok(Self { origin, size, root }),
        }
    }
}

/// A decimal number as C2SP writes it: digits, without leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse::<u64>()
        .ok()
        .filter(|number| number.to_string() == text)
}

/// 32 bytes in base64 (RFC 4648, section 4).
pub(super) fn hash_of(text: &str) -> Option<TreeHash> {
    let mut hash = [0; 32];
    let decoded = Base64::decode(text, &mut hash).ok()?;
    (decoded.len() == 32).then_some(TreeHash(hash))
}
