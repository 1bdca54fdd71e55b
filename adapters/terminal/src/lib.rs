//! What a person types at the terminal: PINs, passwords and passphrases are not shown while they are typed, and the
//! terminal is as it was before, whatever ends the program meanwhile.

#![deny(missing_docs)]

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use zeroize::Zeroizing;

#[cfg(not(unix))]
pub use other::ask;
#[cfg(unix)]
pub use unix::{ask, leave_no_core};

/// Whether what is typed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What came of a question.
pub enum Answer {
    /// A line without its end.
    Line(Zeroizing<Vec<u8>>),
    /// Ctrl-D.
    End,
    /// A signal to end, which the program has a handler for.
    Ended,
    /// More than the limit; it was thrown away.
    TooLong,
}
