//! What `pinUvAuthParam` of `unlock` covers (docs/protocol.md, "unlock"), in pieces, so that no heap is needed.

/// Precedes the parameters.
const LABEL: &[u8] = b"fido-unlock/1 unlock\0";

/// The length byte of [`unlock_auth_parts`].
#[must_use]
pub fn response_length(response: &[u8]) -> [u8; 1] {
    [u8::try_from(response.len()).unwrap_or(u8::MAX)]
}

/// label ‖ 00 ‖ challenge ‖ len(response), one byte ‖ response ‖ newPinEnc. `length`: [`response_length`].
#[must_use]
pub const fn unlock_auth_parts<'a>(
    challenge: &'a [u8],
    length: &'a [u8; 1],
    response: &'a [u8],
    new_pin_enc: &'a [u8],
) -> [&'a [u8]; 5] {
    [LABEL, challenge, length, response, new_pin_enc]
}
