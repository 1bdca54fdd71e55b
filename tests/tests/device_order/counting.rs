//! What a wrong response costs, and what costs nothing.

use fido_unlock::Suite;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::{PinProtocol, pad_pin};
use fido_unlock_mock::Touch;
use fido_unlock_tests::bare::UnlockParts;
use fido_unlock_tests::{NEW_PIN, World};

use super::blocked;

// M-3.2-2 M-3.2-11 M-3.2-12
#[test]
fn after_five_wrong_responses_the_device_waits_for_a_power_cycle_and_takes_the_same_code_then() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = blocked(suite, PinProtocol::Two);
        let shown = world.challenge();
        let code = world.response_to(&shown.challenge);
        for count in 0..5 {
            assert!(!world.info(Interface::Vendor).unlock_blocked, "{count}");
            // One count for both interfaces.
            let interface = [Interface::Fido, Interface::Vendor][count % 2];
            assert_eq!(world.wrong_response(interface), 0xF8, "{suite:?} {count}");
        }
        assert!(world.info(Interface::Vendor).unlock_blocked);
        for _ in 0..2 {
            assert_eq!(
                world.status(Interface::Fido, &world.parts(NEW_PIN).message()),
                0x34
            );
            assert_eq!(world.wrong_response(Interface::Vendor), 0x34);
        }
        world.device.replug();
        assert!(!world.info(Interface::Vendor).unlock_blocked);
        let mut parts = world.parts(NEW_PIN);
        assert_eq!(parts.challenge, shown.challenge.as_bytes());
        parts.response = code.expose_bytes().to_vec();
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0, "{suite:?}");
        world.sign_in(NEW_PIN).unwrap();
    }
}

#[test]
fn wrong_responses_are_forgotten_with_power_not_with_time_or_other_commands() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    for count in 0..5 {
        assert_eq!(world.wrong_response(Interface::Fido), 0xF8, "{count}");
        fido_unlock_tests::wait(&world.ticks, core::time::Duration::from_secs(3600));
        world.try_challenge(Interface::Fido, 1, true).unwrap();
    }
    assert_eq!(
        world.status(Interface::Fido, &world.parts(NEW_PIN).message()),
        0x34
    );
}

#[test]
fn wrong_responses_touch_no_byte_of_flash() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    world.challenge();
    let writes = world.flash().writes();
    for _ in 0..6 {
        world.wrong_response(Interface::Fido);
    }
    assert_eq!(world.flash().writes(), writes);
}

