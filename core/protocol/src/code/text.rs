//! What an input field and a QR code need from a code's text.

use alloc::string::String;

use zeroize::Zeroizing;

use super::{CodeKind, line};

/// Whether a correction may be proposed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    Yes,
    No,
}

/// Whether `text` is a whole line of this kind that passes its check, so that an input field can say
/// "line complete" at once.
///
/// ```
/// use fido_unlock_protocol::DeviceId;
/// use fido_unlock_protocol::code::{CodeKind, line_complete};
///
/// let code = DeviceId::from_bytes([7; 10]).to_code();
/// assert!(line_complete(CodeKind::DeviceId, &code));
/// assert!(!line_complete(CodeKind::DeviceChallenge, &code));
/// ```
#[must_use]
pub fn line_complete(kind: CodeKind, text: &str) -> bool {
    line::decode(kind, text, Offer::No, |_| true).is_ok()
}

/// The code as it goes into a QR code: line breaks, which the QR alphanumeric set (ISO/IEC 18004,
/// 7.4.4) lacks, become spaces, which every reader of codes skips.
#[must_use]
pub fn qr_text(code: &str) -> Zeroizing<String> {
    // As large as it becomes: growing would leave copies behind.
    let mut out = Zeroizing::new(String::with_capacity(code.len()));
    out.extend(
        code.chars()
            .map(|character| if character == '\n' { ' ' } else { character }),
    );
    out
}
