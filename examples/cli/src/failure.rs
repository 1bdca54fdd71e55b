//! What a command fails with: a row of the error table, and what is particular to this case.

use std::fmt::Display;
use std::io;
use std::path::Path;

use fido_unlock::code::CodeError;
use fido_unlock::desk::{DeskError, WrongRow, WrongRows};
use fido_unlock::{ErrorCode, HasCode};

use crate::output::shown;

/// Why a command failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The row of the table.
    pub code: ErrorCode,
    /// More than the row's own text says; never a PIN, Response Code or key.
    pub detail: Option<String>,
    /// The groups of a code to compare again.
    pub groups: Vec<u8>,
    /// The line of a Response Code of four lines, from 1.
    pub line: Option<u8>,
    /// Rows that are not as the desk wrote them.
    pub rows: Vec<WrongRow>,
}

impl Failure {
    /// A row and what is particular to this case.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: Some(detail.into()),
            groups: Vec::new(),
            line: None,
            rows: Vec::new(),
        }
    }

    /// A wrong command line.
    pub fn usage(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Usage, detail)
    }

    /// A file or folder that would be overwritten.
    pub fn exists(path: &Path, more: &str) -> Self {
        Self::usage(format!("{} exists{more}", shown(path.display())))
    }

    /// A file that cannot be read.
    pub fn read(path: &Path, error: &io::Error) -> Self {
        Self::new(
            ErrorCode::StoreRead,
            format!("{}: {error}", shown(path.display())),
        )
    }

    /// A file that cannot be written.
    pub fn write(path: &Path, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::StoreFull,
            _ => ErrorCode::StoreWrite,
        };
        Self::new(code, format!("{}: {error}", shown(path.display())))
    }

    /// What is wrong with a file, with its name.
    pub fn at(path: &Path, error: &(impl HasCode + Display)) -> Self {
        Self::new(error.code(), format!("{}: {error}", shown(path.display())))
    }

    /// A file of this program's own that was read but makes no sense, and why.
    pub fn corrupt(path: &Path, what: &str) -> Self {
        Self::new(
            ErrorCode::StoreCorrupt,
            format!("{}: {what}", shown(path.display())),
        )
    }

    /// A code that was refused, with its groups.
    pub fn of_code(error: &CodeError) -> Self {
        let mut failure = Self::of(error);
        failure.groups = error.groups().iter().map(|group| group.number).collect();
        failure.line = match error {
            CodeError::InLine { line, .. } => Some(*line),
            _ => None,
        };
        failure
    }

    /// Rows that are wrong, each in its line.
    fn of_rows(found: &WrongRows) -> Self {
        let mut lines: Vec<String> = found.wrong.iter().map(WrongRow::to_string).collect();
        if found.more > 0 {
            lines.push(format!("and {} more", found.more));
        }
        Self {
            rows: found.wrong.clone(),
            ..Self::new(found.code(), lines.join("\n  "))
        }
    }

    /// What the desk says, with the groups of a code, or the rows that are wrong.
    pub fn of_desk(error: &DeskError) -> Self {
        match error {
            DeskError::Challenge(code) => Self::of_code(code),
            DeskError::Counter {
                explained_by: Some(request),
                ..
            } => Self::new(
                error.code(),
                format!("{error}; if the caller has used it: `desk done --request {request}`"),
            ),
            DeskError::ChallengeElsewhere { device } => Self::new(
                error.code(),
                format!(
                    "it was answered for {device}; after a slip at this desk, `challenge --renew` shows this caller a new one"
                ),
            ),
            DeskError::Rows(found) => Self::of_rows(found),
            // It stood in a file of rules.
            DeskError::RuleTooShort { rule, least } => {
                Self::usage(format!("{} must be {least} at least", rule.name()))
            }
            other => Self::of(other),
        }
    }

    fn of(error: &(impl HasCode + Display)) -> Self {
        let (code, text) = (error.code(), error.to_string());
        Self {
            code,
            detail: (text != code.message()).then_some(text),
            groups: Vec::new(),
            line: None,
            rows: Vec::new(),
        }
    }
}

impl<E: HasCode + Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}
