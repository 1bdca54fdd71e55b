//! A code that is void is told as that before anything is sent, with the reason.

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::Outcome;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World, enroll_slots, issuer_key};

use super::{blocked, has_new_pin};

const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];

fn code<T, E: HasCode>(result: Result<T, E>) -> ErrorCode {
    result.err().expect("it is refused").code()
}

// M-5-6 M-5-9
#[test]
fn a_used_challenge() {
    for suite in SUITES {
        for interface in [Interface::Fido, Interface::Vendor] {
            let world = blocked(Way::Hid, suite);
            let mut device = world.unlock_device(interface);
            let session = world.begin(&mut device).unwrap();
            let response = world.respond(&session);
            world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
            // Unlocked, then blocked again, then with a new challenge.
            let again = || {
                let mut device = world.unlock_device(interface);
                code(world.unlock(&mut device, &session, &response, OLD_PIN))
            };
            assert_eq!(again(), ErrorCode::ChallengeUsed, "{suite:?} {interface:?}");
            world.block();
            world.device.replug();
            assert_eq!(again(), ErrorCode::ChallengeUsed, "{suite:?} {interface:?}");
            // Whether the PIN of now is the one that was sent, nobody can say.
            let mut device = world.unlock_device(interface);
            let resolved = world.call(|call| session.resolve(&mut device, call));
            assert_eq!(code(resolved), ErrorCode::ChallengeUsed);
            world.begin(&mut world.unlock_device(interface)).unwrap();
            assert_eq!(again(), ErrorCode::ChallengeUsed, "{suite:?} {interface:?}");
            assert_eq!(world.info(Interface::Fido).unlock_counter, 1);
        }
    }
}

// M-5-6
#[test]
fn a_renewed_challenge() {
    for suite in SUITES {
        let world = blocked(Way::Hid, suite);
        let mut device = world.unlock_device(Interface::Vendor);
        let mut session = world.begin(&mut device).unwrap();
        let old = session.clone();
        let response = world.respond(&session);
        world.call(|call| session.renew(&mut device, call)).unwrap();
        assert_ne!(session.challenge(), old.challenge());
        let messages = world.device.messages();
        let refused = code(world.unlock(&mut device, &old, &response, NEW_PIN));
        assert_eq!(refused, ErrorCode::ChallengeRenewed, "{suite:?}");
        assert_eq!(
            world.device.messages() - messages,
            2,
            "getChallenge and getInfo only"
        );
        let response = world.respond(&session);
        world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    }
}

/// A kept session whose challenge was used is good again after `renew`, a lost answer included.
#[test]
fn a_renewed_session_counts_from_now() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let mut device = world.unlock_device(Interface::Fido);
    let mut session = world.begin(&mut device).unwrap();
    let used = world.respond(&session);
    world.unlock(&mut device, &session, &used, OLD_PIN).unwrap();
    world.block();
    world.device.replug();
    let mut device = world.unlock_device(Interface::Fido);
    world.call(|call| session.renew(&mut device, call)).unwrap();
    let response = world.respond(&session);
    let resolve = || world.call(|call| session.resolve(&mut world.unlock_device(Interface::Fido), call));
    assert_eq!(resolve().unwrap(), Outcome::NotUnlocked);
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    assert_eq!(resolve().unwrap(), Outcome::Unlocked);
}

