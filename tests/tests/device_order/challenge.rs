//! `getChallenge`: idempotent, kept over power cycles, ended by nobody without a touch.

use core::time::Duration;

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{Challenge, Suite};
use fido_unlock_mock::{SoftAuthenticator, Touch};
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World, issuer_key, wait};

use super::blocked;

const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];

// M-3.1-5
#[test]
fn the_pending_challenge_is_given_again_and_survives_power_cycles() {
    for suite in SUITES {
        let world = blocked(suite, PinProtocol::Two);
        let first = world.challenge();
        let writes = world.flash().writes();
        for _ in 0..3 {
            assert_eq!(world.challenge(), first);
            let vendor = world.try_challenge(Interface::Vendor, SLOT, false);
            assert_eq!(vendor.unwrap(), first);
        }
        for _ in 0..3 {
            world.device.replug();
            let again = world.challenge();
            assert_eq!(again.challenge, first.challenge, "{suite:?}");
            // The key agreement key dies with power, the challenge does not.
            assert_ne!(again.key_agreement, first.key_agreement);
        }
        assert_eq!(world.flash().writes(), writes, "nothing is written again");
    }
}

// M-3.1-6
#[test]
fn a_challenge_names_version_suite_slot_and_counter() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
        let world = blocked(suite, PinProtocol::Two);
        for unlocks in 0..2u16 {
            let Challenge::Line(challenge) = world.challenge().challenge else {
                panic!("{suite:?}");
            };
            assert_eq!(challenge.suite(), suite);
            assert_eq!(challenge.slot(), SLOT);
            assert_eq!(challenge.counter_low(), unlocks);
            assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
            world.block();
            world.device.replug();
        }
    }
}

// M-3.1-1 M-3.1-3
#[test]
fn only_a_blocked_device_gives_a_challenge() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let ask = || world.try_challenge(Interface::Fido, SLOT, false).map(drop);
    assert_eq!(ask(), Err(0x30));
    // Blocked until re-plugged is not blocked.
    for _ in 0..3 {
        let _ = world.platform(|platform| platform.try_pin(&fido_unlock::Pin::new("wrong".into())));
    }
    assert!(world.info(Interface::Fido).pin_auth_blocked);
    assert_eq!(ask(), Err(0x30));
    world.block();
    assert_eq!(ask(), Ok(()));
    world.change_state(|state| state.pin = None);
    assert_eq!(ask(), Err(0x30), "no PIN is set");
    world.change_state(|state| state.unlock_record = None);
    assert_eq!(ask(), Err(0xF9));
}

// M-2-5 M-3.1-2
#[test]
fn a_slot_that_is_not_enrolled_gives_none() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    for slot in [0, 2, 15, 16, 255] {
        let status = world.try_challenge(Interface::Fido, slot, false);
        assert_eq!(status, Err(0x02), "{slot}");
    }
}

// M-3.1-2
#[test]
fn a_protocol_that_the_device_does_not_list_is_refused() {
    let mut world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    world.protocol = PinProtocol::One;
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, false), Err(0x02));
    // Before the question whether it is blocked, as slot and enrolment are.
    world.change_state(|state| state.pin_retries = 8);
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, false), Err(0x02));
    assert_eq!(world.try_challenge(Interface::Fido, 2, false), Err(0x02));
}

