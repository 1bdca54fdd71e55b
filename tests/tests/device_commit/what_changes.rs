//! One unlock changes the PIN, its tries, forcePINChange, the challenge and the counter; then tokens
//! and key agreement keys are gone. Nothing else.

use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::authenticator::Builder;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};

fn world(build: impl FnOnce(Builder) -> Builder) -> World {
    World::with_authenticator(
        Way::Hid,
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        |builder| build(builder.protocols(&[PinProtocol::Two, PinProtocol::One])),
    )
}

// M-3.3-1
#[test]
fn the_tries_are_the_device_s_own_maximum() {
    for maximum in [3, 5, 8] {
        let world = world(|builder| builder.max_retries(maximum));
        world.block();
        assert_eq!(world.info(Interface::Fido).pin_retries, 0);
        world.device.replug();
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        assert_eq!(world.info(Interface::Fido).pin_retries, maximum);
    }
}

/// Two wrong PINs in this power-up before the unlock: three more are looked at after it.
// M-3.3-3
#[test]
fn the_volatile_mismatch_count_is_cleared() {
    let world = world(|builder| builder);
    world.block();
    world.device.replug();
    world.change_state(|state| state.pin_retries = 2);
    assert_eq!(world.token("wrong-pin", 0, None), Err(ErrorCode::PinInvalid));
    assert_eq!(world.token("wrong-pin", 0, None), Err(ErrorCode::PinBlocked));
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    assert_eq!(world.token("wrong-pin", 0, None), Err(ErrorCode::PinInvalid));
    assert_eq!(world.token("wrong-pin", 0, None), Err(ErrorCode::PinInvalid));
    assert_eq!(world.token("wrong-pin", 0, None), Err(ErrorCode::PinAuthBlocked));
}

// M-3.3-3
#[test]
fn tokens_and_both_key_agreement_keys_are_dropped() {
    let world = world(|builder| builder);
    let token = world
        .token(OLD_PIN, permission::AUTHENTICATOR_CONFIG, None)
        .unwrap();
    assert_eq!(world.toggle_always_uv(&token), 0, "the token is good before");
    world.change_state(|state| state.pin_retries = 0);
    let parts = world.parts(NEW_PIN);
    let keys = [PinProtocol::One, PinProtocol::Two].map(|protocol| world.unlock_key(protocol));
    assert_eq!(
        keys,
        [PinProtocol::One, PinProtocol::Two].map(|protocol| world.unlock_key(protocol))
    );
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
    assert_eq!(world.toggle_always_uv(&token), 0x33);
    for (protocol, old) in [PinProtocol::One, PinProtocol::Two].into_iter().zip(keys) {
        assert_ne!(world.unlock_key(protocol), old, "{protocol:?}");
    }
}

/// A process at the vendor interface makes no key of `authenticatorClientPIN`'s void.
// M-3.1-11
#[test]
fn the_key_agreement_key_is_the_unlock_s_own() {
    let world = world(|builder| builder);
    world.change_state(|state| state.pin_retries = 0);
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let theirs = world.key_agreement(protocol);
        let own = world.unlock_key(protocol);
        assert_ne!(own, theirs);
        assert_eq!(world.unlock_key(protocol), own);
        if protocol == world.protocol {
            assert_eq!(
                world.challenge().key_agreement,
                own,
                "getChallenge gives the same"
            );
            assert_eq!(world.wrong_response(Interface::Vendor), 0xF8);
            assert_ne!(world.unlock_key(protocol), own);
        }
        assert_eq!(world.key_agreement(protocol), theirs);
    }
    let (ours, theirs) = (
        world.unlock_key(PinProtocol::One),
        world.key_agreement(PinProtocol::One),
    );
    world.device.replug();
    assert_ne!(world.unlock_key(PinProtocol::One), ours);
    assert_ne!(world.key_agreement(PinProtocol::One), theirs);
    // An unlock leaves that command's key, too.
    let theirs = world.key_agreement(PinProtocol::Two);
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    assert_eq!(world.key_agreement(PinProtocol::Two), theirs);
}

// M-3.3-2 M-3.3-4 M-3.3-7
#[test]
fn nothing_else_changes() {
    let world = world(|builder| builder.min_pin_length(6));
    let with_secret = world.make_hmac_credential(OLD_PIN);
    let token = world
        .token(OLD_PIN, permission::AUTHENTICATOR_CONFIG, None)
        .unwrap();
    assert_eq!(world.toggle_always_uv(&token), 0);
    let secret = world.hmac_secret(OLD_PIN, &with_secret);
    world.sign_in(OLD_PIN).unwrap();
    world.block();
    world.device.replug();
    let parts = world.parts(NEW_PIN);
    world.change_state(|state| state.force_pin_change = true);
    let mut before = world.state();
    assert!(before.always_uv && before.sign_count > 0 && !before.credentials.is_empty());
    let info = world.info(Interface::Fido);
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);

    let after = world.state();
    let pin = after.pin.clone().unwrap();
    assert_eq!(pin.hash, *fido_unlock::pin_protocol::hash_pin(NEW_PIN.as_bytes()));
    assert_eq!(usize::from(pin.code_points), NEW_PIN.chars().count());
    assert_eq!((after.pin_retries, after.force_pin_change), (8, false));
    before.pin = after.pin.clone();
    before.pin_retries = after.pin_retries;
    before.force_pin_change = after.force_pin_change;
    before.unlock_record = after.unlock_record.clone();
    assert_eq!(
        before.to_value().to_bytes().as_slice(),
        after.to_value().to_bytes().as_slice()
    );
    // In the unlock's own record: challenge and counter, nothing else.
    let told = world.info(Interface::Fido);
    let mut expected = info;
    expected.pin_retries = 8;
    expected.force_pin_change = false;
    expected.unlock_counter += 1;
    assert_eq!(told, expected);

    assert_eq!(world.hmac_secret(NEW_PIN, &with_secret), secret);
    world.sign_in(NEW_PIN).unwrap();
}

/// PINs in Unicode are stored with their length in code points.
#[test]
fn a_pin_s_length_is_stored_in_code_points() {
    let world = world(|builder| builder);
    world.block();
    world.device.replug();
    let pin = "\u{1F511}\u{e9}1234";
    assert_eq!(world.status(Interface::Fido, &world.parts(pin).message()), 0);
    assert_eq!(world.state().pin.unwrap().code_points, 6);
    world.sign_in(pin).unwrap();
}

// M-2.6-10
#[test]
fn a_reset_erases_enrolment_challenge_counter_and_wrong_responses() {
    let world = world(|builder| builder);
    world.block();
    world.device.replug();
    world.challenge();
    for _ in 0..5 {
        world.wrong_response(Interface::Fido);
    }
    world.platform(|platform| platform.reset()).unwrap();
    let info = world.info(Interface::Fido);
    assert_eq!(
        (info.sealed, info.unlock_counter, info.unlock_blocked),
        (false, 0, false)
    );
    assert_eq!((info.slots.len(), info.device_id), (0, None));
    assert_eq!(
        world
            .begin(&mut world.unlock_device(Interface::Fido))
            .unwrap_err()
            .code(),
        ErrorCode::DeviceNotLocked
    );
}
