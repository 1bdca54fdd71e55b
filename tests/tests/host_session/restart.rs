//! A session as bytes: it survives a restart, holds no secret, and any bytes are judged.

use fido_unlock::host::Session;
use fido_unlock::host::framing::Interface;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_tests::{NEW_PIN, Way, World};
use proptest::prelude::*;

use super::blocked;

fn begun(suite: Suite) -> (World, Session) {
    let world = blocked(Way::Hid, suite);
    let session = world.begin(&mut world.unlock_device(Interface::Vendor)).unwrap();
    (world, session)
}

// M-5-3
#[test]
fn what_was_shown_survives_a_restart_and_a_power_cycle() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let (world, session) = begun(suite);
        let response = world.respond(&session);
        let again = Session::from_bytes(&session.to_bytes()).unwrap();
        assert_eq!(again, session);
        world.device.replug();
        let mut device = world.unlock_device(Interface::Fido);
        world.unlock(&mut device, &again, &response, NEW_PIN).unwrap();
    }
}

#[test]
fn each_changed_byte_is_another_session_or_none() {
    let (_, session) = begun(Suite::P256EcdhMac);
    let bytes = session.to_bytes();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            match Session::from_bytes(&changed) {
                Ok(other) => assert_ne!(other, session, "{place} {bit}"),
                Err(error) => assert_eq!(error.code(), ErrorCode::SessionUnreadable),
            }
        }
        assert!(Session::from_bytes(&bytes[..place]).is_err(), "{place}");
    }
    assert!(Session::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Session::from_bytes(&bytes).is_err());
    }
}
