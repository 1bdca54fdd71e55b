//! The spoken form of a code: the words of the international radiotelephony spelling alphabet
//! (ICAO Annex 10, volume II, 5.2.1.3).

use alloc::string::String;

use zeroize::Zeroizing;

use super::typed::{Typed, typed};

fn word(value: u8) -> &'static str {
    const WORDS: [&str; 32] = [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Alfa", "Bravo",
        "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "Juliett", "Kilo", "Mike", "November",
        "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
    ];
    WORDS.get(usize::from(value)).copied().unwrap_or_default()
}

/// The code's words, a sentence for each group of four and a line for each line. Characters that
/// are in no code are left out.
///
/// ```
/// assert_eq!(*fido_unlock_protocol::code::spoken("7gk2-0AXZ"), "Seven, Golf, Kilo, Two. Zero, Alfa, X-ray, Zulu.");
/// ```
#[must_use]
pub fn spoken(code: &str) -> Zeroizing<String> {
    // No word with its separators is longer than 11 bytes: growing would leave copies behind.
    let mut out = Zeroizing::new(String::with_capacity(code.len() * 11));
    let mut place = 0;
    for character in code.chars() {
        let value = match typed(character) {
            Typed::Value(value) => value,
            Typed::LineBreak => {
                place = 0;
                continue;
            }
            Typed::Skipped | Typed::Stray => continue,
        };
        match place {
            0 if out.is_empty() => {}
            0 => out.push_str(".\n"),
            n if n % 4 == 0 => out.push_str(". "),
            _ => out.push_str(", "),
        }
        out.push_str(word(value));
        place += 1;
    }
    if !out.is_empty() {
        out.push('.');
    }
    out
}
