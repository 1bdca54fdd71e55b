//! The codes that people read aloud (docs/protocol.md, "Codes"): lines of Crockford base32 with
//! four check characters that also say what the line is.
//!
//! The codes themselves are [`DeviceId`](crate::DeviceId), [`Challenge`](crate::Challenge) and
//! [`ResponseCode`](crate::ResponseCode). An input field keeps an [`Entry`].

#[cfg(feature = "alloc")]
mod base32;
mod bytes_error;
#[cfg(feature = "alloc")]
mod check;
#[cfg(feature = "alloc")]
mod entry;
#[cfg(feature = "alloc")]
mod error;
#[cfg(feature = "alloc")]
mod gf32;
#[cfg(feature = "alloc")]
pub(crate) mod hex;
#[cfg(feature = "alloc")]
mod inspect;
#[cfg(feature = "alloc")]
pub(crate) mod line;
#[cfg(feature = "alloc")]
mod number;
#[cfg(feature = "alloc")]
mod spoken;
#[cfg(feature = "alloc")]
mod text;
#[cfg(feature = "alloc")]
mod typed;

pub use bytes_error::CodeBytesError;
#[cfg(feature = "alloc")]
pub use entry::Entry;
#[cfg(feature = "alloc")]
pub use error::{CodeError, Correction, Group};
#[cfg(feature = "alloc")]
pub use inspect::{Inspection, inspect};
#[cfg(feature = "alloc")]
pub use number::{number_line, parse_number};
#[cfg(feature = "alloc")]
pub use spoken::spoken;
#[cfg(feature = "alloc")]
pub(crate) use text::Offer;
#[cfg(feature = "alloc")]
pub use text::{line_complete, qr_text};
#[cfg(feature = "alloc")]
pub use typed::characters;

/// Check characters of a line; they stand after the data characters.
const CHECK_CHARACTERS: usize = 4;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// A Device ID: 16 + 4 characters.
    DeviceId,
    /// A Device Challenge of suite 1 or 2: 28 + 4 characters.
    DeviceChallenge,
    /// A Response Code of suite 2: 20 + 4 characters.
    ResponseLine,
    /// A line (1 to 4) of a Response Code of suite 1: 26 + 4 characters each.
    ResponseLong(u8),
    /// The number of a request, which stays within a help desk: 16 + 4 characters.
    Request,
}

impl CodeKind {
    /// Every kind of line that goes between a device and its help desk.
    pub const ALL: [Self; 7] = [
        Self::DeviceId,
        Self::DeviceChallenge,
        Self::ResponseLine,
        Self::ResponseLong(1),
        Self::ResponseLong(2),
        Self::ResponseLong(3),
        Self::ResponseLong(4),
    ];

    /// c, the last element of the syndrome: 1, 2, 3, 4 to 7 for the lines of a long one, and 8.
    #[must_use]
    pub const fn constant(self) -> u8 {
        match self {
            Self::DeviceId => 1,
            Self::DeviceChallenge => 2,
            Self::ResponseLine => 3,
            Self::ResponseLong(line) => line.wrapping_add(3),
            Self::Request => 8,
        }
    }

    /// Characters before the check characters.
    #[must_use]
    pub const fn data_characters(self) -> usize {
        self.bits().div_ceil(5)
    }

    /// Bits that the line carries; left-over low bits of the last data character are zero.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::DeviceId | Self::Request => 80,
            Self::DeviceChallenge => 140,
            Self::ResponseLine => 100,
            Self::ResponseLong(_) => 128,
        }
    }

    /// Characters of the line, hyphens not counted.
    #[must_use]
    pub const fn length(self) -> usize {
        self.data_characters() + CHECK_CHARACTERS
    }

    /// The name that a person knows it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceId => "Device ID",
            Self::DeviceChallenge => "Device Challenge",
            Self::ResponseLine | Self::ResponseLong(_) => "Response Code",
            Self::Request => "request number",
        }
    }

    /// Whether it is (a part of) a Response Code, and so secret.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self, Self::ResponseLine | Self::ResponseLong(_))
    }
}
