//! The form in which names, searches and passwords are compared. Keyboards write "é" as one character or as two;
//! both are the same name and the same password (Unicode Standard Annex 15, form C).

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::code::{Inspection, inspect};

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;
use zeroize::Zeroizing;

/// A name, or a part of one that is searched for, in form C.
///
/// ```
/// assert_eq!(fido_unlock_desk::composed("Zoe\u{308}"), "Zo\u{eb}");
/// ```
#[must_use]
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// A password or passphrase as it is hashed: spaces of every kind are the ASCII one, then form C (RFC 8265
/// section 4.2, `OpaqueString`). Only what keyboards write differently is made the same.
///
/// ```
/// assert_eq!(*fido_unlock_desk::opaque("pass\u{a0}e\u{301}"), "pass \u{e9}");
/// ```
#[must_use]
pub fn opaque(typed: &str) -> Zeroizing<String> {
    let spaces = |character: char| match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    };
    // Form C is at most three times as long as the text (UAX 15, section 8): growing would leave copies
    // behind.
    let mut out = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(3)));
    out.extend(typed.chars().map(spaces).nfc());
    out
}

/// A text as it is compared in lists and search: form C, in lower case.
///
/// ```
/// assert_eq!(fido_unlock_desk::folded("Zoe\u{308} A"), "zo\u{eb} a");
/// ```
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Whether a reader may take one name for the other: the same letters in whatever case, or letters of other scripts or
/// shapes that look like them (Unicode Technical Standard 39, section 4). It is strict: "modem" looks like "modern".
///
/// ```
/// assert!(fido_unlock_desk::looks_like("olga", "\u{43e}lg\u{430}"));
/// ```
#[must_use]
pub fn looks_like(one: &str, other: &str) -> bool {
    let seen = |text: &str| skeleton(&folded(text)).collect::<String>();
    seen(one) == seen(other)
}

/// The fewest and the most digits of a telephone number; fewer than a Response Code has.
const DIGITS: core::ops::RangeInclusive<usize> = 2..=20;

/// A telephone number without the spaces and signs that people write in it, and `+` for the `00` of another country; `None`
/// where it is none.
pub(crate) fn telephone(typed: &str) -> Option<String> {
    let written =
        |character: &char| !character.is_whitespace() && !"-./()\u{2010}\u{2011}".contains(*character);
    let plain: String = typed.trim().chars().filter(written).collect();
    let abroad = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
    let digits = abroad.unwrap_or(&plain);
    let is_number = DIGITS.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let sign = if abroad.is_some() { "+" } else { "" };
    is_number.then(|| [sign, digits].concat())
}

/// What stands for a Response Code in a detail.
const CODE_LEFT_OUT: &str = "[code]";

/// The text without a Response Code as a whole or as a word of it, also of suite 3.
pub(crate) fn without_codes(text: &str) -> String {
    let secret = |text: &str| {
        inspect(text).is_ok_and(|found| {
            found.iter().any(|what| match what {
                Inspection::Line(kind) => kind.is_response(),
                Inspection::FourLines | Inspection::Hex => true,
            })
        })
    };
    if secret(text) {
        return CODE_LEFT_OUT.into();
    }
    let word = |word| if secret(word) { CODE_LEFT_OUT } else { word };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for typed in ["+49 (171) 555-01", "0049 171/555.01", " +4917155501\u{a0}"] {
            assert_eq!(telephone(typed).as_deref(), Some("+4917155501"), "{typed:?}");
        }
        assert_eq!(telephone("0171 55501").as_deref(), Some("017155501"));
        assert_eq!(telephone("4711").as_deref(), Some("4711"));
        for none in [
            "",
            "withheld",
            "1",
            "+",
            "00",
            "+49x",
            "\u{661}\u{662}\u{663}",
            "123456789012345678901",
        ] {
            assert_eq!(telephone(none), None, "{none:?}");
        }
    }
}
