//! A PIN that both host and device accept, and whether it was typed the same twice.

use alloc::string::String;

use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;
use fido_unlock_protocol::secret::Pin;
use subtle::{Choice, ConstantTimeEq};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::pin_policy::MAX_PIN_BYTES;
use crate::ports::{PinError, PinPolicy};

/// The device's own lengths, to show to the person before they type a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRules {
    /// Shortest, in code points.
    pub minimum: usize,
    /// Longest, in UTF-8 bytes.
    pub maximum: usize,
    /// The device has further rules, which only it knows (`pinComplexityPolicy`).
    pub device_has_more: bool,
}

impl PinRules {
    /// What `getInfo` says.
    #[must_use]
    pub fn of(info: &UnlockInfo) -> Self {
        Self {
            minimum: info.min_pin_length.into(),
            maximum: usize::from(info.max_pin_length).min(MAX_PIN_BYTES),
            device_has_more: info.pin_complexity_policy,
        }
    }
}

/// A new PIN in Unicode normalisation form C that is within both sides' rules, so that nothing below
/// judges it again.
pub struct NewPin(Zeroizing<String>);

impl NewPin {
    /// Checks a PIN against the host's policy and the device's lengths; the stricter wins. A program that asks for
    /// it twice compares both with [`confirm_pin`].
    ///
    /// # Errors
    /// [`PinError`], the first that applies; never [`PinError::Confirmation`].
    pub fn judge(pin: &Pin, policy: &dyn PinPolicy, rules: &PinRules) -> Result<Self, PinError> {
        let pin = normalise(pin);
        let short = || pin.chars().count() < rules.minimum;
        match policy.check(&pin) {
            Err(PinError::TooShort { minimum }) => {
                return Err(PinError::TooShort {
                    minimum: minimum.max(rules.minimum),
                });
            }
            Err(PinError::TooLong { maximum }) => {
                return Err(PinError::TooLong {
                    maximum: maximum.min(rules.maximum),
                });
            }
            other => other?,
        }
        if short() {
            return Err(PinError::TooShort {
                minimum: rules.minimum,
            });
        }
        if pin.len() > rules.maximum {
            return Err(PinError::TooLong {
                maximum: rules.maximum,
            });
        }
        // The zero byte ends a PIN on the wire.
        if pin.contains('\0') {
            return Err(PinError::Character);
        }
        Ok(Self(pin))
    }

    /// The text.
    #[must_use]
    pub fn expose_text(&self) -> &str {
        &self.0
    }
}

/// Whether a PIN was typed the same twice: in Unicode normalisation form C, as the device stores it. The
/// characters are compared while they are normalised, so that neither PIN is copied whole (the normaliser holds one
/// letter and its marks at a time), and all of them are compared, so that the time reveals only the longer one's
/// length. Returns `pin`, for [`NewPin::judge`].
///
/// # Errors
/// [`PinError::Confirmation`].
pub fn confirm_pin<'a>(pin: &'a Pin, again: &Pin) -> Result<&'a Pin, PinError> {
    // No character: an end, which no character equals.
    const END: u32 = u32::MAX;
    let point = |character: Option<char>| character.map_or(END, u32::from);
    let (mut one, mut two) = (pin.expose_text().nfc(), again.expose_text().nfc());
    let mut same = Choice::from(1);
    loop {
        let (first, second) = (point(one.next()), point(two.next()));
        same &= first.ct_eq(&second);
        if first == END && second == END {
            break;
        }
    }
    if same.into() {
        Ok(pin)
    } else {
        Err(PinError::Confirmation)
    }
}

/// Form C (CTAP 2.1 §6.5.1), in a buffer that never grows, so that no copy is left behind.
pub(super) fn normalise(pin: &Pin) -> Zeroizing<String> {
    let text = pin.expose_text();
    // No character grows by more than a factor of three in UTF-8 (Unicode Standard Annex 15).
    let mut out = Zeroizing::new(String::with_capacity(3 * text.len()));
    text.nfc().for_each(|character| out.push(character));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DefaultPinPolicy;

    fn pin(text: &str) -> Pin {
        Pin::new(text.into())
    }

    fn judge(text: &str, rules: &PinRules) -> Result<(), PinError> {
        let policy = DefaultPinPolicy::new().unicode();
        NewPin::judge(&pin(text), &policy, rules).map(drop)
    }

    #[test]
    fn the_stricter_side_wins() {
        let loose = PinRules {
            minimum: 4,
            maximum: 63,
            device_has_more: false,
        };
        let strict = PinRules {
            minimum: 10,
            maximum: 12,
            device_has_more: false,
        };
        assert_eq!(judge("abcde", &loose), Err(PinError::TooShort { minimum: 6 }));
        assert_eq!(judge("abcde", &strict), Err(PinError::TooShort { minimum: 10 }));
        assert_eq!(
            judge("abcdefghi", &strict),
            Err(PinError::TooShort { minimum: 10 })
        );
        assert_eq!(judge("abcdefghijkl", &strict), Ok(()));
        assert_eq!(
            judge("abcdefghijklm", &strict),
            Err(PinError::TooLong { maximum: 12 })
        );
    }

    #[test]
    fn a_judged_pin_is_composed() {
        let rules = PinRules {
            minimum: 4,
            maximum: 63,
            device_has_more: false,
        };
        let policy = DefaultPinPolicy::new().unicode();
        let pin = NewPin::judge(&pin("ae\u{301}bcdf"), &policy, &rules).unwrap();
        assert_eq!(pin.expose_text(), "a\u{e9}bcdf");
    }

    #[test]
    fn a_pin_is_confirmed_by_the_same_one_and_no_other() {
        // Marks in another order, and more of them than a normaliser keeps without a heap.
        let marks = "a\u{323}\u{307}\u{316}\u{317}\u{318}\u{319}";
        let swapped = "a\u{307}\u{316}\u{317}\u{318}\u{319}\u{323}";
        for (one, two, same) in [
            ("", "", true),
            ("abcdef", "abcdef", true),
            ("abcdef", "abcdeF", false),
            ("abcdef", "Abcdef", false),
            ("abcdef", "abcde", false),
            ("abcde", "abcdef", false),
            ("abcdef", "", false),
            ("ae\u{301}bcdf", "a\u{e9}bcdf", true),
            ("ae\u{301}bcdf", "ae\u{300}bcdf", false),
            (marks, swapped, false),
            ("a\u{323}\u{307}", "a\u{307}\u{323}", true),
            ("\u{212b}ngstrom", "A\u{30a}ngstrom", true),
            ("\u{1F511}12345", "\u{1F512}12345", false),
        ] {
            let expected = if same { Ok(()) } else { Err(PinError::Confirmation) };
            assert_eq!(
                confirm_pin(&pin(one), &pin(two)).map(drop),
                expected,
                "{one:?} {two:?}"
            );
            // As form C in buffers of their own says it.
            assert_eq!(
                *normalise(&pin(one)) == *normalise(&pin(two)),
                same,
                "{one:?} {two:?}"
            );
        }
    }
}
