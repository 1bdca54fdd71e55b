//! Crockford's base32: the characters of codes, tolerant reading, and bits to characters and back
//! (docs/protocol.md, "Codes").

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

/// The 32 characters by value. I, L, O and U are left out.
pub(super) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of the longest code, four lines of a Response Code.
const LONGEST: usize = 120;

/// The values (0 to 31) of one line's characters.
pub(super) type Symbols = Zeroizing<Vec<u8>>;

/// A character that is in no code.
pub(super) struct Stray {
    /// Which line that is not empty, from 0.
    pub(super) line: usize,
    /// Which character of that line, separators not counted, from 0.
    pub(super) in_line: usize,
    /// Which character of the text, separators not counted, from 0.
    pub(super) in_text: usize,
    pub(super) character: char,
}

/// The character of a value.
pub(super) fn character(value: u8) -> char {
    ALPHABET
        .get(usize::from(value & 31))
        .map_or('0', |byte| char::from(*byte))
}

/// The value of a character; I and L are read as 1, O as 0, in either case.
pub(super) fn value(character: char) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET.iter().position(|byte| char::from(*byte) == upper)?;
    u8::try_from(place).ok()
}

pub(super) fn is_line_break(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// White space, hyphens and dashes, and the invisible characters that mail programs add.
pub(super) fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{ad}'
                | '\u{200b}'..='\u{200d}'
                | '\u{2010}'..='\u{2015}'
                | '\u{2060}'
                | '\u{2212}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{feff}'
                | '\u{ff0d}'
        )
}

/// Reads a text into its lines, leaving out the empty ones.
pub(super) fn read_lines(text: &str) -> Result<Vec<Symbols>, Stray> {
    let mut lines: Vec<Symbols> = Vec::new();
    let (mut in_text, mut new_line) = (0, true);
    for character in text.chars() {
        if is_line_break(character) {
            new_line = true;
            continue;
        }
        if is_separator(character) {
            continue;
        }
        if new_line {
            // Room for every code, since growing would leave copies behind, but no more: there may
            // be many lines.
            lines.push(Zeroizing::new(Vec::with_capacity(text.len().min(LONGEST))));
            new_line = false;
        }
        let line = lines.len().saturating_sub(1);
        let Some(symbols) = lines.last_mut() else { continue };
        let Some(value) = value(character) else {
            return Err(Stray {
                line,
                in_line: symbols.len(),
                in_text,
                character,
            });
        };
        symbols.push(value);
        in_text += 1;
    }
    Ok(lines)
}

/// The lines' symbols one after the other.
pub(super) fn join(lines: &[Symbols]) -> Symbols {
    let mut out = Zeroizing::new(Vec::with_capacity(lines.iter().map(|line| line.len()).sum()));
    lines.iter().for_each(|line| out.extend_from_slice(line));
    out
}

/// Four lines as they were typed or, when the line breaks were lost, by their `length`.
pub(super) fn four_lines(lines: &[Symbols], length: usize) -> Option<Vec<Symbols>> {
    if lines.len() == 4 {
        return Some(lines.to_vec());
    }
    let all = join(lines);
    (all.len() == 4 * length).then(|| {
        all.chunks(length)
            .map(|line| Zeroizing::new(line.to_vec()))
            .collect()
    })
}

/// Writes symbols as characters in groups of four, joined by hyphens.
pub(super) fn write_groups(symbols: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(symbols.len() + symbols.len() / 4));
    for (place, symbol) in symbols.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            out.push('-');
        }
        out.push(character(*symbol));
    }
    out
}

/// The first 5 × `count` bits of `bytes`, most significant first, as symbols; zero bits where the
/// bytes end.
pub(super) fn from_bytes(bytes: &[u8], count: usize) -> Symbols {
    let mut out = Zeroizing::new(Vec::with_capacity(count));
    for symbol in 0..count {
        out.push((symbol * 5..symbol * 5 + 5).fold(0, |value, bit| value << 1 | bit_of(bytes, bit, 8)));
    }
    out
}

/// The first `bits` bits of the symbols as bytes, the last one filled up with zeros; `None` when a
/// left-over bit of the symbols is not zero.
pub(super) fn to_bytes(symbols: &[u8], bits: usize) -> Option<Zeroizing<Vec<u8>>> {
    if (bits..symbols.len() * 5).any(|bit| bit_of(symbols, bit, 5) != 0) {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(bits.div_ceil(8)));
    for byte in 0..bits.div_ceil(8) {
        out.push((byte * 8..byte * 8 + 8).fold(0, |value, bit| value << 1 | bit_of(symbols, bit, 5)));
    }
    Some(out)
}

/// Bit `bit` of a string of `width`-bit units, most significant first; zero past the end.
fn bit_of(units: &[u8], bit: usize, width: usize) -> u8 {
    units
        .get(bit / width)
        .map_or(0, |unit| unit >> (width - 1 - bit % width) & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_reads_back_and_four_letters_are_left_out() {
        for symbol in 0..32 {
            assert_eq!(value(character(symbol)), Some(symbol));
            assert_eq!(value(character(symbol).to_ascii_lowercase()), Some(symbol));
        }
        for (typed, meant) in [('I', 1), ('i', 1), ('L', 1), ('l', 1), ('O', 0), ('o', 0)] {
            assert_eq!(value(typed), Some(meant));
        }
        for typed in ['U', 'u', '*', '.', 'Ä', '\u{661}'] {
            assert_eq!(value(typed), None);
        }
    }

    #[test]
    fn bits_go_most_significant_first() {
        assert_eq!(
            from_bytes(&[0b1000_0100, 0b0110_0000], 3).as_slice(),
            [16, 17, 16]
        );
        assert_eq!(
            to_bytes(&[16, 17, 16], 14).unwrap().as_slice(),
            [0b1000_0100, 0b0110_0000]
        );
        assert!(to_bytes(&[16, 17, 17], 14).is_none());
    }
}
