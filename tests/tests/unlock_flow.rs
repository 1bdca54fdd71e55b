//! The whole flow over {HID, NFC} × {suite 1, 2, 3} × {PIN/UV protocol 1, 2}, on both interfaces.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, ResponseCode, Suite};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};

#[test]
fn a_blocked_pin_is_given_back_every_way() {
    for way in [Way::Hid, Way::Nfc] {
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            for protocol in [PinProtocol::One, PinProtocol::Two] {
                for interface in [Interface::Fido, Interface::Vendor] {
                    one_way(way, suite, protocol, interface);
                }
            }
        }
    }
}

/// Over NFC each of the two interfaces selects its applet; what was agreed on holds for both.
// M-transports-24
#[test]
fn a_select_keeps_the_key_agreement_key() {
    use fido_unlock::ctap2::device_unlock::ChallengeRequest;
    use fido_unlock::host::ports::UnlockDevice;
    let world = World::new(Way::Nfc, Suite::P256EcdhMac, PinProtocol::Two);
    world.block();
    world.device.replug();
    let request = ChallengeRequest {
        slot: fido_unlock_tests::SLOT,
        protocol: PinProtocol::Two,
        renew: false,
    };
    let key = |interface| {
        let mut device = world.unlock_device(interface);
        world
            .call(|call| device.challenge(&request, call))
            .unwrap()
            .key_agreement
    };
    let first = key(Interface::Vendor);
    for interface in [Interface::Vendor, Interface::Fido, Interface::Vendor] {
        assert_eq!(key(interface), first);
    }
}

fn one_way(way: Way, suite: Suite, protocol: PinProtocol, interface: Interface) {
    let case = format!("{way:?} {suite:?} {protocol:?} {interface:?}");
    let world = World::new(way, suite, protocol);
    world.sign_in(OLD_PIN).unwrap();
    world.block();
    assert_eq!(
        world.sign_in(OLD_PIN).unwrap_err().code(),
        ErrorCode::PinBlocked,
        "{case}"
    );

    let mut device = world.unlock_device(interface);
    let session = world.begin(&mut device).unwrap();
    assert_eq!(session.device_id(), world.device_id, "{case}");
    assert_eq!(session.suite(), suite, "{case}");
    // As a person carries it: read out, typed in.
    let code = world.respond(&session).expose_code();
    let response = ResponseCode::parse(suite, &code).unwrap();
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();

    world.sign_in(NEW_PIN).unwrap();
    assert_eq!(
        world.sign_in(OLD_PIN).unwrap_err().code(),
        ErrorCode::PinInvalid,
        "{case}"
    );
    assert_eq!(
        world.platform(|platform| platform.pin_retries()).unwrap().0,
        7,
        "{case}"
    );
    assert_eq!(
        world.begin(&mut device).unwrap_err().code(),
        ErrorCode::DeviceNotLocked,
        "{case}"
    );
}
