//! Names of readers: bytes to PC/SC, text to people.
//!
//! A name becomes a text that can be shown and from which exactly the same name can be made again, so that two
//! readers never have the same text: bytes that are not UTF-8, characters that a terminal would obey, and a
//! backslash before an x are written `\xNN`.

use core::ffi::CStr;
use std::ffi::CString;
use std::fmt::Write;

use fido_unlock_protocol::Shown;

/// The text for a name.
pub fn to_text(name: &CStr) -> String {
    let mut text = String::new();
    for chunk in name.to_bytes().utf8_chunks() {
        let mut characters = chunk.valid().chars().peekable();
        while let Some(character) = characters.next() {
            if !is_shown(character) || (character == '\\' && characters.peek() == Some(&'x')) {
                escape(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(character);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn is_shown(character: char) -> bool {
    Shown(character.encode_utf8(&mut [0; 4])).is_plain()
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // A string takes everything.
        let _ = write!(text, "\\x{byte:02X}");
    }
}

/// The name of a text; `None` if it contains a NUL, which no name does.
pub fn from_text(text: &str) -> Option<CString> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        match escaped(rest) {
            Some((byte, tail)) => {
                name.push(byte);
                rest = tail;
            }
            None => {
                name.push(first);
                rest = tail;
            }
        }
    }
    CString::new(name).ok()
}

fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'\\', b'x', high, low, rest @ ..] = text else {
        return None;
    };
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_so_that_it_can_be_made_again() {
        for (name, text) in [
            (c"ACS ACR122U 00 00", "ACS ACR122U 00 00"),
            (c"Lecteur \xE9 00", r"Lecteur \xE9 00"),
            (c"Lecteur é 00", "Lecteur é 00"),
            (c"\x1B[2J\n", r"\x1B[2J\x0A"),
            (c"a\xE2\x80\xAEb", r"a\xE2\x80\xAEb"),
            (c"C:\\temp", r"C:\temp"),
            (c"\\x41", r"\x5Cx41"),
            (c"\\\\x41", r"\\x5Cx41"),
            (c"\\xZZ", r"\x5CxZZ"),
        ] {
            assert_eq!(to_text(name), text);
            assert_eq!(from_text(text).as_deref(), Some(name), "{text}");
        }
        // What a person typed, who knows of no escapes.
        assert_eq!(from_text(r"\xZZ").as_deref(), Some(c"\\xZZ"));
        assert_eq!(from_text(r"\x00"), None);
        assert_eq!(from_text("a\0"), None);
    }

    #[test]
    fn every_byte_comes_back_and_none_is_obeyed() {
        for first in 1..=255 {
            for second in [b'x', b'\\', b'1', 0x80, 0xBF, 0x1B] {
                let name = CString::new([first, second, b'x', b'4', b'1', second]).unwrap();
                let text = to_text(&name);
                assert_eq!(from_text(&text), Some(name));
                assert!(text.chars().all(is_shown), "{text:?}");
            }
        }
    }
}
