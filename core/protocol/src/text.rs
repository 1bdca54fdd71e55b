//! Texts that people bring: files and standard input. UTF-8, with or without a byte order mark, and
//! UTF-16, which `>` and `Out-File` of Windows PowerShell write. Anything else is reported with its place
//! and what to do.
//!
//! Sans-IO: whoever reads the bytes passes them in. Such a text may hold a PIN, so it is wiped when dropped.

use alloc::{string::String, vec::Vec};

use zeroize::{Zeroize, Zeroizing};

use crate::error::{ErrorCode, HasCode};

/// Why a text was not read. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Neither UTF-8 nor UTF-16.
    #[error("line {line}, column {column}: neither UTF-8 nor UTF-16")]
    Encoding {
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
    },
    /// Longer than the caller takes.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The most that is taken, in bytes.
        limit: usize,
    },
}

impl HasCode for TextError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Encoding { .. } => ErrorCode::TextEncoding,
            Self::TooLong { .. } => ErrorCode::TextTooLong,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// By the first two bytes: a byte order mark or, since no text holds NUL, an ASCII character in
    /// UTF-16.
    const fn of(head: &[u8]) -> Self {
        match head {
            [0xFF, 0xFE, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] => Self::Utf16Be,
            [first, 0, ..] if *first != 0 => Self::Utf16Le,
            [0, second, ..] if *second != 0 => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// Whether these bytes, from the start of a line, end with a line feed.
    fn ends(self, line: &[u8]) -> bool {
        let whole = line.len().is_multiple_of(2);
        match self {
            Self::Utf8 => line.ends_with(b"\n"),
            Self::Utf16Le => whole && line.ends_with(b"\n\0"),
            Self::Utf16Be => whole && line.ends_with(b"\0\n"),
        }
    }

    /// The text; the error has the place in these bytes.
    fn decode(self, bytes: &[u8]) -> Result<Zeroizing<String>, TextError> {
        // As large as it becomes, since growing would leave copies behind: a unit of UTF-16 has at most
        // three bytes in UTF-8.
        let mut out = Zeroizing::new(String::with_capacity(bytes.len() + bytes.len() / 2));
        let units = |unit: fn([u8; 2]) -> u16| {
            bytes.chunks(2).map(move |pair| match pair {
                [a, b] => unit([*a, *b]),
                // Half a unit at the end: no character.
                _ => 0xD800,
            })
        };
        let good = match self {
            Self::Utf8 => match core::str::from_utf8(bytes) {
                Ok(text) => {
                    out.push_str(text);
                    true
                }
                Err(error) => {
                    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                    out.push_str(core::str::from_utf8(before).unwrap_or_default());
                    false
                }
            },
            Self::Utf16Le => push_utf16(&mut out, units(u16::from_le_bytes)),
            Self::Utf16Be => push_utf16(&mut out, units(u16::from_be_bytes)),
        };
        // No text holds NUL: this is UTF-32, or no text at all.
        let nul = out.find('\0');
        if good && nul.is_none() {
            return Ok(out);
        }
        if let Some(at) = nul {
            out.truncate(at);
        }
        let last = out.rsplit('\n').next().unwrap_or_default();
        Err(TextError::Encoding {
            line: out.matches('\n').count() + 1,
            column: last.trim_start_matches('\u{feff}').chars().count() + 1,
        })
    }
}

/// Whether all of it was a text.
fn push_utf16(out: &mut String, units: impl Iterator<Item = u16>) -> bool {
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => out.push(character),
            Err(_) => return false,
        }
    }
    true
}

/// A whole text without its byte order mark.
///
/// ```
/// use fido_unlock_protocol::text;
///
/// assert_eq!(*text::read(b"\xEF\xBB\xBFname\n")?, "name\n");
/// assert_eq!(*text::read(b"\xFF\xFEn\0a\0m\0e\0")?, "name");
/// assert_eq!(text::read(b"name\nM\xFCller").unwrap_err().to_string(), "line 2, column 2: neither UTF-8 nor UTF-16");
/// # Ok::<(), text::TextError>(())
/// ```
///
/// # Errors
/// [`TextError::Encoding`].
pub fn read(bytes: &[u8]) -> Result<Zeroizing<String>, TextError> {
    let mut text = Encoding::of(bytes).decode(bytes)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Lines that come in pieces, as of a pipe.
///
/// ```
/// let mut lines = fido_unlock_protocol::text::Lines::new(100);
/// assert_eq!(lines.push(b"on"), (2, None));
/// let (taken, line) = lines.push(b"e\r\ntwo");
/// assert_eq!((taken, line.unwrap()?.as_str()), (3, "one"));
/// lines.push(b"two");
/// assert_eq!(lines.finish()?.unwrap().as_str(), "two");
/// assert!(lines.finish()?.is_none());
/// # Ok::<(), fido_unlock_protocol::text::TextError>(())
/// ```
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    encoding: Option<Encoding>,
    line: Bytes,
    too_long: bool,
    number: usize,
}

/// Shows no content.
struct Bytes(Zeroizing<Vec<u8>>);

