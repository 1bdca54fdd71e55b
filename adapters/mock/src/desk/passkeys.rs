//! Passkeys without any cryptography: for tests alone. Lines take the place of JSON, and a number that of a key.

use std::sync::atomic::{AtomicU64, Ordering};

use fido_unlock_desk::ports::{MadePasskey, PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};
use zeroize::Zeroizing;

/// Challenges of this process.
static CHALLENGE: AtomicU64 = AtomicU64::new(1);
const ORIGIN: &str = "https://desk.example";
const PARTY: &str = "desk.example";

/// Judges answers of a [`FakeBrowser`]: worth nothing outside tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakePasskeys;

/// A browser with an authenticator that makes a passkey of each ask.
#[derive(Clone, Debug)]
pub struct FakeBrowser {
    /// The origin of the page that asks.
    pub origin: String,
    /// The relying party that the authenticator answers for.
    pub party: String,
    /// Whether the authenticator verifies its user.
    pub verifies: bool,
    /// What the authenticator signs by.
    pub key: u64,
    /// How often it has signed.
    pub counter: u64,
    /// How many passkeys it has made.
    pub made: u64,
}

impl Default for FakeBrowser {
    fn default() -> Self {
        Self {
            origin: ORIGIN.into(),
            party: PARTY.into(),
            verifies: true,
            key: 4711,
            counter: 0,
            made: 0,
        }
    }
}

impl FakeBrowser {
    /// Makes a passkey.
    #[must_use]
    pub fn create(&mut self, options: &str) -> String {
        self.made += 1;
        let id = hex(format!("passkey {} of {}", self.made, self.key).as_bytes());
        self.answer(options, &id)
    }

    /// Signs by the passkey of that credential id.
    #[must_use]
    pub fn get(&mut self, options: &str, id: &[u8]) -> String {
        self.counter += 1;
        self.answer(options, &hex(id))
    }

    /// The credential ids that the options name.
    #[must_use]
    pub fn allowed(options: &str) -> Vec<Vec<u8>> {
        let ids = options.split(' ').skip(1);
        ids.filter_map(unhex).collect()
    }

    fn answer(&self, options: &str, id: &str) -> String {
        let challenge = options.split(' ').next().unwrap_or_default();
        let Self {
            origin,
            party,
            verifies,
            key,
            counter,
            ..
        } = self;
        format!("{challenge} {id} {origin} {party} {verifies} {key} {counter}")
    }
}

/// An answer that was for this challenge, of this origin and party, with the user verified: id, key, counter.
fn judged(challenge: &[u8], answer: &str) -> Result<(Vec<u8>, u64, u64), PasskeyError> {
    let refused = || PasskeyError::Refused {
        detail: "not what was asked for".into(),
    };
    let words: Vec<_> = answer.split(' ').collect();
    let [of, id, origin, party, verifies, key, counter] = words.as_slice() else {
        return Err(refused());
    };
    if of.as_bytes() != challenge || *origin != ORIGIN || *party != PARTY || *verifies != "true" {
        return Err(refused());
    }
    let number = |text: &str| text.parse::<u64>().map_err(|_| refused());
    Ok((unhex(id).ok_or_else(refused)?, number(key)?, number(counter)?))
}

fn ask(known: &[Vec<u8>]) -> PasskeyAsk {
    let challenge = CHALLENGE.fetch_add(1, Ordering::Relaxed).to_string();
    let ids = known.iter().map(|id| format!(" {}", hex(id)));
    PasskeyAsk {
        options: format!("{challenge}{}", ids.collect::<String>()),
        state: Zeroizing::new(challenge.into_bytes()),
    }
}

impl Passkeys for FakePasskeys {
    fn begin_registration(
        &mut self,
        _: &PasskeyOwner<'_>,
        known: &[Vec<u8>],
    ) -> Result<PasskeyAsk, PasskeyError> {
        Ok(ask(known))
    }

    fn finish_registration(&mut self, state: &[u8], answer: &str) -> Result<MadePasskey, PasskeyError> {
        let (id, key, counter) = judged(state, answer)?;
        let credential = format!("{} {key} {counter}", hex(&id)).into_bytes();
        Ok(MadePasskey { id, credential })
    }

    fn begin_assertion(&mut self, allowed: &[Vec<u8>]) -> Result<PasskeyAsk, PasskeyError> {
        Ok(ask(allowed))
    }

    fn credential_id(&self, answer: &str) -> Result<Vec<u8>, PasskeyError> {
        let id = answer.split(' ').nth(1).and_then(unhex);
        id.ok_or_else(|| PasskeyError::Refused {
            detail: "no answer".into(),
        })
    }

    fn finish_assertion(
        &mut self,
        state: &[u8],
        credential: &[u8],
        answer: &str,
    ) -> Result<Vec<u8>, PasskeyError> {
        let (id, key, counter) = judged(state, answer)?;
        let kept = String::from_utf8_lossy(credential);
        let is_its = kept.strip_prefix(&format!("{} {key} ", hex(&id)));
        let before = is_its.and_then(|before| before.parse::<u64>().ok());
        if before.is_some_and(|before| before < counter) {
            Ok(format!("{} {key} {counter}", hex(&id)).into_bytes())
        } else {
            Err(PasskeyError::Refused {
                detail: "another passkey, or not counted".into(),
            })
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() % 2 == 1 {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}
