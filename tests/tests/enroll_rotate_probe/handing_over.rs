//! A device whose PIN was set at a station asks its owner for another (CTAP 2.1 §6.11.4).

use fido_unlock::Suite;
use fido_unlock::ctap2::client_pin::permission;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{ClientPinError, ClientPinRefusal, force_pin_change};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::{OLD_PIN, Way, World, issuer_key};

fn force(world: &World, permissions: u8) -> Result<(), ClientPinError> {
    let rp_id = (permissions & 3 != 0).then_some("example.com");
    let token = world.token(OLD_PIN, permissions, rp_id).unwrap();
    let mut transport = world.open(Interface::Fido);
    world.call(|call| force_pin_change(&mut *transport, world.protocol, &token, call))
}

#[test]
fn the_next_owner_must_choose_another_pin() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        let world = World::unenrolled(Way::Hid, issuer_key(Suite::P256EcdhMac), protocol, |builder| {
            builder
        });
        world.set_pin(OLD_PIN);
        assert!(!world.info(Interface::Fido).force_pin_change);
        let wrong = force(&world, permission::MAKE_CREDENTIAL);
        assert_eq!(wrong, Err(ClientPinError::Refused(ClientPinRefusal::MacRefused)));
        assert!(!world.info(Interface::Fido).force_pin_change);
        force(&world, permission::AUTHENTICATOR_CONFIG).unwrap();
        assert!(world.info(Interface::Fido).force_pin_change);
        // The present one is good for nothing else.
        assert!(
            world
                .token(OLD_PIN, permission::AUTHENTICATOR_CONFIG, None)
                .is_err()
        );
    }
}