/// Who asks for a new challenge, with what the person does, and whether the old one ends.
// M-3.1-7 M-3.1-8
#[test]
fn a_pending_challenge_ends_by_a_touch_or_on_a_device_without_one_by_fresh_power() {
    struct Case {
        can_touch: bool,
        touch: Touch,
        seconds: u64,
        interface: Interface,
        status: u8,
    }
    let case = |can_touch, touch, seconds, interface, status| Case {
        can_touch,
        touch,
        seconds,
        interface,
        status,
    };
    let cases = [
        case(true, Touch::AtOnce, 3600, Interface::Fido, 0),
        case(true, Touch::AtOnce, 3600, Interface::Vendor, 0),
        case(true, Touch::Never, 0, Interface::Fido, 0x2F),
        case(true, Touch::Never, 0, Interface::Vendor, 0x2F),
        case(true, Touch::Refused, 0, Interface::Vendor, 0x27),
        case(false, Touch::AtOnce, 0, Interface::Fido, 0),
        case(false, Touch::AtOnce, 9, Interface::Fido, 0),
        case(false, Touch::AtOnce, 11, Interface::Fido, 0x3B),
        case(false, Touch::AtOnce, 0, Interface::Vendor, 0x3B),
        case(false, Touch::AtOnce, 11, Interface::Vendor, 0x3B),
    ];
    for can_touch in [true, false] {
        let world = two_slots(can_touch);
        world.block();
        world.device.replug();
        let pending = world.challenge();
        let flash = world.flash();
        for case in cases.iter().filter(|case| case.can_touch == can_touch) {
            for slot in [SLOT, SLOT + 1] {
                world.restore(&flash);
                wait(&world.ticks, Duration::from_secs(case.seconds));
                world.touch().set(case.touch);
                let got = world.try_challenge(case.interface, slot, true);
                world.touch().set(Touch::AtOnce);
                let name = format!(
                    "{can_touch} {:?} {} {:?} {slot}",
                    case.touch, case.seconds, case.interface
                );
                match got {
                    Ok(new) => {
                        assert_eq!(case.status, 0, "{name}");
                        assert_ne!(new.challenge.nonce(), pending.challenge.nonce(), "{name}");
                        let kept = world.try_challenge(Interface::Fido, slot, false).unwrap();
                        assert_eq!(kept.challenge, new.challenge, "{name}");
                    }
                    Err(status) => {
                        assert_eq!(status, case.status, "{name}");
                        assert_eq!(world.challenge().challenge, pending.challenge, "{name}");
                    }
                }
            }
        }
    }
}

/// A process at the vendor interface asks for another slot first: it gets that slot's challenge, and the person's
/// stays what it is, without a touch and without a write.
// M-3.1-5
#[test]
fn every_slot_s_challenge_comes_from_the_one_nonce() {
    let admin = issuer_key(Suite::AesAdminKey);
    let other = issuer_key(Suite::P256Ecdsa);
    for can_touch in [true, false] {
        let world = World::with_slots(
            Suite::P256EcdhMac,
            PinProtocol::Two,
            EnrollOptions::default(),
            &[(0, &admin), (15, &other)],
            |builder| builder.can_touch(can_touch),
        );
        world.block();
        world.device.replug();
        let squatted = world
            .try_challenge(Interface::Vendor, 15, false)
            .unwrap()
            .challenge;
        let (writes, waits) = (world.flash().writes(), world.touch().waits());
        world.touch().set(Touch::Never);
        wait(&world.ticks, Duration::from_secs(3600));
        for _ in 0..2 {
            for slot in [0, SLOT, 15] {
                for interface in [Interface::Fido, Interface::Vendor] {
                    let answer = world.try_challenge(interface, slot, false).unwrap();
                    assert_eq!((answer.slot, answer.challenge.slot()), (slot, slot));
                    assert_eq!(answer.challenge.nonce(), squatted.nonce());
                }
            }
        }
        assert_eq!((world.flash().writes(), world.touch().waits()), (writes, waits));
        world.touch().set(Touch::AtOnce);
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    }
}

/// The response of one slot under another slot's challenge, and a challenge of a slot that is not enrolled.
// M-3.2-3
#[test]
fn the_challenge_is_compared_whole_for_the_slot_that_it_names() {
    let world = two_slots(true);
    world.block();
    world.device.replug();
    let right = world.parts(NEW_PIN);
    let nonce = world.challenge().challenge.nonce();
    let line = |suite, slot, counter| {
        fido_unlock::DeviceChallenge::new(suite, slot, nonce, counter)
            .unwrap()
            .as_bytes()
            .to_vec()
    };
    for (challenge, status) in [
        (line(Suite::P256EcdhMac, 3, 0), 0xFA),
        (line(Suite::P256Ecdsa, SLOT, 0), 0xFA),
        (line(Suite::P256EcdhMac, SLOT, 1), 0xFA),
        (nonce.iter().copied().chain([0, SLOT]).collect(), 0xFA),
        (Vec::new(), 0xFA),
        // Pending for slot 2, whose key made no such response.
        (line(Suite::P256EcdhMac, SLOT + 1, 0), 0xF8),
    ] {
        let mut parts = world.parts(NEW_PIN);
        parts.challenge.clone_from(&challenge);
        parts.response.clone_from(&right.response);
        assert_eq!(
            world.status(Interface::Fido, &parts.message()),
            status,
            "{challenge:02x?}"
        );
    }
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
}