impl core::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Lines {
    /// `limit`: the longest line that is taken, in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            encoding: None,
            // Growing would leave copies behind.
            line: Bytes(Zeroizing::new(Vec::with_capacity(limit.saturating_add(3)))),
            too_long: false,
            number: 1,
        }
    }

    /// Takes bytes up to the end of a line: how many, and the line without its end, if it is whole. A line
    /// that is not valid is reported at its end; the next one may be valid.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Option<Result<Zeroizing<String>, TextError>>) {
        for (taken, byte) in (1..).zip(bytes) {
            self.line.0.push(*byte);
            if self.line.0.len() > self.limit.saturating_add(2) {
                // Room for the line's end alone, at the same half of a unit.
                let odd = self.line.0.len() % 2;
                self.line.0.zeroize();
                self.line.0.resize(odd, 0);
                self.too_long = true;
            }
            if self.encoding.is_none() && (self.line.0.len() == 2 || *byte == b'\n') {
                self.encoding = Some(Encoding::of(&self.line.0));
            }
            if self.encoding.is_some_and(|encoding| encoding.ends(&self.line.0)) {
                return (taken, Some(self.take()));
            }
        }
        (bytes.len(), None)
    }

    /// The last line, which has no end; `None` when there is none.
    ///
    /// # Errors
    /// [`TextError`].
    pub fn finish(&mut self) -> Result<Option<Zeroizing<String>>, TextError> {
        if self.line.0.is_empty() && !self.too_long {
            return Ok(None);
        }
        self.take().map(Some)
    }

    fn take(&mut self) -> Result<Zeroizing<String>, TextError> {
        // Two bytes at most are the line's end.
        if core::mem::take(&mut self.too_long) {
            self.line.0.zeroize();
            self.number += 1;
            return Err(TextError::TooLong { limit: self.limit });
        }
        let encoding = self.encoding.unwrap_or(Encoding::Utf8);
        let decoded = encoding.decode(&self.line.0);
        let number = self.number;
        // Wiped, and its room kept.
        self.line.0.zeroize();
        self.number += 1;
        let mut text = decoded.map_err(|error| match error {
            TextError::Encoding { column, .. } => TextError::Encoding { line: number, column },
            other => other,
        })?;
        if number == 1 && text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        if text.ends_with('\n') {
            text.pop();
        }
        if text.ends_with('\r') {
            text.pop();
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    /// All of it, in pieces of this size.
    fn lines(bytes: &[u8], piece: usize) -> Result<Vec<String>, TextError> {
        let (mut out, mut lines) = (Vec::new(), Lines::new(64));
        for mut part in bytes.chunks(piece) {
            while !part.is_empty() {
                let (taken, line) = lines.push(part);
                out.extend(line.transpose()?.map(|line| (*line).clone()));
                part = &part[taken..];
            }
        }
        out.extend(lines.finish()?.map(|line| (*line).clone()));
        Ok(out)
    }

    #[test]
    fn one_text_in_each_encoding() {
        // U+0A0D and U+010A have the bytes of a line feed in them.
        let text = "Zoë\r\n\u{a0d}\u{10a} 🙂\n\nend";
        let marked = "\u{feff}".to_owned() + text;
        let files = [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ];
        for file in files {
            assert_eq!(*read(&file).unwrap(), text);
            for piece in [1, 2, 3, 7, 1000] {
                let wanted = ["Zoë", "\u{a0d}\u{10a} 🙂", "", "end"];
                assert_eq!(lines(&file, piece).unwrap(), wanted, "{file:?} by {piece}");
            }
        }
        assert_eq!(*read(b"").unwrap(), "");
        assert_eq!(lines(b"", 1).unwrap(), [""; 0]);
        assert_eq!(lines(b"\n", 1).unwrap(), [""]);
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place() {
        let at = |line, column| Some(TextError::Encoding { line, column });
        assert_eq!(read(b"ab\nc\xE9").err(), at(2, 2));
        assert_eq!(lines(b"ab\nc\xE9\n", 4).err(), at(2, 2));
        // Half a surrogate pair, and half a unit; the mark is no character of the line.
        assert_eq!(read(b"\xFF\xFEa\0\n\0\x3D\xD8").err(), at(2, 1));
        assert_eq!(read(b"\xFF\xFEa\0b").err(), at(1, 2));
        // UTF-32 with its mark, and NUL.
        assert_eq!(read(b"\xFF\xFE\0\0a\0\0\0").err(), at(1, 1));
        assert_eq!(read(b"ab\ncd\0").err(), at(2, 3));
        for piece in [1, 10, 100] {
            let long = [b'a'; 67];
            assert_eq!(lines(&long, piece), Err(TextError::TooLong { limit: 64 }));
            assert_eq!(lines(&long[..64], piece).unwrap()[0].len(), 64);
        }
    }

    #[test]
    fn what_follows_a_line_that_is_none_is_read() {
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let mut lines = Lines::new(8);
            let mut said = Vec::new();
            for byte in utf16("\u{feff}abcdefgh\u{10a}\u{a0d}\nab\n", unit) {
                said.extend(lines.push(&[byte]).1);
            }
            let good = Zeroizing::new(String::from("ab"));
            assert_eq!(said, [Err(TextError::TooLong { limit: 8 }), Ok(good)]);
        }
        let mut lines = Lines::new(8);
        let (taken, bad) = lines.push(b"\xFC\nab\n");
        assert_eq!(
            (taken, bad),
            (2, Some(Err(TextError::Encoding { line: 1, column: 1 })))
        );
        assert_eq!(lines.push(b"ab\n").1.unwrap().unwrap().as_str(), "ab");
    }
}
