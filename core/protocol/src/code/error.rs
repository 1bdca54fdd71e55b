//! What can be wrong with a typed code.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{CodeKind, base32};
use crate::error::{ErrorCode, HasCode};

/// A group of four characters that holds a wrong one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Its number in its line, from 1.
    pub number: u8,
    /// The group as it was typed, in capitals; `None` for a Response Code, which is secret.
    pub text: Option<String>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group {}", self.number)?;
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

/// A proposal for a line with one wrong character or one swap of neighbours: to be shown to the
/// person, who confirms it or not, never to be used unasked.
///
/// It may be a Response Code, so `Debug` says nothing and it is wiped when dropped.
#[derive(Clone)]
pub struct Correction {
    kind: CodeKind,
    line: Zeroizing<String>,
}

impl Correction {
    pub(super) fn new(kind: CodeKind, line: Zeroizing<String>) -> Self {
        Self { kind, line }
    }

    /// What the line is.
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        self.kind
    }

    /// The whole proposed line, in groups of four.
    #[must_use]
    pub fn expose_line(&self) -> &str {
        &self.line
    }

    /// The text that was typed with the proposal in it: the line itself or, for a Response Code of
    /// four lines, all four with this one replaced. `None` when `typed` is not the text that this
    /// proposal was made for.
    #[must_use]
    pub fn apply_to(&self, typed: &str) -> Option<Zeroizing<String>> {
        let CodeKind::ResponseLong(number) = self.kind else {
            return Some(self.line.clone());
        };
        let typed = base32::read_lines(typed).ok()?;
        let lines = base32::four_lines(&typed, self.kind.length())?;
        let mut out = Zeroizing::new(String::with_capacity(4 * 40));
        for (own, symbols) in (1..=4).zip(&lines) {
            if own > 1 {
                out.push('\n');
            }
            out.push_str(if own == number { &self.line } else { "" });
            if own != number {
                out.push_str(&base32::write_groups(symbols));
            }
        }
        Some(out)
    }
}

impl fmt::Debug for Correction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Correction")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Correction {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && bool::from(self.line.as_bytes().ct_eq(other.line.as_bytes()))
    }
}

impl Eq for Correction {}

/// Why a code was refused. It never holds a Response Code or a part of one, except in the
/// [`Correction`], which shows it to nobody who does not ask for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Too short or too long; what is skipped is not counted.
    #[error("the code has the wrong length: {got} instead of {expected}")]
    Length {
        /// Characters (of a text) or bytes (of a byte string) that the code has.
        expected: usize,
        /// Those that were given.
        got: usize,
    },
    /// A character that is in no code, such as U.
    #[error("character {position}{} is in no code", Quoted(.character))]
    Character {
        /// Which one, from 1; what is skipped is not counted.
        position: usize,
        /// The character as typed; `None` in a Response Code.
        character: Option<char>,
    },
    /// The check characters do not fit.
    #[error("{}", Checked(.groups))]
    Check {
        /// The groups that hold the wrong characters, when there are one or two wrong ones;
        /// otherwise empty.
        groups: Vec<Group>,
        /// What may have been meant; only from an [`Entry`](super::Entry), and only the first time.
        correction: Option<Correction>,
    },
    /// A good code, but of another kind.
    #[error("{}", Mixed(*.expected, *.found))]
    Kind {
        /// What the field takes.
        expected: CodeKind,
        /// What was typed.
        found: CodeKind,
    },
    /// A good line of a Response Code of four lines, but in another line's place.
    #[error("this is line {found_line} of the Response Code, not line {expected_line}")]
    Order {
        /// The place, 1 to 4.
        expected_line: u8,
        /// The line that was found there, 1 to 4.
        found_line: u8,
    },
    /// Left-over bits are not zero: the code was not made by this protocol.
    #[error("the code's left-over bits are not zero")]
    Padding,
    /// A Device Challenge of another version than 1.
    #[error("the challenge has a version that this software does not know")]
    Version,
    /// A Device Challenge of another suite than 1 or 2, or not of the suite asked for.
    #[error("the challenge names a suite that this software does not know")]
    Suite,
    /// An error in one line of a Response Code of four.
    #[error("line {line}: {error}")]
    InLine {
        /// The line, from 1.
        line: u8,
        /// What is wrong there; positions and groups count within that line.
        error: Box<CodeError>,
    },
}

impl CodeError {
    /// The groups to compare again; empty when it is not known which.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        match self {
            Self::Check { groups, .. } => groups,
            Self::InLine { error, .. } => error.groups(),
            _ => &[],
        }
    }

    /// What may have been meant, to be confirmed by the person.
    #[must_use]
    pub fn correction(&self) -> Option<&Correction> {
        match self {
            Self::Check { correction, .. } => correction.as_ref(),
            Self::InLine { error, .. } => error.correction(),
            _ => None,
        }
    }

    pub(super) fn in_line(self, line: u8) -> Self {
        match self {
            // Names its line itself.
            Self::Order { .. } => self,
            error => Self::InLine {
                line,
                error: Box::new(error),
            },
        }
    }
}

impl HasCode for CodeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Length { .. } => ErrorCode::CodeLength,
            Self::Character { .. } => ErrorCode::CodeCharacter,
            Self::Check { .. } => ErrorCode::CodeCheck,
            Self::Kind { .. } => ErrorCode::CodeKind,
            Self::Order { .. } => ErrorCode::CodeOrder,
            Self::Padding => ErrorCode::CodePadding,
            Self::Version => ErrorCode::CodeVersion,
            Self::Suite => ErrorCode::CodeSuite,
            Self::InLine { error, .. } => error.code(),
        }
    }
}

struct Quoted<'a>(&'a Option<char>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debug: a control character must not reach a terminal.
        self.0.map_or(Ok(()), |character| write!(f, " ({character:?})"))
    }
}

struct Checked<'a>(&'a [Group]);

impl fmt::Display for Checked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("the code has a typing error: check every group"),
            [first, more @ ..] => {
                write!(f, "check {first}")?;
                more.iter().try_for_each(|group| write!(f, " and {group}"))
            }
        }
    }
}

struct Mixed(CodeKind, CodeKind);

impl fmt::Display for Mixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(expected, found) = *self;
        if expected.is_response() && found.is_response() {
            let wanted = match expected {
                CodeKind::ResponseLong(_) => "a Response Code of four lines",
                _ => "a Response Code of one line",
            };
            match found {
                CodeKind::ResponseLong(line) => {
                    write!(
                        f,
                        "this is line {line} of a Response Code of four lines, not {wanted}"
                    )
                }
                _ => write!(f, "this is a Response Code of one line, not {wanted}"),
            }
        } else {
            write!(f, "this code is a {}, not a {}", found.name(), expected.name())
        }
    }
}
