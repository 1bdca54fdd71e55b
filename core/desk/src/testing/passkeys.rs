//! Contract of [`Passkeys`].

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ContractError, ensure};
use crate::ports::{MadePasskey, PasskeyAsk, PasskeyError, PasskeyOwner, Passkeys};

/// What is wrong with an answer of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserWay {
    /// Nothing.
    Right,
    /// A page of another origin asked.
    ForeignOrigin,
    /// The authenticator is another relying party's.
    ForeignParty,
    /// The authenticator has not verified its user.
    Unverified,
    /// Another key has signed; of an assertion alone.
    ForeignKey,
    /// The authenticator's counter stays where it was; of an assertion alone.
    SameCounter,
}

/// A browser with an authenticator that counts its signatures, for one user.
pub trait PasskeyBrowser {
    /// What `navigator.credentials.create` gives for these options, as JSON.
    fn create(&mut self, options: &str, way: BrowserWay) -> String;

    /// What `navigator.credentials.get` gives for these options, as JSON, by the passkey of that credential id, which the
    /// options need not name.
    fn get(&mut self, options: &str, id: &[u8], way: BrowserWay) -> String;

    /// The credential ids that these options allow, in their order.
    fn allowed(&self, options: &str) -> Vec<Vec<u8>>;
}

/// An adapter, and a browser on a page of its service.
pub struct PasskeysUnderTest {
    /// It.
    pub passkeys: Box<dyn Passkeys + Send>,
    /// The browser.
    pub browser: Box<dyn PasskeyBrowser>,
}

const OWNER: PasskeyOwner<'static> = PasskeyOwner {
    handle: [7; 16],
    name: "anna",
};
const FOREIGN: [BrowserWay; 3] = [
    BrowserWay::ForeignOrigin,
    BrowserWay::ForeignParty,
    BrowserWay::Unverified,
];

/// `tested`: with an authenticator that has no passkey yet.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn passkeys(tested: PasskeysUnderTest) -> Result<(), ContractError> {
    let PasskeysUnderTest {
        mut passkeys,
        mut browser,
    } = tested;
    let (passkeys, browser) = (&mut *passkeys, &mut *browser);
    let first = made(passkeys, browser)?;
    registration_is_for_this_ask(passkeys, browser)?;
    let second = made(passkeys, browser)?;
    ensure(first.id != second.id, "each passkey has an id of its own")?;
    assertion_is_for_this_ask(passkeys, browser, &first, &second)
}

fn made(passkeys: &mut dyn Passkeys, browser: &mut dyn PasskeyBrowser) -> Result<MadePasskey, ContractError> {
    let ask = passkeys.begin_registration(&OWNER, &[])?;
    let answer = browser.create(&ask.options, BrowserWay::Right);
    let made = passkeys.finish_registration(&ask.state, &answer)?;
    ensure((1..=1023).contains(&made.id.len()), "a credential has an id")?;
    Ok(made)
}

fn refused<T>(answer: Result<T, PasskeyError>, sentence: &'static str) -> Result<(), ContractError> {
    ensure(matches!(answer, Err(PasskeyError::Refused { .. })), sentence)
}

fn registration_is_for_this_ask(
    passkeys: &mut dyn Passkeys,
    browser: &mut dyn PasskeyBrowser,
) -> Result<(), ContractError> {
    for way in FOREIGN {
        let ask = passkeys.begin_registration(&OWNER, &[])?;
        let answer = browser.create(&ask.options, way);
        let finished = passkeys.finish_registration(&ask.state, &answer);
        refused(
            finished,
            "a new passkey is of this origin and party, and verifies its user",
        )?;
    }
    let (before, ask) = (
        passkeys.begin_registration(&OWNER, &[])?,
        passkeys.begin_registration(&OWNER, &[])?,
    );
    let answer = browser.create(&before.options, BrowserWay::Right);
    refused(
        passkeys.finish_registration(&ask.state, &answer),
        "a new passkey answers this ask and no other",
    )?;
    for rubbish in ["", "{}", "null", "\u{202e}"] {
        refused(
            passkeys.finish_registration(&ask.state, rubbish),
            "what is no answer makes no passkey",
        )?;
    }
    Ok(())
}

fn assertion_is_for_this_ask(
    passkeys: &mut dyn Passkeys,
    browser: &mut dyn PasskeyBrowser,
    first: &MadePasskey,
    second: &MadePasskey,
) -> Result<(), ContractError> {
    let nobodys = [0xFE; 32].to_vec();
    let allowed = [second.id.clone(), nobodys, first.id.clone()];
    let ask = passkeys.begin_assertion(&allowed)?;
    ensure(
        browser.allowed(&ask.options) == allowed,
        "the options name the passkeys that may answer, in their order",
    )?;
    let answer = browser.get(&ask.options, &first.id, BrowserWay::Right);
    ensure(
        passkeys.credential_id(&answer)? == first.id,
        "an answer says which passkey it is by",
    )?;
    let kept = passkeys.finish_assertion(&ask.state, &first.credential, &answer)?;
    refused(
        passkeys.finish_assertion(&ask.state, &second.credential, &answer),
        "an answer is good for the passkey that it is by alone",
    )?;
    refused(
        passkeys.finish_assertion(&ask.state, &kept, &answer),
        "the same answer is not good again",
    )?;
    let ways = [BrowserWay::SameCounter, BrowserWay::ForeignKey];
    for way in ways.into_iter().chain(FOREIGN) {
        let ask = passkeys.begin_assertion(&allowed)?;
        let answer = browser.get(&ask.options, &first.id, way);
        refused(
            passkeys.finish_assertion(&ask.state, &kept, &answer),
            "an answer is of this origin, party and key, verifies its user, and is counted",
        )?;
    }
    let before = passkeys.begin_assertion(&allowed)?;
    let PasskeyAsk { options, state } = passkeys.begin_assertion(&allowed)?;
    let answer = browser.get(&before.options, &first.id, BrowserWay::Right);
    refused(
        passkeys.finish_assertion(&state, &kept, &answer),
        "an answer is to this ask and no other",
    )?;
    for rubbish in ["", "{}", "null", "\u{202e}"] {
        refused(
            passkeys.credential_id(rubbish),
            "what is no answer is by no passkey",
        )?;
        refused(
            passkeys.finish_assertion(&state, &kept, rubbish),
            "what is no answer is none",
        )?;
    }
    let answer = browser.get(&options, &first.id, BrowserWay::Right);
    passkeys.finish_assertion(&state, &kept, &answer)?;
    Ok(())
}
