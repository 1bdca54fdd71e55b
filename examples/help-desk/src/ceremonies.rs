//! Passkeys that are being asked for. What a browser has to answer stays here; its page has only a number that says which
//! it is. Each is taken out by the first answer, so that none is looked at twice.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{BegunAssertion, BegunPasskey};
use fido_unlock::ports::Entropy;
use getrandom::SysRng;
use sha2::{Digest, Sha256};

/// The most that are kept; then the oldest goes. How long each is good, the desk says.
const MOST: usize = 1_000;

/// One.
pub(crate) enum Ceremony {
    /// Somebody signs in.
    SignIn(BegunAssertion),
    /// Somebody who is signed in confirms that it is they.
    Confirm(BegunAssertion),
    /// Somebody adds a passkey.
    Add(BegunPasskey),
}

/// All of them by the hash of their number, oldest first.
#[derive(Default)]
pub(crate) struct Ceremonies(Mutex<VecDeque<([u8; 32], Ceremony)>>);

impl Ceremonies {
    /// Keeps one; gives its number.
    pub(crate) fn begin(&self, ceremony: Ceremony) -> Result<String, ErrorCode> {
        let mut bytes = [0; 16];
        SysRng.fill(&mut bytes).map_err(|_| ErrorCode::EntropyFailed)?;
        let number = base16ct::lower::encode_string(&bytes);
        let mut all = self.all();
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back((key(&number), ceremony));
        Ok(number)
    }

    /// Takes it out.
    pub(crate) fn take(&self, number: &str) -> Option<Ceremony> {
        let (key, mut all) = (key(number), self.all());
        let place = all.iter().position(|(own, _)| *own == key)?;
        all.remove(place).map(|(_, ceremony)| ceremony)
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<([u8; 32], Ceremony)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(number: &str) -> [u8; 32] {
    Sha256::digest(number).into()
}
