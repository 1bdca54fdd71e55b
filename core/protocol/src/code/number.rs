//! Random numbers of 80 bits that people read out and that are no secret, as lines like a Device ID's: a help desk
//! names its requests by them.

use alloc::string::String;

use super::text::Offer;
use super::{CodeError, CodeKind, line};

/// The line of a number of 10 bytes, in five groups of four joined by hyphens. Its check characters say that it is a
/// [`CodeKind::Request`].
///
/// ```
/// use fido_unlock_protocol::code::{number_line, parse_number};
///
/// let line = number_line(&[7; 10]);
/// assert_eq!(line.len(), 24);
/// assert_eq!(parse_number(&line.to_lowercase()), Ok([7; 10]));
/// ```
#[must_use]
pub fn number_line(number: &[u8; 10]) -> String {
    String::from(line::encode(CodeKind::Request, number).as_str())
}

/// Reads the line that a person typed, in any case, with or without spaces and hyphens.
///
/// # Errors
/// [`CodeError`]: `Character`, `Length`, `Kind` (a Device ID, for one) or `Check`, which names the groups.
pub fn parse_number(text: &str) -> Result<[u8; 10], CodeError> {
    let bytes = line::decode(CodeKind::Request, text, Offer::No, |_| true)?;
    bytes.as_slice().try_into().map_err(|_| CodeError::Length {
        expected: 10,
        got: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceId;

    #[test]
    fn a_device_id_is_no_request_number() {
        let typed = DeviceId::from_bytes([7; 10]).to_code();
        let (expected, found) = (CodeKind::Request, CodeKind::DeviceId);
        assert_eq!(parse_number(&typed), Err(CodeError::Kind { expected, found }));
    }
}
