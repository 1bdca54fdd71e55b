//! What goes wrong with a service that runs elsewhere.

use core::fmt::{self, Display};

use fido_unlock_protocol::{ErrorCode, HasCode, Shown};
use serde::Deserialize;

/// Why the service did not do it (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// HTTP's number for it.
    pub status: u16,
    /// What happened, in the language that was asked for.
    pub detail: String,
    /// The number in the error table; none for what HTTP alone knows.
    pub number: Option<u16>,
    /// What to do now.
    #[serde(default)]
    pub next_step: String,
}

impl HasCode for Problem {
    fn code(&self) -> ErrorCode {
        let known = self.number.and_then(ErrorCode::from_number);
        known.unwrap_or(match self.status {
            // No token, or one that counts no more.
            401 => ErrorCode::OperatorUnknown,
            408 | 429 | 503 | 504 => ErrorCode::DeskUnreachable,
            400..500 => ErrorCode::InvalidArgument,
            _ => ErrorCode::HostFailed,
        })
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.detail))?;
        // What the table does not tell: a row of a later version, or what has none.
        let told = self.number.and_then(ErrorCode::from_number).is_some();
        if !told && !self.next_step.is_empty() {
            write!(f, " {}", Shown(&self.next_step))?;
        }
        Ok(())
    }
}

/// What goes wrong with a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// It refused, and says why.
    #[error("{0}")]
    Refused(Problem),
    /// It cannot be reached, or the connection broke.
    #[error("{}: {detail}", ErrorCode::DeskUnreachable)]
    Unreachable {
        /// What the network or TLS says.
        detail: String,
    },
    /// It answered with what is not of this API.
    #[error("what answers there is no help desk, or one of another version: {detail}")]
    NotTheProtocol {
        /// What is wrong with it.
        detail: String,
    },
    /// No random bytes for the key of a request.
    #[error("{}", ErrorCode::EntropyFailed)]
    Entropy,
}

impl HasCode for RemoteError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(problem) => problem.code(),
            Self::Unreachable { .. } => ErrorCode::DeskUnreachable,
            Self::NotTheProtocol { .. } => ErrorCode::HostFailed,
            Self::Entropy => ErrorCode::EntropyFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, number: Option<u16>) -> Problem {
        Problem {
            status,
            detail: "detail\u{1b}[2K".into(),
            number,
            next_step: "next".into(),
        }
    }

    #[test]
    fn a_refusal_is_a_row_of_the_table_wherever_there_is_one() {
        assert_eq!(problem(403, Some(409)).code(), ErrorCode::ApprovalMissing);
        assert_eq!(problem(401, None).code(), ErrorCode::OperatorUnknown);
        assert_eq!(problem(429, None).code(), ErrorCode::DeskUnreachable);
        assert_eq!(problem(404, None).code(), ErrorCode::InvalidArgument);
        assert_eq!(problem(500, Some(9999)).code(), ErrorCode::HostFailed);
    }

    #[test]
    fn nothing_in_its_text_acts_on_a_terminal() {
        assert_eq!(problem(403, Some(409)).to_string(), "detail\\u{1b}[2K");
        assert_eq!(problem(429, None).to_string(), "detail\\u{1b}[2K next");
    }
}
