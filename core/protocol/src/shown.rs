//! Texts of others on a screen or in a terminal: a user's name, a reader's, a reason, a file's path.
//!
//! A control character moves the cursor, a bidi control turns what follows round, an invisible
//! character makes two names look alike (Unicode Technical Report 36, section 2). None of them
//! reaches the screen as itself.

use core::fmt::{self, Write};

/// A text of others as it may be shown, in one line: characters that cannot be seen as themselves are
/// written as `\n` or `\u{202e}`, and all others are as they were. Showing what was shown already
/// changes nothing.
///
/// ```
/// use fido_unlock_protocol::Shown;
///
/// assert_eq!(Shown("Zoë \"Z\" O'Hara").to_string(), "Zoë \"Z\" O'Hara");
/// assert_eq!(Shown("Bob\u{202e}\u{1b}[2K\n").to_string(), r"Bob\u{202e}\u{1b}[2K\n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a>(pub &'a str);

impl Shown<'_> {
    /// Whether every character is shown as itself.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let mut same = Same(self.0);
        write!(same, "{self}").is_ok() && same.0.is_empty()
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The standard library's `escape_debug` knows what is printable, and leaves a combining mark
        // behind its letter. Set apart first: what it escapes for the sake of Rust's literals, and
        // what counts as a letter or a mark but has no shape.
        for piece in self
            .0
            .split_inclusive(|character| stays(character) || is_blank(character))
        {
            let last = piece
                .chars()
                .next_back()
                .filter(|last| stays(*last) || is_blank(*last));
            let before = piece.get(..piece.len() - last.map_or(0, char::len_utf8));
            write!(f, "{}", before.unwrap_or_default().escape_debug())?;
            match last {
                Some(last) if is_blank(last) => write!(f, "{}", last.escape_unicode())?,
                Some(last) => f.write_char(last)?,
                None => {}
            }
        }
        Ok(())
    }
}

/// Quotes, the backslash, and the spaces of every script.
fn stays(character: char) -> bool {
    match character {
        '"' | '\'' | '\\' => true,
        '\u{85}' | '\u{2028}' | '\u{2029}' => false,
        other => other.is_whitespace() && !other.is_control(),
    }
}

/// Letters and marks without a shape: fillers, the joiner of graphemes, the blank Braille pattern.
/// Variation selectors are none of them: they choose a letter's form in names.
const fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    )
}

/// Takes what it was made of, and fails at anything else.
struct Same<'a>(&'a str);

impl Write for Same<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    #[test]
    fn names_of_people_are_as_they_were() {
        for name in [
            "",
            "Anne-Marie d'Été",
            "山田\u{3000}太郎",
            "Zoe\u{308} \\ \"Z\"",
            "محمد",
            "Ø\u{a0}Å",
            "नमस्ते",
            "🙂",
            // A form of a letter, by a variation selector.
            "葛\u{e0100}",
        ] {
            assert_eq!(Shown(name).to_string(), name);
            assert!(Shown(name).is_plain(), "{name}");
        }
    }

    #[test]
    fn nothing_that_cannot_be_seen_passes() {
        let hidden = (0..0x20)
            .chain(0x7F..0xA0)
            .chain([
                0xAD, 0x034F, 0x061C, 0x115F, 0x180B, 0x180E, 0x2800, 0x3164, 0xFEFF, 0xFFA0, 0xFFF9,
                0xE0041, 0xE000, 0xFFFF,
            ])
            .chain(0x200B..0x2010)
            .chain(0x2028..0x202F)
            .chain(0x2060..0x2070);
        for character in hidden.filter_map(char::from_u32) {
            let text = String::from_iter(['a', character, 'b']);
            let shown = Shown(&text).to_string();
            assert!(shown.is_ascii() && shown.starts_with("a\\"), "{shown:?}");
            assert!(shown.ends_with('b') && !shown.contains(character), "{shown:?}");
            assert!(!Shown(&text).is_plain());
            // Twice is once.
            assert_eq!(Shown(&shown).to_string(), shown);
        }
    }

    #[test]
    fn a_combining_mark_stands_on_its_letter_or_is_seen() {
        assert_eq!(Shown("\u{301}a").to_string(), "\\u{301}a");
        assert_eq!(Shown("a\u{301}").to_string(), "a\u{301}");
    }
}