// M-5-5
#[test]
fn another_device_is_named_before_its_state() {
    let suite = Suite::P256EcdhMac;
    let world = blocked(Way::Hid, suite);
    let session = world.begin(&mut world.unlock_device(Interface::Fido)).unwrap();
    let response = world.respond(&session);
    let mut other = blocked(Way::Hid, suite);
    let try_on = |other: &World| {
        code(world.unlock(
            &mut other.unlock_device(Interface::Fido),
            &session,
            &response,
            NEW_PIN,
        ))
    };
    let resolve_on = |other: &World| {
        let mut device = other.unlock_device(Interface::Fido);
        code(other.call(|call| session.resolve(&mut device, call)))
    };
    assert_eq!(try_on(&other), ErrorCode::OtherDevice, "blocked");
    assert_eq!(resolve_on(&other), ErrorCode::OtherDevice);
    let mut renewed = session.clone();
    let mut device = other.unlock_device(Interface::Fido);
    let refused = code(other.call(|call| renewed.renew(&mut device, call)));
    assert_eq!(refused, ErrorCode::OtherDevice);
    assert_eq!(renewed, session, "nothing is taken over from it");

    other.change_state(|state| state.pin_retries = 8);
    assert_eq!(try_on(&other), ErrorCode::OtherDevice, "not blocked");
    assert_eq!(resolve_on(&other), ErrorCode::OtherDevice);
    // Unlocked once: its counter is another one, which says nothing of the first device.
    other.change_state(|state| state.pin_retries = 0);
    other.device.replug();
    assert_eq!(other.status(Interface::Fido, &other.parts(NEW_PIN).message()), 0);
    assert_eq!(try_on(&other), ErrorCode::OtherDevice, "unlocked");
    assert_eq!(resolve_on(&other), ErrorCode::OtherDevice);

    // Enrolled in another slot, and not enrolled at all.
    other = World::unenrolled(Way::Hid, issuer_key(suite), PinProtocol::Two, |builder| builder);
    let transport = other.open(Interface::Fido);
    enroll_slots(
        transport,
        &other.ticks,
        &[(2, &other.issuer)],
        PinProtocol::Two,
        EnrollOptions::default(),
    );
    other.set_pin(OLD_PIN);
    other.block();
    assert_eq!(try_on(&other), ErrorCode::OtherDevice, "another slot");
    other.change_state(|state| state.unlock_record = None);
    assert_eq!(try_on(&other), ErrorCode::DeviceNotEnrolled);
    assert!(!has_new_pin(&world));
}

/// Two locked keys in the hand: a challenge was shown for the first, and the second was unlocked. Over the vendor
/// interface a device that is not locked tells no name, and its counter is the one that the first would have.
// M-5-7
#[test]
fn an_unlock_of_another_device_is_not_taken_for_this_one_s() {
    for suite in SUITES {
        for interface in [Interface::Fido, Interface::Vendor] {
            let (world, other) = (blocked(Way::Hid, suite), blocked(Way::Hid, suite));
            let session = world.begin(&mut world.unlock_device(interface)).unwrap();
            let resolve = |world: &World| {
                let mut device = world.unlock_device(interface);
                let outcome = world.call(|call| session.resolve(&mut device, call));
                outcome.map_err(|error| error.code())
            };
            assert_eq!(other.status(interface, &other.parts(NEW_PIN).message()), 0);
            assert_eq!(other.info(interface).unlock_counter, 1);
            let unknown = match interface {
                Interface::Fido => ErrorCode::OtherDevice,
                Interface::Vendor => ErrorCode::OutcomeUnknown,
            };
            assert_eq!(resolve(&other), Err(unknown), "{suite:?}");
            // Nor is a code for it void for that.
            let response = world.respond(&session);
            let told = code(other.unlock(&mut other.unlock_device(interface), &session, &response, NEW_PIN));
            let not_locked = match interface {
                Interface::Fido => ErrorCode::OtherDevice,
                Interface::Vendor => ErrorCode::DeviceNotLocked,
            };
            assert_eq!(told, not_locked, "{suite:?}");
            assert_eq!(resolve(&world), Ok(Outcome::NotUnlocked));
            world
                .unlock(&mut world.unlock_device(interface), &session, &response, NEW_PIN)
                .unwrap();
            assert_eq!(resolve(&world), Ok(Outcome::Unlocked), "{suite:?} {interface:?}");
        }
    }
}

/// By another slot's code, and by one for a challenge that came after it.
// M-2.2-5
#[test]
fn spent_is_what_an_unlock_ended_and_nothing_else() {
    for interface in [Interface::Fido, Interface::Vendor] {
        let admin = issuer_key(Suite::AesAdminKey);
        let world = World::with_slots(
            Suite::P256EcdhMac,
            PinProtocol::Two,
            EnrollOptions::default(),
            &[(0, &admin)],
            |builder| builder,
        );
        world.block();
        world.device.replug();
        let first = world.challenge().challenge;
        let of_slot_0 = world.try_challenge(interface, 0, false).unwrap().challenge;
        let spent = |challenge| world.spent(interface, challenge);
        assert_eq!((spent(&first), spent(&of_slot_0)), (Some(false), Some(false)));
        assert_eq!(world.info(interface).spent, None, "nothing was asked");
        world.try_challenge(Interface::Fido, SLOT, true).unwrap();
        assert_eq!(spent(&first), Some(false), "renewed");
        let second = world.challenge().challenge;
        let second_of_slot_0 = world.try_challenge(interface, 0, false).unwrap().challenge;
        assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
        assert_eq!((spent(&first), spent(&of_slot_0)), (Some(false), Some(false)));
        assert_eq!(
            (spent(&second), spent(&second_of_slot_0)),
            (Some(true), Some(true))
        );
        // It is told after a power cycle, and while the PIN is blocked again.
        world.block();
        world.device.replug();
        assert_eq!(spent(&second), Some(true));
        let third = world.challenge().challenge;
        assert_eq!((spent(&second), spent(&third)), (Some(false), Some(false)));
    }
}

