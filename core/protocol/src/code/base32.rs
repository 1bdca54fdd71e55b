//! Crockford's base32: the characters of codes, and bits to characters and back (docs/protocol.md,
//! "Codes").

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use super::typed::{ALPHABET, Typed, typed};

/// Characters of the longest code, four lines of a Response Code.
const LONGEST: usize = 120;

/// The values (0 to 31) of one line's characters.
pub(super) type Symbols = Zeroizing<Vec<u8>>;

/// A character that is in no code.
pub(super) struct Stray {
    /// Which line that is not empty, from 0.
    pub(super) line: usize,
    /// Which character of that line, what is skipped not counted, from 0.
    pub(super) in_line: usize,
    /// Which character of the text, what is skipped not counted, from 0.
    pub(super) in_text: usize,
    pub(super) character: char,
}

/// The character of a value.
pub(super) fn character(value: u8) -> char {
    ALPHABET
        .get(usize::from(value & 31))
        .map_or('0', |byte| char::from(*byte))
}

/// Reads a text into its lines, leaving out the empty ones.
pub(super) fn read_lines(text: &str) -> Result<Vec<Symbols>, Stray> {
    let mut lines: Vec<Symbols> = Vec::new();
    let (mut in_text, mut new_line) = (0, true);
    for character in text.chars() {
        let value = match typed(character) {
            Typed::LineBreak => {
                new_line = true;
                continue;
            }
            Typed::Skipped => continue,
            Typed::Value(value) => Some(value),
            Typed::Stray => None,
        };
        if new_line {
            // Room for every code, since growing would leave copies behind, but no more: there may
            // be many lines.
            lines.push(Zeroizing::new(Vec::with_capacity(text.len().min(LONGEST))));
            new_line = false;
        }
        let line = lines.len().saturating_sub(1);
        let Some(symbols) = lines.last_mut() else { continue };
        let Some(value) = value else {
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
