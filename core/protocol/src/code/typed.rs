//! What each character of a code stands for when it is typed, pasted or scanned (docs/protocol/codes.md,
//! "Characters"). Every reader of codes asks here.

/// The 32 characters by value. I, L, O and U are left out.
pub(super) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What one character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// One of the 32, by its value.
    Value(u8),
    /// The end of a line.
    LineBreak,
    /// Invisible, a space or punctuation: not counted.
    Skipped,
    /// In no code.
    Stray,
}

/// What is skipped, first and last of each range: what mail programs, word processors, keyboards and
/// people put around and between the groups, in every script, and what cannot be seen. `tests/second/codes.py` has
/// the same table, from the text.
const SKIPPED: [(char, char); 52] = [
    ('\0', '#'),
    ('%', '*'),
    (',', '/'),
    (':', ';'),
    ('?', '@'),
    ('[', ']'),
    ('_', '_'),
    ('{', '{'),
    ('}', '}'),
    ('\u{7f}', '\u{a1}'),
    ('\u{a7}', '\u{a7}'),
    ('\u{ab}', '\u{ab}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{b6}', '\u{b7}'),
    ('\u{bb}', '\u{bb}'),
    ('\u{bf}', '\u{bf}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{387}', '\u{387}'),
    ('\u{58a}', '\u{58a}'),
    ('\u{5be}', '\u{5be}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1400}', '\u{1400}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{1806}', '\u{1806}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{207b}', '\u{207b}'),
    ('\u{208b}', '\u{208b}'),
    ('\u{2212}', '\u{2212}'),
    ('\u{2219}', '\u{2219}'),
    ('\u{22c5}', '\u{22c5}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{2e00}', '\u{2e2e}'),
    ('\u{2e30}', '\u{2e7f}'),
    ('\u{3000}', '\u{3003}'),
    ('\u{3008}', '\u{3011}'),
    ('\u{3014}', '\u{301f}'),
    ('\u{3030}', '\u{3030}'),
    ('\u{30a0}', '\u{30a0}'),
    ('\u{30fb}', '\u{30fb}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe6f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ff5f}', '\u{ff65}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{10101}', '\u{10101}'),
    ('\u{10d6e}', '\u{10d6e}'),
    ('\u{10ead}', '\u{10ead}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// What a character counts for.
pub(super) fn typed(character: char) -> Typed {
    let character = narrow(character);
    if matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    ) {
        return Typed::LineBreak;
    }
    if let Some(value) = value(character) {
        return Typed::Value(value);
    }
    let holds = |(first, last): &(char, char)| (*first..=*last).contains(&character);
    if SKIPPED.iter().any(holds) {
        return Typed::Skipped;
    }
    Typed::Stray
}

/// The ASCII character of a fullwidth one, which input methods of East Asia write; any other as it is.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        other => other,
    }
}

/// The value of a character; I and L are read as 1, O as 0, in either case.
fn value(character: char) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET.iter().position(|byte| char::from(*byte) == upper)?;
    u8::try_from(place).ok()
}

/// How many characters of a code a text has, right or wrong; what is skipped and line breaks are not
/// counted. For an input that needs to know whether more lines will come.
///
/// ```
/// assert_eq!(fido_unlock_protocol::code::characters(" 000G-40R4,\u{200e}\n0m30. "), 12);
/// ```
#[must_use]
pub fn characters(text: &str) -> usize {
    let counts = |character: &char| matches!(typed(*character), Typed::Value(_) | Typed::Stray);
    text.chars().filter(counts).count()
}

/// How many lines have a character that counts.
pub(super) fn lines(text: &str) -> usize {
    let (mut count, mut new_line) = (0, true);
    for character in text.chars() {
        match typed(character) {
            Typed::LineBreak => new_line = true,
            Typed::Skipped => {}
            Typed::Value(_) | Typed::Stray => {
                count += usize::from(new_line);
                new_line = false;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::base32::character;
    use super::*;

    #[test]
    fn each_value_reads_back_and_four_letters_are_left_out() {
        for symbol in 0..32 {
            let written = character(symbol);
            let wide = char::from_u32(u32::from(written) + 0xFEE0).unwrap();
            for typed_as in [written, written.to_ascii_lowercase(), wide] {
                assert_eq!(typed(typed_as), Typed::Value(symbol), "{typed_as:?}");
            }
        }
        for (typed_as, meant) in [
            ('I', 1),
            ('i', 1),
            ('L', 1),
            ('l', 1),
            ('O', 0),
            ('o', 0),
            ('\u{ff4f}', 0),
        ] {
            assert_eq!(typed(typed_as), Typed::Value(meant));
        }
        for typed_as in [
            'U',
            'u',
            '$',
            '+',
            '=',
            '~',
            'Ä',
            '\u{661}',
            '\u{ff35}',
            '\u{1d7ce}',
            '\u{fffd}',
        ] {
            assert_eq!(typed(typed_as), Typed::Stray, "{typed_as:?}");
        }
    }

    #[test]
    fn white_space_controls_and_punctuation_are_skipped_and_no_letter_is() {
        for character in (0..0x11_0000).filter_map(char::from_u32) {
            let found = typed(character);
            if character.is_whitespace() || character.is_control() {
                assert!(
                    matches!(found, Typed::Skipped | Typed::LineBreak),
                    "{character:?}"
                );
            }
            if found == Typed::Skipped {
                // Fillers count as letters to Unicode, and have no shape.
                let blank = matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
                assert!(blank || !character.is_alphanumeric(), "{character:?}");
            }
        }
        // Unicode 16.0, PropList.txt, Dash; and UTS #39, confusables.txt, what looks like U+00B7, letters left out.
        const DASHES: &str = "-\u{58a}\u{5be}\u{1400}\u{1806}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2053}\
            \u{207b}\u{208b}\u{2212}\u{2e17}\u{2e1a}\u{2e3a}\u{2e3b}\u{2e40}\u{2e5d}\u{301c}\u{3030}\u{30a0}\u{fe31}\
            \u{fe32}\u{fe58}\u{fe63}\u{ff0d}\u{10d6e}\u{10ead}";
        const MIDDLE_DOTS: &str =
            "\u{b7}\u{387}\u{2022}\u{2027}\u{2219}\u{22c5}\u{2e31}\u{30fb}\u{ff65}\u{10101}";
        for character in DASHES.chars().chain(MIDDLE_DOTS.chars()) {
            assert_eq!(typed(character), Typed::Skipped, "{character:?}");
        }
        for character in
            ".,;:!?'\"()[]{}-_/\\*#&@·«»“”‚„‘’…。、「」（）．，\u{200e}\u{202e}\u{2066}\u{feff}".chars()
        {
            assert_eq!(typed(character), Typed::Skipped, "{character:?}");
        }
    }
}
