//! A PIN that host and device both take, confirmed.

use alloc::string::String;

use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;
use fido_unlock_protocol::secret::Pin;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::pin_policy::MAX_PIN_BYTES;
use crate::ports::{PinError, PinPolicy};

/// The device's own lengths, to be told to the person before a PIN is typed.
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

/// A new PIN in Unicode normalisation form C that was typed twice and is within both sides' rules,
/// so that nothing below judges it again.
pub struct NewPin(Zeroizing<String>);

impl NewPin {
    /// Judges a PIN: the same twice, the host's policy, the device's lengths; the stricter wins.
    ///
    /// # Errors
    /// [`PinError`], the first that applies.
    pub fn judge(
        pin: &Pin,
        confirmation: &Pin,
        policy: &dyn PinPolicy,
        rules: &PinRules,
    ) -> Result<Self, PinError> {
        let pin = normalise(pin);
        if !bool::from(pin.as_bytes().ct_eq(normalise(confirmation).as_bytes())) {
            return Err(PinError::Confirmation);
        }
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

    fn judge(pin: &str, again: &str, rules: &PinRules) -> Result<(), PinError> {
        let policy = DefaultPinPolicy::new().unicode();
        NewPin::judge(&Pin::new(pin.into()), &Pin::new(again.into()), &policy, rules).map(drop)
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
        assert_eq!(
            judge("abcde", "abcde", &loose),
            Err(PinError::TooShort { minimum: 6 })
        );
        assert_eq!(
            judge("abcde", "abcde", &strict),
            Err(PinError::TooShort { minimum: 10 })
        );
        assert_eq!(
            judge("abcdefghi", "abcdefghi", &strict),
            Err(PinError::TooShort { minimum: 10 })
        );
        assert_eq!(judge("abcdefghijkl", "abcdefghijkl", &strict), Ok(()));
        assert_eq!(
            judge("abcdefghijklm", "abcdefghijklm", &strict),
            Err(PinError::TooLong { maximum: 12 })
        );
        assert_eq!(judge("abcdef", "abcdeF", &loose), Err(PinError::Confirmation));
    }

    #[test]
    fn composed_and_decomposed_are_one_pin() {
        let rules = PinRules {
            minimum: 4,
            maximum: 63,
            device_has_more: false,
        };
        assert_eq!(judge("ae\u{301}bcdf", "a\u{e9}bcdf", &rules), Ok(()));
        let policy = DefaultPinPolicy::new().unicode();
        let pin = Pin::new("ae\u{301}bcdf".into());
        let pin = NewPin::judge(&pin, &pin, &policy, &rules).unwrap();
        assert_eq!(pin.expose_text(), "a\u{e9}bcdf");
    }
}
