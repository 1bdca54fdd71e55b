//! Whether a new password or passphrase is worth anything.

use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;
use zeroize::Zeroizing;

use crate::typed_text::{folded, opaque};

/// The shortest password that stands alone, in characters (NIST SP 800-63B-4, section 3.1.1.2).
const SHORTEST: usize = 15;
/// The shortest one that is typed beside a passkey, in characters (the same section).
const SHORTEST_BESIDE_PASSKEY: usize = 8;
/// What is guessed first, besides what belongs to the case.
const COMMON: [&str; 4] = ["fido-unlock", "fido unlock", "password", "passwort"];

/// Whether a new password or passphrase is long enough and not one that is guessed first: a name, the program's, one
/// character over and over, or a row of the keyboard or of the alphabet. `typed`: as it was typed; at least 15
/// characters in form C. `guessable`: what else an attacker would try, such as the operator's name.
///
/// ```
/// use fido_unlock_desk::judge_new_secret;
///
/// assert!(judge_new_secret("green lamps 4711", &["nina"]).is_ok());
/// assert!(judge_new_secret("p", &[]).is_err());
/// ```
///
/// # Errors
/// [`ErrorCode::PasswordWeak`].
pub fn judge_new_secret(typed: &str, guessable: &[&str]) -> Result<(), ErrorCode> {
    judge(typed, guessable, SHORTEST).map(drop)
}

/// The same for a password beside a passkey, of at least 8 characters. Gives whether it is too short to stand alone.
pub(crate) fn judge_beside_passkey(typed: &str, guessable: &[&str]) -> Result<bool, ErrorCode> {
    judge(typed, guessable, SHORTEST_BESIDE_PASSKEY)
}

/// Gives whether it is too short to stand alone.
fn judge(typed: &str, guessable: &[&str], shortest: usize) -> Result<bool, ErrorCode> {
    let typed = opaque(typed);
    let length = typed.chars().count();
    let plain = Zeroizing::new(folded(&typed));
    let guessable = guessable.iter().map(|word| folded(word));
    let words = guessable
        .chain(COMMON.map(Into::into))
        .filter(|word| !word.is_empty());
    let rest = words.fold(plain.clone(), |left, word| {
        Zeroizing::new(left.replace(&word, ""))
    });
    let mut different: Zeroizing<Vec<char>> = Zeroizing::new(rest.chars().collect());
    different.sort_unstable();
    different.dedup();
    let rows = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
    ];
    let in_a_row = rows.iter().any(|row| row.repeat(2).contains(plain.as_str()));
    if length < shortest || different.len() < 5 || in_a_row {
        Err(ErrorCode::PasswordWeak)
    } else {
        Ok(length < SHORTEST)
    }
}
