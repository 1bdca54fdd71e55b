//! The vendor interface: three subcommands, no name while unblocked, and what enrolment can do to it.

use fido_unlock::Suite;
use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::device_unlock::{EnrollOptions, key};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::bare::message;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World};

use super::blocked;

fn with_options(options: EnrollOptions) -> World {
    World::with_authenticator(
        Way::Hid,
        Suite::P256EcdhMac,
        PinProtocol::Two,
        options,
        |builder| builder,
    )
}

// M-2.1-2 M-transports-1
#[test]
fn only_get_info_get_challenge_and_unlock_are_served() {
    let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
    let status = |interface, number: u64| {
        let request = Value::int_map([
            (key::SUB_COMMAND, Some(number.into())),
            (key::SLOT, Some(1u64.into())),
        ]);
        world.status(interface, &message(&request))
    };
    assert_eq!(status(Interface::Vendor, 1), 0);
    assert_eq!(status(Interface::Vendor, 2), 0x14);
    assert_eq!(status(Interface::Vendor, 3), 0x14);
    for refused in 4..=7 {
        assert_eq!(status(Interface::Vendor, refused), 0x3E);
        assert_ne!(status(Interface::Fido, refused), 0x3E);
    }
    // No other CTAP command.
    for command in (0u8..=255).filter(|command| *command != 0x55) {
        assert_eq!(world.status(Interface::Vendor, &[command]), 0x01, "{command:#x}");
    }
}

// M-2.2-2
#[test]
fn the_device_id_is_told_there_only_while_the_pin_is_blocked() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let told = |interface| world.info(interface).device_id;
    assert_eq!(told(Interface::Vendor), None);
    assert_eq!(told(Interface::Fido), Some(world.device_id));
    world.block();
    world.device.replug();
    assert_eq!(told(Interface::Vendor), Some(world.device_id));
    assert_eq!(
        world.status(Interface::Vendor, &world.parts(NEW_PIN).message()),
        0
    );
    assert_eq!(told(Interface::Vendor), None);
    // Beside the name, both interfaces tell the same.
    let mut fido = world.info(Interface::Fido);
    fido.device_id = None;
    assert_eq!(world.info(Interface::Vendor), fido);
}

// M-2.1-3
#[test]
fn enrolment_can_switch_it_off() {
    let world = with_options(EnrollOptions {
        vendor_interface_off: true,
        ..EnrollOptions::default()
    });
    world.block();
    world.device.replug();
    let request = fido_unlock::ctap2::device_unlock::get_info_request();
    assert_eq!(world.status(Interface::Vendor, &request), 0x01);
    assert_eq!(world.try_challenge(Interface::Vendor, SLOT, false), Err(0x01));
    let parts = world.parts(NEW_PIN);
    assert_eq!(world.status(Interface::Vendor, &parts.message()), 0x01);
    assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
}

/// So that the lasting PIN is typed into the system's own dialog.
// M-2.6-2
#[test]
fn enrolment_can_make_an_unlock_over_it_set_force_pin_change() {
    for (option, interface, forced) in [
        (true, Interface::Vendor, true),
        (true, Interface::Fido, false),
        (false, Interface::Vendor, false),
        (false, Interface::Fido, false),
    ] {
        let world = with_options(EnrollOptions {
            force_pin_change: option,
            ..EnrollOptions::default()
        });
        world.block();
        world.device.replug();
        assert_eq!(world.status(interface, &world.parts(NEW_PIN).message()), 0);
        assert_eq!(
            world.info(Interface::Fido).force_pin_change,
            forced,
            "{option} {interface:?}"
        );
        assert_eq!(world.sign_in(NEW_PIN).is_err(), forced, "{option} {interface:?}");
    }
}

// M-3.2-10
#[test]
fn under_force_pin_change_the_old_pin_is_refused_and_the_code_stays_good() {
    for forced in [true, false] {
        let world = blocked(Suite::P256EcdhMac, PinProtocol::Two);
        world.change_state(|state| state.force_pin_change = forced);
        let shown = world.challenge().challenge;
        if forced {
            for _ in 0..6 {
                assert_eq!(
                    world.status(Interface::Fido, &world.parts(OLD_PIN).message()),
                    0x37
                );
            }
            assert_eq!(world.challenge().challenge, shown);
            assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
            world.sign_in(NEW_PIN).unwrap();
        } else {
            assert_eq!(world.status(Interface::Fido, &world.parts(OLD_PIN).message()), 0);
            world.sign_in(OLD_PIN).unwrap();
        }
        assert!(!world.info(Interface::Fido).force_pin_change, "cleared");
    }
}