/// Whoever unplugs it a hundred times renews a hundred times; whoever runs a program, once.
// M-3.1-8
#[test]
fn without_a_button_a_challenge_is_renewed_once_in_a_power_up() {
    let world = two_slots(false);
    world.block();
    for _ in 0..3 {
        world.device.replug();
        let old = world.challenge().challenge;
        let new = world
            .try_challenge(Interface::Fido, SLOT, true)
            .unwrap()
            .challenge;
        assert_ne!(old, new);
        for slot in [SLOT, SLOT + 1] {
            assert_eq!(world.try_challenge(Interface::Fido, slot, true), Err(0x3B));
        }
        assert_eq!(world.challenge().challenge, new);
    }
}

/// What a broken source gives: zeros, or the same as last time.
// M-3.1-9
#[test]
fn a_nonce_that_is_zero_or_the_last_one_again_is_refused() {
    struct Stuck(u8);
    impl fido_unlock::ports::Entropy for Stuck {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), fido_unlock::ports::EntropyError> {
            bytes.fill(self.0);
            // Of a nonce the last two bytes are not in every suite's challenge.
            if let [.., last] = bytes {
                *last = 1;
            }
            Ok(())
        }
    }
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let with_source = |byte| {
        let builder = SoftAuthenticator::builder()
            .store(world.store())
            .ticks(std::sync::Arc::new(world.ticks.clone()))
            .protocols(&[PinProtocol::Two])
            .entropy(Stuck(byte));
        world.device.with(|device| *device = builder.build().unwrap());
    };
    with_source(0);
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, false), Err(0x7F));
    with_source(7);
    assert_eq!(world.challenge().challenge.nonce(), [7; 14]);
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, true), Err(0x7F));
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
    // The last one is remembered when it is spent.
    world.change_state(|state| state.pin_retries = 0);
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, false), Err(0x7F));
    with_source(8);
    assert_eq!(world.challenge().challenge.nonce(), [8; 14]);
}

/// The first challenge ends nothing, so it needs no touch, also with `renew`.
#[test]
fn the_first_challenge_needs_no_touch() {
    for renew in [false, true] {
        let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
        world.touch().set(Touch::Never);
        assert!(world.try_challenge(Interface::Vendor, SLOT, renew).is_ok());
        assert_eq!(world.touch().waits(), 2, "the enrolment and the passkey");
    }
}

#[test]
fn a_renewed_challenge_voids_the_old_response() {
    for suite in SUITES {
        let world = blocked(suite, PinProtocol::Two);
        let old = world.parts(NEW_PIN);
        world.try_challenge(Interface::Fido, SLOT, true).unwrap();
        assert_eq!(world.status(Interface::Fido, &old.message()), 0xFA);
        let mut new = world.parts(NEW_PIN);
        let right = core::mem::replace(&mut new.response, old.response);
        assert_eq!(world.status(Interface::Fido, &new.message()), 0xF8);
        let mut new = world.parts(NEW_PIN);
        new.response = right;
        assert_eq!(world.status(Interface::Fido, &new.message()), 0);
    }
}

// M-3.1-9
#[test]
fn without_entropy_there_is_no_challenge_and_the_pending_one_stays() {
    use fido_unlock_mock::authenticator::FailingEntropy;
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let store = world.store();
    for (fills, status) in [(0, Err(0x7F)), (1, Err(0x7F)), (2, Ok(()))] {
        world.change_state(|_| {});
        let dry = SoftAuthenticator::builder()
            .store(store.clone())
            .protocols(&[PinProtocol::Two])
            .entropy(FailingEntropy::after(fills));
        world.device.with(|device| *device = dry.build().unwrap());
        let got = world.try_challenge(Interface::Fido, SLOT, false).map(drop);
        assert_eq!(got, status, "{fills}");
    }
    let pending = world.challenge().challenge;
    let dry = SoftAuthenticator::builder()
        .store(store.clone())
        .protocols(&[PinProtocol::Two])
        .entropy(FailingEntropy::after(0));
    world.device.with(|device| *device = dry.build().unwrap());
    assert_eq!(world.try_challenge(Interface::Fido, SLOT, true), Err(0x7F));
    let wet = SoftAuthenticator::builder()
        .store(store)
        .protocols(&[PinProtocol::Two]);
    world.device.with(|device| *device = wet.build().unwrap());
    assert_eq!(world.challenge().challenge, pending);
}

/// Slots 1 and 2, with and without a button.
fn two_slots(can_touch: bool) -> World {
    let other = issuer_key(Suite::P256EcdhMac);
    World::with_slots(
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        &[(SLOT + 1, &other)],
        |builder| builder.can_touch(can_touch),
    )
}
