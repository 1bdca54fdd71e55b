//! The contract of the port.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod software;

use fido_unlock_desk::ports::Passkeys;
use fido_unlock_desk::testing::{self, BrowserWay, PasskeyBrowser, PasskeysUnderTest};
use fido_unlock_webauthn::WebauthnPasskeys;
use serde_json::Value;
use software::{Browser, Way};

const ORIGIN: &str = "https://desk.example:8443";
const PARTY: &str = "desk.example";

struct Tested(Browser);

const fn way(way: BrowserWay) -> Way {
    match way {
        BrowserWay::Right => Way::Right,
        BrowserWay::ForeignOrigin => Way::ForeignOrigin,
        BrowserWay::ForeignParty => Way::ForeignParty,
        BrowserWay::Unverified => Way::Unverified,
        BrowserWay::ForeignKey => Way::ForeignKey,
        BrowserWay::SameCounter => Way::SameCounter,
    }
}

impl PasskeyBrowser for Tested {
    fn create(&mut self, options: &str, how: BrowserWay) -> String {
        self.0.create(options, way(how))
    }

    fn get(&mut self, options: &str, id: &[u8], how: BrowserWay) -> String {
        self.0.get(options, id, way(how))
    }

    fn allowed(&self, options: &str) -> Vec<Vec<u8>> {
        Browser::allowed(options)
    }
}

#[test]
fn it_keeps_the_contract() {
    let passkeys = WebauthnPasskeys::new(PARTY, ORIGIN, "Help desk").unwrap();
    testing::passkeys(PasskeysUnderTest {
        passkeys: Box::new(passkeys),
        browser: Box::new(Tested(Browser::new(PARTY, ORIGIN))),
    })
    .unwrap();
}

#[test]
fn a_passkey_that_is_there_is_not_made_again() {
    let mut passkeys = WebauthnPasskeys::new(PARTY, ORIGIN, "Help desk").unwrap();
    let owner = fido_unlock_desk::ports::PasskeyOwner {
        handle: [7; 16],
        name: "anna",
    };
    let ask = passkeys.begin_registration(&owner, &[vec![9; 20]]).unwrap();
    let options: Value = serde_json::from_str(&ask.options).unwrap();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(options["user"]["name"], "anna");
    assert_eq!(options["attestation"], "none");
}

#[test]
fn an_origin_is_of_its_relying_party() {
    for (party, origin) in [
        ("desk.example", "https://thief.example"),
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("desk.example", "desk.example"),
    ] {
        assert!(WebauthnPasskeys::new(party, origin, "x").is_err(), "{origin}");
    }
    WebauthnPasskeys::new("localhost", "http://localhost:8080", "x").unwrap();
}
