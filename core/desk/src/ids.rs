//! Names.

use alloc::string::{String, ToString};
use core::fmt;

use fido_unlock_protocol::Shown;
use fido_unlock_protocol::code::{CodeError, number_line, parse_number};

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::record::LogId;
use crate::typed_text::composed;

/// The longest operator or user id, in bytes.
pub const LONGEST_ID: usize = 128;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// 1 to 128 bytes of UTF-8, without space at either end and without characters that cannot
            /// be seen; otherwise `None`. It is kept in Unicode's form C, so that one name has one
            /// spelling.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                let text = composed(text);
                Self::recorded(&text).filter(|_| Shown(&text).is_plain())
            }

            /// As a record has it, which may be older than today's rules for new names.
            pub(crate) fn recorded(text: &str) -> Option<Self> {
                let fits = !text.is_empty()
                    && text.len() <= LONGEST_ID
                    && text.trim() == text
                    && !text.chars().any(char::is_control);
                fits.then(|| Self(text.to_string()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// An operator's sign-in name.
    ///
    /// ```
    /// assert!(fido_unlock_desk::OperatorId::new("desk-1").is_some());
    /// assert!(fido_unlock_desk::OperatorId::new(" desk-1").is_none());
    /// ```
    OperatorId
}

text_id! {
    /// A user's id in the directory.
    UserId
}

text_id! {
    /// What people call a device: its product, colour, or number in an inventory.
    ///
    /// ```
    /// assert!(fido_unlock_desk::DeviceLabel::new("Example Key 5, blue").is_some());
    /// ```
    DeviceLabel
}

/// A request: 80 random bits, which people read out as a line like a Device ID's.
///
/// ```
/// use fido_unlock_desk::RequestId;
///
/// let id = RequestId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
/// assert_eq!(RequestId::parse(&id.to_string().to_lowercase()), Ok(id));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct RequestId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 10]);

impl RequestId {
    /// From its 10 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// That of the request which a program opens under a key of its own, so that it is opened once: the first 10 bytes of
    /// SHA-256("fido-unlock/1 request" ‖ 00 ‖ log id ‖ person ‖ key).
    pub(crate) fn of_key(log: &LogId, operator: PersonNumber, key: &str) -> Self {
        let hash = Sha256::new_with_prefix(b"fido-unlock/1 request\0")
            .chain_update(log.0)
            .chain_update(operator.0)
            .chain_update(key);
        let [a, b, c, d, e, f, g, h, i, j, ..]: [u8; 32] = hash.finalize().into();
        Self([a, b, c, d, e, f, g, h, i, j])
    }

    /// Its 10 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// Reads the line that a person typed, as [`DeviceId::parse`](fido_unlock_protocol::DeviceId::parse) does.
    ///
    /// # Errors
    /// [`CodeError`] when it is no request's line.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        parse_number(text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&number_line(&self.0))
    }
}

/// What stands for a user or an operator in the log and in rows: 80 random bits, so that a name that has to be
/// forgotten is in no entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct PersonNumber(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 10]);

impl PersonNumber {
    /// Reads it as it is shown: 20 hexadecimal digits.
    ///
    /// ```
    /// use fido_unlock_desk::PersonNumber;
    ///
    /// let number = PersonNumber([0xA1; 10]);
    /// assert_eq!(PersonNumber::parse(&number.to_string()), Some(number));
    /// assert_eq!(PersonNumber::parse("a1"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
        let [.., a, b, c, d, e, f, g, h, i, j] = number.to_be_bytes();
        Some(Self([a, b, c, d, e, f, g, h, i, j]))
    }
}

impl fmt::Display for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling_and_nothing_invisible() {
        assert_eq!(UserId::new("zoe\u{308}"), UserId::new("zo\u{eb}"));
        for hidden in ["a\u{202e}", "a\u{200b}b", "\u{feff}a", "a\u{3164}", "a\nb"] {
            assert!(OperatorId::new(hidden).is_none(), "{hidden:?}");
        }
        // What was recorded under older rules stays readable, as it is.
        assert_eq!(UserId::recorded("zoe\u{308}").unwrap().as_str(), "zoe\u{308}");
    }
}
