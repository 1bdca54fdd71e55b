//! A text that an entry has the hash of, as a line of JSON beside an exported log; and that of a restored log.

use alloc::format;
use alloc::string::String;

use super::text_hash;
use crate::log::TreeHead;

/// A text, its salt, and the place of its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// The entry's place.
    pub index: u64,
    /// 32 random bytes.
    pub salt: [u8; 32],
    /// The text.
    pub text: String,
}

impl TextLine {
    /// What the entry has in its place.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        text_hash(&self.salt, &self.text)
    }

    /// The line, without its end.
    ///
    /// ```
    /// use fido_unlock_desk::record::TextLine;
    ///
    /// let line = TextLine { index: 7, salt: [0xA5; 32], text: "say \"hi\"\n".into() };
    /// assert!(line.to_line().ends_with(r#"a5","text":"say \"hi\"\n"}"#));
    /// assert_eq!(TextLine::parse(&line.to_line()), Some(line));
    /// ```
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut out = format!("{{\"index\":{},\"salt\":\"", self.index);
        for byte in self.salt {
            out.push_str(&format!("{byte:02x}"));
        }
        out.push_str("\",\"text\":\"");
        for character in self.text.chars() {
            match short_escape(character) {
                Some(letter) => out.extend(['\\', letter]),
                None if character < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
                None => out.push(character),
            }
        }
        out.push_str("\"}");
        out
    }

    /// Reads a line; `None` where it is not one that [`TextLine::to_line`] writes.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (index, rest) = line.strip_prefix("{\"index\":")?.split_once(",\"salt\":\"")?;
        let (digits, text) = rest.split_once("\",\"text\":\"")?;
        let mut salt = [0; 32];
        for (at, byte) in salt.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        let read = Self {
            index: index.parse().ok()?,
            salt,
            text: unescape(text.strip_suffix("\"}")?)?,
        };
        // One line for one text: other digits, escapes and spaces are refused.
        (read.to_line() == line).then_some(read)
    }
}

/// The text of LogRestored: the head under the old id, an empty line, and what had happened.
pub(crate) fn restored_text(old: &TreeHead, note: &str) -> String {
    format!("{}\n{note}", old.to_text())
}

/// Whether a text of LogRestored names this head.
pub(crate) fn names_head(text: &str, old: &TreeHead) -> bool {
    text.strip_prefix(&old.to_text())
        .is_some_and(|rest| rest.starts_with('\n'))
}

/// The letter of the two-character escapes of RFC 8259, section 7; a slash needs none.
const fn short_escape(character: char) -> Option<char> {
    Some(match character {
        '"' | '\\' => character,
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{c}' => 'f',
        '\r' => 'r',
        _ => return None,
    })
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        out.push(match rest.next()? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            other => other,
        });
    }
    Some(out)
}
