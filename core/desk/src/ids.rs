//! Names and moments.

use alloc::string::{String, ToString};
use core::fmt;

use fido_unlock_protocol::Shown;

use crate::typed_text::composed;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// Seconds from `earlier` to this moment; 0 when `earlier` is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

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

            /// As it stands in a record, which may be older than today's rules for new names.
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
                f.write_str(&self.0)
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

/// A request: the sequence number of its first audit entry, so it is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
