//! The whole life of an unlock on the key that `FIDO_UNLOCK_TEST_KEY` names: a hidraw path or a
//! reader's name. Without the variable the same steps run on the virtual key over a private pcscd.
//!
//! A key that has a PIN, holds a credential or is enrolled is refused before anything is changed.
//! Any other is enrolled with a key that is thrown away: it stays sealed until it is reset.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs
)]

#[cfg(target_arch = "x86_64")]
mod guest;
mod hand;
mod life;
#[path = "../../../../adapters/pcsc/tests/vpcd/support.rs"]
#[allow(dead_code)]
mod pcscd;
mod place;
#[path = "../pcsc/support.rs"]
#[allow(dead_code)]
mod support;

use std::path::Path;

use fido_unlock::host::framing::{HidTransport, Interface};
use fido_unlock::host::ports::SystemTicks;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{Pin, Suite};
use fido_unlock_mock::framing::Device;
use fido_unlock_mock::platform::{Platform, RelyingParty};
use fido_unlock_mock::{SoftAuthenticator, Storage};
use fido_unlock_stacks_tests::{Desk, OLD_PIN, call};
use getrandom::SysRng;
use hand::{Hand, Person};
use life::{Refused, whole_life};
use pcscd::{Pcscd, isolated};
use place::Place;
use support::{card_in, insert, state};

const KEY: &str = "FIDO_UNLOCK_TEST_KEY";

#[test]
fn whole_life_of_an_unlock() {
    match std::env::var(KEY) {
        Ok(name) => {
            let mut place = Place::named(&name);
            let outcome = whole_life(&mut place, &mut Person);
            assert_eq!(outcome, Ok(()), "{name}");
        }
        Err(_) => isolated("whole_life_of_an_unlock", |folder| {
            let outcome = on_a_virtual_key(folder);
            assert_eq!(outcome, Ok(()));
        }),
    }
}

/// Whatever is in the key's file when it is put in.
fn on_a_virtual_key(folder: &Path) -> Result<(), Refused> {
    let _pcscd = Pcscd::start(folder, true);
    let mut key = insert(folder, 0, &[]);
    let mut place = Place::named(&card_in(0).path);
    whole_life(&mut place, &mut key as &mut dyn Hand)
}

/// What a person may have done with a key before.
type Use = fn(&Device<SoftAuthenticator>);

fn refused_untouched(name: &str, expected: &Refused, used: Use) {
    isolated(name, |folder| {
        let path = state(folder, 0);
        let key = SoftAuthenticator::builder().storage(Storage::File(path.clone()));
        used(&Device::new(key.build().unwrap(), SystemTicks::new()));
        let before = std::fs::read(&path).unwrap();
        assert_eq!(on_a_virtual_key(folder).as_ref(), Err(expected));
        assert_eq!(std::fs::read(&path).unwrap(), before, "{expected:?}");
    });
}

fn fido(key: &Device<SoftAuthenticator>) -> HidTransport<impl fido_unlock::host::ports::HidReports, SysRng> {
    HidTransport::new(key.hid(Interface::Fido), SysRng, Interface::Fido)
}

fn with_pin(key: &Device<SoftAuthenticator>) {
    let pin = Pin::new(OLD_PIN.to_owned());
    call(|call| Platform::new(&mut fido(key), &mut SysRng, call, PinProtocol::Two).set_pin(&pin)).unwrap();
}

/// As it is left by a sign-up that asked for no PIN.
fn with_credential(key: &Device<SoftAuthenticator>) {
    with_pin(key);
    let ceremony = RelyingParty::new("example.org")
        .begin("webauthn.create", &mut SysRng)
        .unwrap();
    let pin = Pin::new(OLD_PIN.to_owned());
    call(|call| {
        Platform::new(&mut fido(key), &mut SysRng, call, PinProtocol::Two)
            .make_credential(&ceremony, "user", &pin)
    })
    .unwrap();
    let store = key.with(|key| key.store());
    let mut state = store.load_state().unwrap().unwrap();
    assert_eq!(state.credentials.len(), 1);
    state.pin = None;
    let bytes = state.to_value().to_bytes();
    store.with_flash(|flash| flash.commit(&bytes)).unwrap();
}

fn sealed(key: &Device<SoftAuthenticator>) {
    Desk::enroll(Suite::P256EcdhMac, fido(key));
}

#[test]
fn a_key_with_a_pin_is_refused_untouched() {
    refused_untouched(
        "a_key_with_a_pin_is_refused_untouched",
        &Refused::HasPin,
        with_pin,
    );
}

#[test]
fn a_key_with_a_credential_is_refused_untouched() {
    refused_untouched(
        "a_key_with_a_credential_is_refused_untouched",
        &Refused::HoldsCredentials,
        with_credential,
    );
}

#[test]
fn a_sealed_key_is_refused_untouched() {
    refused_untouched("a_sealed_key_is_refused_untouched", &Refused::Sealed, sealed);
}
