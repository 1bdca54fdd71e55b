//! An issuer key that is not one's own shows, whatever the PIN's state.

use fido_unlock::Suite;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{Condition, diagnose};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::{Way, World, issuer_key};

#[test]
fn a_foreign_issuer_is_shown() {
    let own = issuer_key(Suite::P256EcdhMac).public().unwrap().fingerprint();
    for blocked in [false, true] {
        let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
        if blocked {
            world.block();
            world.device.replug();
        }
        let enrolled = world.issuer.public().unwrap().fingerprint();
        for interface in [Interface::Fido, Interface::Vendor] {
            let info = Ok(world.info(interface));
            for (own, foreign) in [
                (vec![], false),
                (vec![enrolled], false),
                (vec![own, enrolled], false),
                (vec![own], true),
            ] {
                let told = diagnose(&info, &own).unwrap();
                assert_eq!(told.foreign_issuer(), foreign);
                assert_eq!(told.sentence().contains("not this help desk's"), foreign);
                assert_eq!(told.can_unlock(), blocked && !foreign);
                assert_eq!(
                    told.condition == Condition::LockedByForeignIssuer,
                    blocked && foreign
                );
            }
        }
    }
}
