//! The PIN policy of a host that has none of its own: 6 to 63 ASCII letters and digits.

use alloc::{string::String, vec::Vec};

use unicode_normalization::UnicodeNormalization;

use crate::ports::{PinError, PinPolicy};

/// Longest PIN in bytes (CTAP 2.1 §6.5.1: 63, since 64 bytes are sent with a zero at the end).
pub(super) const MAX_PIN_BYTES: usize = 63;

/// 6 to 63 characters, ASCII letters and digits, unless an option says otherwise.
///
/// ```
/// use fido_unlock_host::ports::PinPolicy;
/// use fido_unlock_host::DefaultPinPolicy;
/// assert!(DefaultPinPolicy::new().check("Abc123").is_ok());
/// assert!(DefaultPinPolicy::new().check("Abc-123").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct DefaultPinPolicy {
    minimum: usize,
    symbols: bool,
    unicode: bool,
    refuse_trivial: bool,
    block_list: Vec<String>,
}

impl Default for DefaultPinPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl DefaultPinPolicy {
    /// Shortest length in code points, unless an option raises it.
    pub const MINIMUM: usize = 6;

    /// 6 to 63 ASCII letters and digits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            minimum: Self::MINIMUM,
            symbols: false,
            unicode: false,
            refuse_trivial: false,
            block_list: Vec::new(),
        }
    }

    /// Raises the shortest length, in code points; never below 6, never above 63.
    #[must_use]
    pub fn minimum(mut self, code_points: usize) -> Self {
        self.minimum = code_points.clamp(Self::MINIMUM, MAX_PIN_BYTES);
        self
    }

    /// Allows the other printable ASCII characters, including the space.
    #[must_use]
    pub fn symbols(mut self) -> Self {
        self.symbols = true;
        self
    }

    /// Allows every character that is not a control character. Keyboards differ: a PIN set on one
    /// machine may be impossible to type at another's sign-in screen.
    #[must_use]
    pub fn unicode(mut self) -> Self {
        self.unicode = true;
        self.symbols = true;
        self
    }

    /// Refuses sequences ("123456", "fedcba") and repeats ("aaaaaa", "121212", "abcabc").
    #[must_use]
    pub fn refuse_trivial(mut self) -> Self {
        self.refuse_trivial = true;
        self
    }

    /// Refuses these PINs, whatever the case of their ASCII letters and however their characters are
    /// composed.
    #[must_use]
    pub fn block_list(mut self, pins: impl IntoIterator<Item = String>) -> Self {
        self.block_list
            .extend(pins.into_iter().map(|pin| pin.nfc().collect()));
        self
    }

    fn allows(&self, character: char) -> bool {
        character.is_ascii_alphanumeric()
            || (self.symbols && (character.is_ascii_graphic() || character == ' '))
            || (self.unicode && !character.is_ascii() && !character.is_control())
    }
}

impl PinPolicy for DefaultPinPolicy {
    fn check(&self, pin: &str) -> Result<(), PinError> {
        if !pin.chars().all(|character| self.allows(character)) {
            return Err(PinError::Character);
        }
        if pin.chars().count() < self.minimum {
            return Err(PinError::TooShort {
                minimum: self.minimum,
            });
        }
        if pin.len() > MAX_PIN_BYTES {
            return Err(PinError::TooLong {
                maximum: MAX_PIN_BYTES,
            });
        }
        if self.refuse_trivial && is_trivial(pin) {
            return Err(PinError::Trivial);
        }
        if self
            .block_list
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(pin))
        {
            return Err(PinError::Listed);
        }
        Ok(())
    }
}

/// One step up or down throughout, or a pattern of at most three characters throughout.
fn is_trivial(pin: &str) -> bool {
    let at = |i: usize| pin.chars().nth(i).map(|c| u32::from(c.to_ascii_lowercase()));
    let length = pin.chars().count();
    let steps_by = |step: i64| {
        (1..length).all(|i| match (at(i - 1), at(i)) {
            (Some(a), Some(b)) => i64::from(b) - i64::from(a) == step,
            _ => false,
        })
    };
    let repeats = |period: usize| length > period && (period..length).all(|i| at(i) == at(i - period));
    steps_by(1) || steps_by(-1) || (1..=3).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn each_rule_refuses_what_it_is_for() {
        let plain = DefaultPinPolicy::new();
        let symbols = DefaultPinPolicy::new().symbols();
        let unicode = DefaultPinPolicy::new().unicode();
        let strict = DefaultPinPolicy::new()
            .refuse_trivial()
            .minimum(8)
            .block_list(["Sommer26".to_string()]);
        let listed = DefaultPinPolicy::new()
            .unicode()
            .block_list(["ge\u{301}heim".to_string()]);
        let long = "a1".repeat(32);
        for (policy, pin, verdict) in [
            (&plain, "abc12", Err(PinError::TooShort { minimum: 6 })),
            (&plain, "abc123", Ok(())),
            (&plain, &long[..63], Ok(())),
            (&plain, &long, Err(PinError::TooLong { maximum: 63 })),
            (&plain, "abc 123", Err(PinError::Character)),
            (&plain, "abcd\u{e9}1", Err(PinError::Character)),
            (&plain, "", Err(PinError::TooShort { minimum: 6 })),
            (&symbols, "abc-1 3", Ok(())),
            (&symbols, "abc\t123", Err(PinError::Character)),
            (&symbols, "abcd\u{e9}1", Err(PinError::Character)),
            (
                &unicode,
                "\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
                Err(PinError::TooShort { minimum: 6 }),
            ),
            (
                &unicode,
                "\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
                Ok(()),
            ),
            (
                &unicode,
                &"\u{1f511}".repeat(16),
                Err(PinError::TooLong { maximum: 63 }),
            ),
            (&unicode, "abcdef\0", Err(PinError::Character)),
            (&strict, "abc123x", Err(PinError::TooShort { minimum: 8 })),
            (&strict, "12345678", Err(PinError::Trivial)),
            (&strict, "HgFeDcBa", Err(PinError::Trivial)),
            (&strict, "aaaaaaaa", Err(PinError::Trivial)),
            (&strict, "12121212", Err(PinError::Trivial)),
            (&strict, "abcabcab", Err(PinError::Trivial)),
            (&strict, "sOMMER26", Err(PinError::Listed)),
            (&strict, "Sommer27", Ok(())),
            (&listed, "G\u{e9}heim", Err(PinError::Listed)),
        ] {
            assert_eq!(policy.check(pin), verdict, "{pin}");
        }
    }
}
