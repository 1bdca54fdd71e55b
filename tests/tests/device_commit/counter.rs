//! A flash image that is copied back: seen with a monotonic counter, unseen without one.

use fido_unlock::Suite;
use fido_unlock::ctap2::device_unlock::{EnrollKey, EnrollOptions, EnrollRequest, EnrollSlot};
use fido_unlock::device::ports::MonotonicCounter;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_mock::flash::Cut;
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World, enroll_device, issuer_key};

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

fn counted(world: &World) -> u32 {
    MonotonicCounter::value(&world.store()).unwrap()
}

/// The old response to an image that was copied back, without a `getChallenge` before it.
fn old_response(world: &World, shown: &fido_unlock::Challenge) -> u8 {
    let parts = world.parts_of(NEW_PIN, &world.unlock_key(PinProtocol::Two), shown);
    world.status(Interface::Fido, &parts.message())
}

// M-3.4-2
#[test]
fn with_a_counter_a_restored_image_takes_no_old_response() {
    for suite in SUITES {
        let world = world(suite, true);
        let shown = world.challenge().challenge;
        let image = world.flash();
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        world.restore(&image);
        assert_eq!(old_response(&world, &shown), 0xFA, "{suite:?}");
        assert_eq!(world.spent(Interface::Fido, &shown), Some(false));
        let new = world.challenge().challenge;
        assert_ne!(new.nonce(), shown.nonce(), "{suite:?}");
        // The image's own unlock counter: the desk sees that it went back.
        assert_eq!(world.info(Interface::Fido).unlock_counter, 0);
        // The device is not lost for it, and the new challenge stays.
        world.device.replug();
        assert_eq!(world.challenge().challenge, new);
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
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

/// A code for a challenge that was renewed, or for a key that was rotated, may be anywhere.
// M-3.4-4
#[test]
fn an_image_from_before_a_renewal_or_a_rotation_is_void_too() {
    let mut world = world(Suite::P256Ecdsa, true);
    let shown = world.challenge().challenge;
    let image = world.flash();
    let before = counted(&world);
    world.try_challenge(Interface::Fido, SLOT, true).unwrap();
    assert_eq!(counted(&world), before + 1);
    assert_eq!(
        world.info(Interface::Fido).unlock_counter,
        0,
        "a renewal is no unlock"
    );
    world.restore(&image);
    assert_eq!(old_response(&world, &shown), 0xFA);

    let shown = world.challenge().challenge;
    let image = world.flash();
    let new = issuer_key(Suite::P256Ecdsa);
    let rotate = world.rotate_message(&new);
    assert_eq!(world.status(Interface::Fido, &rotate), 0);
    assert_eq!(counted(&world), before + 2);
    world.restore(&image);
    assert_eq!(old_response(&world, &shown), 0xFA);
    assert_eq!(
        world.status(Interface::Fido, &rotate),
        0,
        "the old key's image is rotated again"
    );
    world.issuer = new;
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
}

/// Nothing else counts: not a first challenge, a wrong response or a refused PIN.
// M-3.4-3
#[test]
fn the_counter_counts_after_every_check_and_only_what_is_carried_out() {
    let world = world(Suite::P256EcdhMac, true);
    assert_eq!(counted(&world), 1, "the enrolment");
    world.challenge();
    for _ in 0..3 {
        assert_eq!(world.wrong_response(Interface::Fido), 0xF8);
    }
    world.touch().set(fido_unlock_mock::Touch::Refused);
    assert_eq!(
        world.status(Interface::Fido, &world.parts(NEW_PIN).message()),
        0x27
    );
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, true), Err(0x27));
    world.touch().set(fido_unlock_mock::Touch::AtOnce);
    assert_eq!(world.status(Interface::Fido, &world.parts("123").message()), 0x37);
    assert_eq!(counted(&world), 1);
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    assert_eq!(counted(&world), 2);
}

/// Power is lost between counter and write: the state before, its challenge void, and nothing spent.
// M-3.4-5
#[test]
fn a_cut_between_counter_and_write_leaves_the_state_before_without_its_challenge() {
    for renew in [false, true] {
        let world = world(Suite::P256EcdhMac, true);
        let shown = world.challenge().challenge;
        let parts = world.parts(NEW_PIN);
        let before = counted(&world);
        world.arm(Some(Cut::AtWrite(0)));
        let status = if renew {
            world.try_challenge(Interface::Fido, SLOT, true).unwrap_err()
        } else {
            world.status(Interface::Fido, &parts.message())
        };
        assert_eq!(status, 0xFB);
        world.arm(None);
        assert_eq!(counted(&world), before + 1);
        world.device.replug();
        let info = world.info(Interface::Fido);
        assert_eq!((info.pin_retries, info.unlock_counter), (0, 0));
        assert_eq!(old_response(&world, &shown), 0xFA);
        assert_eq!(world.spent(Interface::Fido, &shown), Some(false));
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        world.sign_in(NEW_PIN).unwrap();
    }
}

/// A counter that is behind its record is another device's, or broken.
// M-3.4-1
#[test]
fn a_counter_behind_the_record_stops_everything() {
    let world = world(Suite::P256EcdhMac, true);
    let parts = world.parts(NEW_PIN);
    world.store().set_counter(0);
    let info = fido_unlock::ctap2::device_unlock::get_info_request();
    for message in [&info[..], &parts.message()] {
        assert_eq!(world.status(Interface::Fido, message), 0xFB);
    }
    assert_eq!(world.try_challenge(Interface::Vendor, SLOT, false), Err(0xFB));
    world.store().set_counter(1);
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
}

/// Told before the person calls the help desk, and again where it is too late.
// M-3.1-4 M-3.4-6
#[test]
fn at_the_end_of_a_counter_there_is_no_challenge_and_nothing_that_counts() {
    let world = world(Suite::P256Ecdsa, true);
    let parts = world.parts(NEW_PIN);
    let flash = world.flash();
    world.change_record(10, u32::MAX.into());
    world.store().set_counter(u32::MAX);
    for (interface, renew) in [(Interface::Fido, false), (Interface::Vendor, true)] {
        assert_eq!(world.try_challenge(interface, SLOT, renew), Err(0xFC));
    }
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0xFC);
    let new = issuer_key(Suite::P256Ecdsa);
    let rotate = world.rotate_message(&new);
    assert_eq!(world.status(Interface::Fido, &rotate), 0xFC);
    // The unlock counter's own end.
    world.store().set_counter(1);
    world.restore(&flash);
    world.change_record(5, u32::MAX.into());
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, false), Err(0xFC));

    let world = World::unenrolled(
        Way::Hid,
        issuer_key(Suite::P256Ecdsa),
        PinProtocol::Two,
        |builder| builder.monotonic_counter(true),
    );
    world.store().set_counter(u32::MAX);
    let enroll = EnrollRequest {
        slots: vec![EnrollSlot {
            slot: SLOT,
            key: EnrollKey::P256Ecdsa(world.issuer.public().unwrap()),
        }],
        options: EnrollOptions::default(),
        protocol: None,
        platform_key: None,
        pin_uv_auth_param: None,
    };
    assert_eq!(world.status(Interface::Fido, &enroll.to_message()), 0xFC);
    assert!(!world.info(Interface::Fido).sealed);
}

#[test]
fn a_reset_does_not_turn_the_counter_back() {
    for counter in [true, false] {
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
        // Two enrolments and an unlock.
        assert_eq!(counted(&world), if counter { 3 } else { 0 });
        assert_eq!(world.info(Interface::Fido).unlock_counter, 0);
        assert_eq!(world.info(Interface::Fido).slots[0].slot, SLOT);
    }
}
