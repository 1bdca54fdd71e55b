//! Foreign text on a screen or in a terminal: the name of a user or reader, a reason, a file's path.
//!
//! A control character moves the cursor, a bidi control reverses what follows, an invisible
//! character makes two names look alike (Unicode Technical Report 36, section 2). None of them
//! reaches the screen as itself.

#[cfg(feature = "alloc")]
use alloc::string::{String, ToString};
use core::fmt::{self, Write};

/// Foreign text made safe to show, in one line: characters that cannot be seen as themselves are
/// written as `\n` or `\u{202e}`, and all others are unchanged. Doing it twice changes nothing
/// more.
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
        let apart = |character| stays(character) || is_blank(character) || is_joiner(character);
        let mut rest = self.0;
        for piece in self.0.split_inclusive(apart) {
            rest = rest.get(piece.len()..).unwrap_or_default();
            let last = piece.chars().next_back().filter(|last| apart(*last));
            let before = piece.get(..piece.len() - last.map_or(0, char::len_utf8));
            let before = before.unwrap_or_default();
            write!(f, "{}", before.escape_debug())?;
            match last {
                Some(last) if is_joiner(last) && joins(before, rest) => f.write_char(last)?,
                Some(last) if is_blank(last) || is_joiner(last) => write!(f, "{}", last.escape_unicode())?,
                Some(last) => f.write_char(last)?,
                None => {}
            }
        }
        Ok(())
    }
}

/// Persian, Hindi and others join letters and keep them apart by these, and emoji are made of parts by the
/// latter (RFC 5892, appendix A.1 and A.2).
const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether what stands around a joiner could need it: ASCII never does.
fn joins(before: &str, after: &str) -> bool {
    let seen = |character: char| !character.is_ascii() && !stays(character) && !is_blank(character);
    before.chars().next_back().is_some_and(seen)
        && after
            .chars()
            .next()
            .is_some_and(|next| seen(next) && !is_joiner(next))
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
/// Variation selectors are not among them: they choose a letter's form in names.
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

/// A text of others, kept as it may be [`Shown`]: in one line, with what cannot be seen written out, and at most
/// [`DisplayText::LONGEST`] characters. Names of products and readers, serial numbers and their like are
/// of this type from where they come in.
///
/// ```
/// use fido_unlock_protocol::DisplayText;
///
/// let name = DisplayText::new("Key\u{1B}[2J\u{202E}gnp.exe\n");
/// assert_eq!(name.as_str(), r"Key\u{1b}[2J\u{202e}gnp.exe");
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayText(String);

#[cfg(feature = "alloc")]
impl DisplayText {
    /// Most characters; if there are more, the last one is "…".
    pub const LONGEST: usize = 200;

    /// Of `text`, without the spaces around it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut shown = Shown(text.trim()).to_string();
        if shown.chars().count() > Self::LONGEST {
            shown = shown.chars().take(Self::LONGEST - 1).collect();
            shown.push('…');
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

#[cfg(feature = "alloc")]
impl core::ops::Deref for DisplayText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "alloc")]
impl AsRef<str> for DisplayText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(feature = "alloc")]
impl fmt::Debug for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(feature = "alloc")]
impl From<&str> for DisplayText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(feature = "alloc")]
impl From<String> for DisplayText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

#[cfg(feature = "alloc")]
impl From<DisplayText> for String {
    fn from(text: DisplayText) -> Self {
        text.0
    }
}

#[cfg(feature = "alloc")]
impl PartialEq<str> for DisplayText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

#[cfg(feature = "alloc")]
impl PartialEq<&str> for DisplayText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

#[cfg(feature = "alloc")]
impl PartialEq<String> for DisplayText {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::format;

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
            // Letters and parts that are joined or kept apart.
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
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

    #[test]
    fn a_joiner_stands_between_what_it_joins_or_is_seen() {
        for (text, shown) in [
            ("a\u{200d}b", "a\\u{200d}b"),
            ("\u{200d}می", "\\u{200d}می"),
            ("می\u{200c}", "می\\u{200c}"),
            ("م\u{200c}\u{200c}ی", "م\\u{200c}\\u{200c}ی"),
        ] {
            assert_eq!(Shown(text).to_string(), shown);
            assert_eq!(Shown(shown).to_string(), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let longest = "é".repeat(DisplayText::LONGEST);
        assert_eq!(DisplayText::new(&longest), *longest);
        let cut = DisplayText::new(&format!("{longest}é"));
        assert_eq!(cut.chars().count(), DisplayText::LONGEST);
        assert!(cut.ends_with("é…"));
        assert_eq!(DisplayText::new(&cut), cut);
        assert_eq!(format!("[{:>4}]", DisplayText::new(" ab\n")), "[  ab]");
        assert_eq!(
            DisplayText::from_bytes(b"Lecteur \xE9\x1B"),
            "Lecteur \u{FFFD}\\u{1b}"
        );
    }
}
