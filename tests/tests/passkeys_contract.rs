//! The contract suite of passkeys: the fake of the core's tests keeps it, and the suite finds adapters that leave out one of
//! the checks.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use fido_unlock::desk::ports::{MadePasskey, PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};
use fido_unlock::desk::testing::{self, BrowserWay, ContractError, PasskeyBrowser, PasskeysUnderTest};
use fido_unlock_mock::desk::{FakeBrowser, FakePasskeys};

struct Browser(FakeBrowser);

impl Browser {
    fn going(&self, way: BrowserWay) -> FakeBrowser {
        let mut other = self.0.clone();
        match way {
            BrowserWay::Right => {}
            BrowserWay::ForeignOrigin => other.origin = "https://thief.example".into(),
            BrowserWay::ForeignParty => other.party = "thief.example".into(),
            BrowserWay::Unverified => other.verifies = false,
            BrowserWay::ForeignKey => other.key += 1,
            BrowserWay::SameCounter => other.counter -= 1,
        }
        other
    }
}

impl PasskeyBrowser for Browser {
    fn create(&mut self, options: &str, way: BrowserWay) -> String {
        self.0.made += 1;
        self.going(way).create(options)
    }

    fn get(&mut self, options: &str, id: &[u8], way: BrowserWay) -> String {
        let mut other = self.going(way);
        let answer = other.get(options, id);
        self.0.counter = other.counter;
        answer
    }

    fn allowed(&self, options: &str) -> Vec<Vec<u8>> {
        FakeBrowser::allowed(options)
    }
}

fn run(passkeys: impl Passkeys + Send + 'static) -> Result<(), ContractError> {
    testing::passkeys(PasskeysUnderTest {
        passkeys: Box::new(passkeys),
        browser: Box::new(Browser(FakeBrowser::default())),
    })
}

#[test]
fn the_fake_keeps_the_contract() {
    run(FakePasskeys).unwrap();
}

/// The place of the counter in an answer.
const COUNTER: usize = 6;

/// Does not look at one word of an answer: it puts the right one there, or forgets the counter that it has seen.
struct Careless {
    passkeys: FakePasskeys,
    word: usize,
    right: &'static str,
}

impl Careless {
    fn seen(&self, state: &[u8], answer: &str) -> String {
        let mut words: Vec<_> = answer.split(' ').collect();
        let challenge = std::str::from_utf8(state).unwrap();
        if self.word != COUNTER
            && let Some(word) = words.get_mut(self.word)
        {
            *word = if self.word == 0 { challenge } else { self.right };
        }
        words.join(" ")
    }
}

impl Passkeys for Careless {
    fn begin_registration(
        &mut self,
        owner: &PasskeyOwner<'_>,
        known: &[Vec<u8>],
    ) -> Result<PasskeyAsk, PasskeyError> {
        self.passkeys.begin_registration(owner, known)
    }

    fn finish_registration(&mut self, state: &[u8], answer: &str) -> Result<MadePasskey, PasskeyError> {
        let seen = self.seen(state, answer);
        self.passkeys.finish_registration(state, &seen)
    }

    fn begin_assertion(&mut self, allowed: &[Vec<u8>]) -> Result<PasskeyAsk, PasskeyError> {
        self.passkeys.begin_assertion(allowed)
    }

    fn credential_id(&self, answer: &str) -> Result<Vec<u8>, PasskeyError> {
        self.passkeys.credential_id(answer)
    }

    fn finish_assertion(
        &mut self,
        state: &[u8],
        credential: &[u8],
        answer: &str,
    ) -> Result<Vec<u8>, PasskeyError> {
        if self.word == COUNTER {
            let kept = std::str::from_utf8(credential).unwrap();
            let (of, _) = kept.rsplit_once(' ').unwrap();
            let forgetful = format!("{of} 0");
            return self
                .passkeys
                .finish_assertion(state, forgetful.as_bytes(), answer);
        }
        let seen = self.seen(state, answer);
        self.passkeys.finish_assertion(state, credential, &seen)
    }
}

#[test]
fn an_adapter_that_leaves_a_check_out_is_found() {
    let registered = "a new passkey is of this origin and party, and verifies its user";
    let cases = [
        (0, "", "a new passkey answers this ask and no other"),
        (2, "https://desk.example", registered),
        (3, "desk.example", registered),
        (4, "true", registered),
        (
            5,
            "4711",
            "an answer is of this origin, party and key, verifies its user, and is counted",
        ),
        (COUNTER, "", "the same answer is not good again"),
    ];
    for (word, right, sentence) in cases {
        let careless = Careless {
            passkeys: FakePasskeys,
            word,
            right,
        };
        let found = run(careless).unwrap_err();
        assert_eq!(found, ContractError::Broken(sentence), "word {word}");
    }
}