/// Name, status, what the person does, and what is wrong.
type Refusal = (&'static str, u8, Touch, fn(&mut UnlockParts));

/// What is refused for another reason than the response leaves count, key and code as they were.
// M-3.2-11
#[test]
fn only_a_wrong_response_counts() {
    let refusals: [Refusal; 9] = [
        ("other challenge", 0xFA, Touch::AtOnce, |parts| {
            parts.challenge[1] ^= 1
        }),
        ("response length", 0x03, Touch::AtOnce, |parts| {
            parts.response.pop();
        }),
        ("MAC", 0x33, Touch::AtOnce, |parts| {
            parts.spoil_param = |param| param[3] ^= 4;
        }),
        ("platform key", 0x02, Touch::AtOnce, |parts| {
            parts.platform_key.x = [0xFF; 32];
        }),
        ("PIN too short", 0x37, Touch::AtOnce, |parts| {
            parts.padded_pin = pad_pin(b"123").unwrap().to_vec();
        }),
        ("PIN of 64 bytes", 0x37, Touch::AtOnce, |parts| {
            parts.padded_pin = vec![b'7'; 64];
        }),
        ("PIN with a zero byte", 0x37, Touch::AtOnce, |parts| {
            parts.padded_pin[2] = 0;
        }),
        ("no touch", 0x2F, Touch::Never, |_| {}),
        ("touch refused", 0x27, Touch::Refused, |_| {}),
    ];
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let shown = world.challenge();
    for (name, status, touch, spoil) in refusals {
        for _ in 0..6 {
            world.touch().set(touch);
            let mut parts = world.parts(NEW_PIN);
            spoil(&mut parts);
            assert_eq!(world.status(Interface::Fido, &parts.message()), status, "{name}");
            let now = world.challenge();
            assert_eq!(now.challenge, shown.challenge, "{name}");
            assert_eq!(now.key_agreement, shown.key_agreement, "{name}");
        }
    }
    world.touch().set(Touch::AtOnce);
    // All five tries are still there.
    for _ in 0..4 {
        assert_eq!(world.wrong_response(Interface::Fido), 0xF8);
    }
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
}

// M-3.2-12
#[test]
fn each_wrong_response_makes_a_new_key_agreement_key() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let world = blocked(Suite::P256EcdhMac, protocol);
        let mut seen = vec![world.challenge().key_agreement];
        for _ in 0..5 {
            let mut parts = world.parts(NEW_PIN);
            parts.response[0] ^= 0x80;
            assert_eq!(world.status(Interface::Fido, &parts.message()), 0xF8);
            // What was agreed on before is worth nothing now.
            parts.response[0] ^= 0x80;
            let status = world.status(Interface::Fido, &parts.message());
            let expected = if seen.len() == 5 { 0x34 } else { 0x33 };
            assert_eq!(status, expected);
            let key = world.challenge().key_agreement;
            assert!(!seen.contains(&key));
            seen.push(key);
        }
    }
}

// M-3.2-4
#[test]
fn the_length_of_a_response_is_the_pending_challenge_s_suite_s() {
    let lengths = [
        (Suite::P256Ecdsa, 64),
        (Suite::P256EcdhMac, 13),
        (Suite::AesAdminKey, 16),
    ];
    for (suite, right) in lengths {
        let world = blocked(suite, PinProtocol::Two);
        for length in [0, 1, 12, 13, 14, 15, 16, 17, 32, 63, 64, 65, 128] {
            let mut parts = world.parts(NEW_PIN);
            parts.response = vec![0x10; length];
            let expected = if length == right { 0xF8 } else { 0x03 };
            let status = world.status(Interface::Fido, &parts.message());
            assert_eq!(status, expected, "{suite:?} {length}");
        }
    }
}

/// Left-over bits of suite 2's last byte, and suite 1's second solution: no second code fits.
// M-3.2-8 M-suites-4 M-suites-5
#[test]
fn a_response_has_one_form() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let mut parts = world.parts(NEW_PIN);
    *parts.response.last_mut().unwrap() |= 1;
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0xF8);

    let world = blocked(Suite::P256Ecdsa, PinProtocol::Two);
    let mut parts = world.parts(NEW_PIN);
    let signature = p256::ecdsa::Signature::from_slice(&parts.response).unwrap();
    let (r, s) = signature.split_scalars();
    let high = p256::ecdsa::Signature::from_scalars(r, -s).unwrap();
    parts.response = high.to_bytes().to_vec();
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0xF8);
    parts = world.parts(NEW_PIN);
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
}

#[test]
fn a_used_response_is_worth_nothing_afterwards() {
    let world: World = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let used = world.parts(NEW_PIN);
    assert_eq!(world.status(Interface::Fido, &used.message()), 0);
    assert_eq!(world.status(Interface::Fido, &used.message()), 0x30);
    world.block();
    world.device.replug();
    // No challenge is pending, then another one is.
    let mut again = world.parts(NEW_PIN);
    again.challenge.clone_from(&used.challenge);
    again.response.clone_from(&used.response);
    assert_eq!(world.status(Interface::Fido, &again.message()), 0xFA);
    let mut again = world.parts(NEW_PIN);
    again.response = used.response;
    assert_eq!(world.status(Interface::Fido, &again.message()), 0xF8);
}