// M-5-1
#[test]
fn a_device_that_is_not_locked_or_not_enrolled_begins_no_session() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    for interface in [Interface::Fido, Interface::Vendor] {
        let begin = || world.begin(&mut world.unlock_device(interface));
        world.change_state(|state| state.pin_retries = 1);
        assert_eq!(code(begin()), ErrorCode::DeviceNotLocked);
        let record = world.state().unlock_record.clone();
        world.change_state(|state| (state.pin_retries, state.unlock_record) = (0, None));
        assert_eq!(code(begin()), ErrorCode::DeviceNotEnrolled);
        world.change_state(|state| state.unlock_record = record);
        begin().unwrap();
    }
}

// M-5-2
#[test]
fn the_lowest_slot_above_the_recovery_slot_is_taken() {
    let keys: Vec<_> = (0..3).map(|_| issuer_key(Suite::P256Ecdsa)).collect();
    for (numbers, wanted, taken) in [
        (&[0, 3, 2][..], None, Ok(2)),
        (&[0][..], None, Ok(0)),
        (&[0, 3, 2][..], Some(0), Ok(0)),
        (&[0, 3, 2][..], Some(3), Ok(3)),
        (&[0, 3, 2][..], Some(1), Err(ErrorCode::SuiteNotEnrolled)),
    ] {
        let issuer = issuer_key(Suite::P256Ecdsa);
        let world = World::unenrolled(Way::Hid, issuer, PinProtocol::Two, |builder| builder);
        let slots: Vec<_> = numbers.iter().copied().zip(&keys).collect();
        let transport = world.open(Interface::Fido);
        enroll_slots(
            transport,
            &world.ticks,
            &slots,
            PinProtocol::Two,
            EnrollOptions::default(),
        );
        world.set_pin(OLD_PIN);
        world.change_state(|state| state.pin_retries = 0);
        let mut device = world.unlock_device(Interface::Vendor);
        let begun = world.call(|call| fido_unlock::host::Session::begin(&mut device, wanted, call));
        let slot = begun.map(|session| session.slot()).map_err(|error| error.code());
        assert_eq!(slot, taken, "{numbers:?} {wanted:?}");
    }
}

#[test]
fn renewing_without_a_touch_is_refused_and_the_session_stays() {
    let world = World::with_authenticator(
        Way::Hid,
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        |builder| builder.can_touch(false),
    );
    world.block();
    world.device.replug();
    let mut device = world.unlock_device(Interface::Vendor);
    let mut session = world.begin(&mut device).unwrap();
    let before = session.clone();
    let renewed = world.call(|call| session.renew(&mut device, call));
    assert_eq!(code(renewed), ErrorCode::RenewRefused);
    assert_eq!(session, before);

    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let mut device = world.unlock_device(Interface::Fido);
    let mut session = world.begin(&mut device).unwrap();
    for (touch, expected) in [
        (Touch::Never, ErrorCode::DeadlineExceeded),
        (Touch::Refused, ErrorCode::TouchRefused),
    ] {
        world.touch().set(touch);
        let renewed = world.call(|call| session.renew(&mut device, call));
        assert_eq!(code(renewed), expected);
    }
}

#[test]
fn a_code_of_another_suite_is_the_caller_s_mistake() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    let other = fido_unlock::ResponseCode::from_bytes(Suite::AesAdminKey, &[7; 16]).unwrap();
    let messages = world.device.messages();
    let refused = code(world.unlock(&mut device, &session, &other, NEW_PIN));
    assert_eq!(refused, ErrorCode::InvalidArgument);
    assert_eq!(world.device.messages(), messages);
}
