//! A flash image that is copied back: seen with a monotonic counter, unseen without one.

use fido_unlock::Suite;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::device::ports::{MonotonicCounter, UnlockStore};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World, enroll_device};

const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];

fn world(suite: Suite, counter: bool) -> World {
    let world = World::with_authenticator(
        Way::Hid,
        suite,
        PinProtocol::Two,
        EnrollOptions::default(),
        |builder| builder.monotonic_counter(counter),
    );
    world.block();
    world.device.replug();
    world
}

#[test]
fn with_a_counter_a_restored_image_takes_no_old_response() {
    for suite in SUITES {
        let world = world(suite, true);
        let shown = world.challenge().challenge;
        let response = world.response_to(&shown);
        let image = world.flash();
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        world.restore(&image);
        // Read straight, without a getChallenge before it: the old challenge is void at once.
        let mut parts = world.parts_of(NEW_PIN, &world.key_agreement(PinProtocol::Two), &shown);
        parts.response = response.expose_bytes().to_vec();
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0xFA, "{suite:?}");
        assert_eq!(world.info(Interface::Fido).unlock_counter, 1);
        let new = world.challenge().challenge;
        assert_ne!(new, shown, "{suite:?}");
        if let fido_unlock::Challenge::Line(line) = new {
            assert_eq!(line.counter_low(), 1, "the desk sees it");
        }
        // The device is not lost for it.
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        assert_eq!(world.info(Interface::Fido).unlock_counter, 2);
        world.sign_in(NEW_PIN).unwrap();
    }
}

/// What the design documents: without the counter the old response is taken again.
#[test]
fn without_a_counter_a_restored_image_takes_its_old_response_again() {
    let world = world(Suite::P256EcdhMac, false);
    let shown = world.challenge().challenge;
    let image = world.flash();
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    world.restore(&image);
    assert_eq!(world.challenge().challenge, shown);
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    assert_eq!(world.info(Interface::Fido).unlock_counter, 1);
}

/// Power was lost between the commit and the counter: the next command raises it.
#[test]
fn a_counter_that_fell_behind_is_raised_by_the_next_command() {
    let world = world(Suite::P256EcdhMac, false);
    for _ in 0..2 {
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        world.block();
        world.device.replug();
    }
    let shown = world.challenge().challenge;
    // The same flash under firmware with a counter, which stands at 0.
    let store = world.store();
    assert_eq!(MonotonicCounter::value(&store), Ok(0));
    let build = fido_unlock_mock::SoftAuthenticator::builder()
        .store(store.clone())
        .protocols(&[PinProtocol::Two])
        .monotonic_counter(true);
    world.device.with(|device| *device = build.build().unwrap());
    assert_eq!(world.info(Interface::Vendor).unlock_counter, 2);
    assert_eq!(MonotonicCounter::value(&store), Ok(2));
    assert_eq!(world.challenge().challenge, shown, "nothing is void");
    assert!(UnlockStore::load(&store).unwrap().is_some());
}

#[test]
fn a_reset_does_not_turn_the_counter_back() {
    for (counter, expected) in [(true, 1), (false, 0)] {
        let world = world(Suite::P256EcdhMac, counter);
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        let old = world.device_id;
        world.device.replug();
        world.platform(|platform| platform.reset()).unwrap();
        let enrolled = enroll_device(
            world.open(Interface::Fido),
            &world.ticks,
            &world.issuer,
            PinProtocol::Two,
            EnrollOptions::default(),
        );
        assert_ne!(enrolled.device_id, old, "a new name");
        assert_ne!(enrolled.device_key, world.device_key);
        assert_eq!(world.info(Interface::Fido).unlock_counter, expected);
        assert_eq!(world.info(Interface::Fido).slots[0].slot, SLOT);
    }
}
