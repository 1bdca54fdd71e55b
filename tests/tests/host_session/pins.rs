//! The new PIN: both sides' rules, the stricter one, told before anything is sent.

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{DefaultPinPolicy, NewPin, Session, confirm_pin};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Pin, Suite};
use fido_unlock_tests::{Way, World};

fn judge(session: &Session, policy: &DefaultPinPolicy, pin: &str) -> Result<NewPin, ErrorCode> {
    let pin = Pin::new(pin.into());
    NewPin::judge(&pin, policy, session.rules()).map_err(|error| error.code())
}

fn world(min_pin_length: u8, complexity: bool) -> World {
    let world = World::with_authenticator(
        Way::Hid,
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        |builder| builder.min_pin_length(min_pin_length).pin_complexity(complexity),
    );
    world.block();
    world.device.replug();
    world
}

// M-5-4
#[test]
fn the_stricter_minimum_of_host_and_device_wins_without_a_message() {
    let plain = DefaultPinPolicy::new();
    let strict = DefaultPinPolicy::new().minimum(8);
    for (device, policy, shortest) in [
        (4, &plain, 6),
        (7, &plain, 7),
        (4, &strict, 8),
        (7, &strict, 8),
        (8, &strict, 8),
    ] {
        let world = world(device, false);
        let session = world.begin(&mut world.unlock_device(Interface::Vendor)).unwrap();
        assert_eq!(
            session.rules().minimum,
            usize::from(device),
            "told before a PIN is typed"
        );
        let messages = world.device.messages();
        let pin: String = "a1b2c3d4e5".chars().take(shortest).collect();
        let short = &pin[..shortest - 1];
        assert_eq!(judge(&session, policy, short).err(), Some(ErrorCode::PinTooShort));
        assert!(judge(&session, policy, &pin).is_ok(), "{device} {shortest}");
        assert_eq!(world.device.messages(), messages);
    }
}

#[test]
fn the_device_s_own_rule_is_announced_and_a_refused_pin_leaves_the_code_good() {
    let world = world(4, true);
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    assert!(session.rules().device_has_more);
    let response = world.respond(&session);
    for _ in 0..6 {
        let refused = world.unlock(&mut device, &session, &response, "777777");
        assert_eq!(refused.unwrap_err().code(), ErrorCode::PinRefusedByDevice);
    }
    world.unlock(&mut device, &session, &response, "a1b2c3").unwrap();
    world.sign_in("a1b2c3").unwrap();
}

/// Where the host has judged the lengths and the device has no rules but this one, the person is told what it is.
// M-4-2
#[test]
fn the_old_pin_is_told_as_that_where_it_can_be_nothing_else() {
    for (forced, complexity, code) in [
        (true, false, ErrorCode::PinSameAsOld),
        (true, true, ErrorCode::PinRefusedByDevice),
    ] {
        let world = world(4, complexity);
        world.change_state(|state| state.force_pin_change = forced);
        let mut device = world.unlock_device(Interface::Vendor);
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let told = world.unlock(&mut device, &session, &response, fido_unlock_tests::OLD_PIN);
        assert_eq!(told.unwrap_err().code(), code);
        world.unlock(&mut device, &session, &response, "a1b2c3").unwrap();
    }
}

#[test]
fn each_refusal_of_a_pin_has_its_own_number() {
    let world = world(4, false);
    let session = world.begin(&mut world.unlock_device(Interface::Vendor)).unwrap();
    let plain = DefaultPinPolicy::new();
    let trivial = DefaultPinPolicy::new().refuse_trivial();
    let listed = DefaultPinPolicy::new().block_list(["Sommer26".into()]);
    let unicode = DefaultPinPolicy::new().unicode();
    let long = "a1".repeat(32);
    let keys = "\u{1F511}".repeat(16);
    for (policy, pin, code) in [
        (&plain, "abc12", ErrorCode::PinTooShort),
        (&plain, &long, ErrorCode::PinTooLong),
        (&plain, "abc-123", ErrorCode::PinCharacter),
        (&plain, "\u{e9}abcdef", ErrorCode::PinCharacter),
        (&plain, "abc123\0", ErrorCode::PinCharacter),
        (&trivial, "123456", ErrorCode::PinTrivial),
        (&listed, "sommer26", ErrorCode::PinListed),
        (&unicode, "\u{1F511}\u{e9}abc", ErrorCode::PinTooShort),
        (&unicode, &keys, ErrorCode::PinTooLong),
    ] {
        assert_eq!(judge(&session, policy, pin).err(), Some(code), "{pin:?}");
    }
    let confirm = |again: &str| confirm_pin(&Pin::new("abc123".into()), &Pin::new(again.into())).map(drop);
    for again in ["abc124", ""] {
        let error = confirm(again).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PinConfirmation, "{again:?}");
    }
    assert_eq!(confirm("abc123"), Ok(()));
}

/// Typed composed or decomposed, one PIN: the device stores the hash of form C.
#[test]
fn a_pin_in_unicode_is_normalised() {
    let world = world(4, false);
    let mut device = world.unlock_device(Interface::Fido);
    let session = world.begin(&mut device).unwrap();
    let policy = DefaultPinPolicy::new().unicode();
    let typed = "caf\u{65}\u{301}42";
    confirm_pin(&Pin::new(typed.into()), &Pin::new("caf\u{e9}42".into())).unwrap();
    let pin = judge(&session, &policy, typed);
    let pin = pin.unwrap_or_else(|code| panic!("{code:?}"));
    let response = world.respond(&session);
    world
        .call(|call| session.unlock(&mut device, &response, &pin, &mut getrandom::SysRng, call))
        .unwrap();
    assert_eq!(world.state().pin.unwrap().code_points, 6);
    world.sign_in("caf\u{e9}42").unwrap();
    world.sign_in("cafe\u{301}42").unwrap();
}
