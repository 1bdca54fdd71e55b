//! Passwords that this program makes.

use fido_unlock::ErrorCode;
use fido_unlock::ports::Entropy;
use getrandom::SysRng;
use zeroize::Zeroizing;

/// Characters of a password: those that nobody mistakes for another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Of five bits each: 100 bits.
const LENGTH: usize = 20;

/// A random password of 20 letters and digits, in groups of five.
///
/// # Errors
/// [`ErrorCode::EntropyFailed`].
pub(crate) fn new_password() -> Result<Zeroizing<String>, ErrorCode> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    SysRng.fill(&mut *bytes).map_err(|_| ErrorCode::EntropyFailed)?;
    let mut text = Zeroizing::new(String::with_capacity(LENGTH * 2));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        let letter = LETTERS.get(usize::from(byte % 32)).copied();
        text.extend(letter.map(char::from));
    }
    Ok(text)
}
