//! Texts from outside that a person is shown: names of products and readers, serial numbers, and whatever else a
//! device, a file or a network brings. A terminal obeys what is in them (ECMA-48), and a window reorders lines by
//! them (Unicode Standard Annex #9), so each is a [`DisplayText`] before it is shown.

use alloc::string::String;
use core::{fmt, ops::Deref};

use unicode_general_category::{GeneralCategory, get_general_category};

/// Stands for a character that is not shown, as for bytes that are no text.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
/// Letters of Persian, Hindi and others, and emoji, are joined and kept apart by these.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// A text from outside, fit to be shown within a line: it holds no control character (ESC, newline), none that
/// reorders or hides others (U+202E, U+200B), and at most [`DisplayText::LONGEST`] characters.
///
/// ```
/// use fido_unlock_protocol::text::DisplayText;
/// let name = DisplayText::new("Key\u{1B}[2J\n\u{202E}gnp.exe");
/// assert_eq!(name.as_str(), "Key\u{FFFD}[2J\u{FFFD}\u{FFFD}gnp.exe");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayText(String);

impl DisplayText {
    /// Most characters; where there are more, the last one is "…".
    pub const LONGEST: usize = 200;

    /// What of `text` can be shown. Spaces around it are dropped, other spaces are plain ones, and a character
    /// that is not shown is U+FFFD.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut shown = String::new();
        for (number, character) in text.trim().chars().enumerate() {
            if number == Self::LONGEST {
                shown.pop();
                shown.push('…');
                break;
            }
            shown.push(match character {
                character if is_shown(character) => character,
                character if is_space(character) => ' ',
                _ => REPLACEMENT,
            });
        }
        Self(shown)
    }

    /// The same of bytes that should be UTF-8, such as a reader's name.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::new(&String::from_utf8_lossy(bytes))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a [`DisplayText`] keeps this character as it is.
#[must_use]
pub fn is_shown(character: char) -> bool {
    use GeneralCategory as G;
    // Surrogates are no characters. What is unassigned may be so for this table alone.
    match get_general_category(character) {
        G::Control | G::LineSeparator | G::ParagraphSeparator | G::PrivateUse => false,
        G::Format => JOINERS.contains(&character),
        G::SpaceSeparator => character == ' ',
        _ => true,
    }
}

fn is_space(character: char) -> bool {
    get_general_category(character) == GeneralCategory::SpaceSeparator
}

impl Deref for DisplayText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for DisplayText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for DisplayText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for DisplayText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<DisplayText> for String {
    fn from(text: DisplayText) -> Self {
        text.0
    }
}

impl PartialEq<str> for DisplayText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for DisplayText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for DisplayText {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_or_a_window_obeys_is_not_shown() {
        for (outside, shown) in [
            ("Security Key by Example", "Security Key by Example"),
            ("  padded\u{3000}name \n", "padded name"),
            ("a\u{1B}]0;title\u{7}b", "a\u{FFFD}]0;title\u{FFFD}b"),
            (
                "two\r\nlines\u{2028}three",
                "two\u{FFFD}\u{FFFD}lines\u{FFFD}three",
            ),
            ("C1 \u{9B}31m", "C1 \u{FFFD}31m"),
            ("\u{202E}drawkcab\u{2066}", "\u{FFFD}drawkcab\u{FFFD}"),
            ("zero\u{200B}width\u{FEFF}", "zero\u{FFFD}width\u{FFFD}"),
            ("tag \u{E0041}", "tag \u{FFFD}"),
            // Letters of any language, with their joiners and marks.
            ("می‌خواهم 鍵 e\u{301} 👩‍💻", "می‌خواهم 鍵 e\u{301} 👩‍💻"),
            ("\u{1B}", "\u{FFFD}"),
            (" \t\n", ""),
        ] {
            assert_eq!(DisplayText::new(outside), shown, "{outside:?}");
        }
        assert_eq!(
            DisplayText::from_bytes(b"Lecteur \xE9\x1B"),
            "Lecteur \u{FFFD}\u{FFFD}"
        );
    }

    #[test]
    fn a_long_text_is_cut() {
        let longest = "é".repeat(DisplayText::LONGEST);
        assert_eq!(DisplayText::new(&longest), *longest);
        let cut = DisplayText::new(&format!("{longest}é"));
        assert_eq!(cut.chars().count(), DisplayText::LONGEST);
        assert!(cut.ends_with("é…"));
        assert_eq!(format!("[{:>4}]", DisplayText::new("ab")), "[  ab]");
    }

    proptest! {
        #[test]
        fn shown_once_is_shown_again_as_it_is(characters in prop::collection::vec(any::<char>(), 0..300)) {
            let text: String = characters.into_iter().collect();
            let shown = DisplayText::new(&text);
            prop_assert!(shown.chars().all(is_shown));
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert_eq!(DisplayText::new(&shown), shown);
        }
    }
}
