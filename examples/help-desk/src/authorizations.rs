//! Programs that were allowed and have not fetched their token yet (RFC 6749 section 4.1.2). A code is good for a minute
//! and for one try; what it is worth without the program's secret is nothing (RFC 7636).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use fido_unlock::ErrorCode;
use fido_unlock::desk::{OperatorSession, Scope};
use fido_unlock::ports::Entropy;
use getrandom::SysRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The most that are kept; then the oldest goes.
const MOST: usize = 1_000;
/// So long a code is good.
const LIFE: Duration = Duration::from_secs(60);

/// What an operator has allowed a program.
pub(crate) struct Allowed {
    pub(crate) session: OperatorSession,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// SHA-256 of the program's secret.
    pub(crate) challenge: [u8; 32],
    /// Where the code was sent.
    pub(crate) redirect: String,
}

struct Kept {
    key: [u8; 32],
    until: Instant,
    allowed: Allowed,
}

/// All of them, oldest first.
#[derive(Default)]
pub(crate) struct Authorizations(Mutex<VecDeque<Kept>>);

impl Authorizations {
    /// Keeps one; gives its code.
    pub(crate) fn keep(&self, allowed: Allowed) -> Result<Zeroizing<String>, ErrorCode> {
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng.fill(&mut *bytes).map_err(|_| ErrorCode::EntropyFailed)?;
        let code = Zeroizing::new(Base64UrlUnpadded::encode_string(&*bytes));
        let (now, mut all) = (Instant::now(), self.all());
        all.retain(|kept| kept.until > now);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Kept {
            key: hash(&code),
            until: now + LIFE,
            allowed,
        });
        Ok(code)
    }

    /// Takes out what a code stands for, where the rest fits. A code that was tried is spent, whatever came of it.
    /// `verifier`: the program's secret; `redirect`: where the code was sent.
    pub(crate) fn take(&self, code: &str, verifier: &str, redirect: &str) -> Option<Allowed> {
        let key = hash(code);
        let kept = {
            let mut all = self.all();
            let place = all.iter().position(|kept| kept.key == key)?;
            all.remove(place)?
        };
        let proved: bool = hash(verifier).ct_eq(&kept.allowed.challenge).into();
        let fits = proved && kept.allowed.redirect == redirect && kept.until > Instant::now();
        fits.then_some(kept.allowed)
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
