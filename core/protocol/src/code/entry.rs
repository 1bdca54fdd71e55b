//! The state of one input field, which offers a correction at most once.

use super::{CodeError, Offer};
use crate::challenge::Challenge;
use crate::device_id::DeviceId;
use crate::response::ResponseCode;
use crate::suite::Suite;

/// One field that a person types one code into. The first refusal may hold a
/// [`Correction`](super::Correction); from the second on only the groups are named, because who
/// fails twice has more than a slip, and each guess more makes a wrong one likelier.
///
/// Call it when the person has finished, not at each key: every refusal counts. For "line complete"
/// while typing there is [`line_complete`](super::line_complete).
///
/// ```
/// use fido_unlock_protocol::DeviceId;
/// use fido_unlock_protocol::code::Entry;
///
/// let id = DeviceId::from_bytes([7; 10]).to_code();
/// let (typed, mut entry) = (format!("Z{}", &id[1..]), Entry::new());
/// let first = entry.device_id(&typed).unwrap_err();
/// assert_eq!(first.correction().unwrap().expose_line(), id);
/// assert!(entry.device_id(&typed).unwrap_err().correction().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Entry {
    failed: bool,
}

impl Entry {
    /// A fresh field.
    #[must_use]
    pub const fn new() -> Self {
        Self { failed: false }
    }

    /// [`DeviceId::parse`], with the offer.
    ///
    /// # Errors
    /// As [`DeviceId::parse`].
    pub fn device_id(&mut self, text: &str) -> Result<DeviceId, CodeError> {
        self.judge(|offer| DeviceId::parse_offering(text, offer))
    }

    /// [`Challenge::parse`], with the offer.
    ///
    /// # Errors
    /// As [`Challenge::parse`].
    pub fn challenge(&mut self, suite: Suite, text: &str) -> Result<Challenge, CodeError> {
        self.judge(|offer| Challenge::parse_offering(suite, text, offer))
    }

    /// [`ResponseCode::parse`], with the offer.
    ///
    /// # Errors
    /// As [`ResponseCode::parse`].
    pub fn response(&mut self, suite: Suite, text: &str) -> Result<ResponseCode, CodeError> {
        self.judge(|offer| ResponseCode::parse_offering(suite, text, offer))
    }

    fn judge<T>(&mut self, parse: impl FnOnce(Offer) -> Result<T, CodeError>) -> Result<T, CodeError> {
        let result = parse(if self.failed { Offer::No } else { Offer::Yes });
        self.failed |= result.is_err();
        result
    }
}
