//! The form in which names, searches and passwords are compared. Keyboards write "é" as one character or as two;
//! both are the same name and the same password (Unicode Standard Annex 15, form C).

use alloc::string::String;

use unicode_normalization::UnicodeNormalization;
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
