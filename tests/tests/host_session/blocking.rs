//! `block_pin`: confirmed, after a passed probe of this very device and key, over re-plugs.

use fido_unlock::ctap2::device_unlock::ProbeChallenge;
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{BlockProgress, ConfirmedBlock, ProbeError, ProbePassed, block_pin, probe};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Purpose, Suite};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World, issuer_key};
use getrandom::SysRng;

fn passed(world: &World) -> ProbePassed {
    let mut device = world.unlock_device(Interface::Fido);
    let respond = |p: &ProbeChallenge| {
        let fields = world.fields(&p.challenge, Purpose::Probe);
        Ok::<_, ProbeError>(world.issuer.respond(&fields).unwrap())
    };
    let result = world.call(|call| probe(&mut device, SLOT, respond, call));
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn block(world: &World, consent: &ConfirmedBlock) -> Result<BlockProgress, ErrorCode> {
    let mut transport = world.open(Interface::Fido);
    world
        .call(|call| block_pin(&mut transport, consent, world.protocol, &mut SysRng, call))
        .map_err(|error| error.code())
}

#[test]
fn without_confirmation_there_is_no_consent() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    assert!(ConfirmedBlock::new(passed(&world), false).is_none());
    assert!(ConfirmedBlock::new(passed(&world), true).is_some());
}

#[test]
fn a_forgotten_pin_is_blocked_over_re_plugs_and_then_given_back() {
    for protocol in [PinProtocol::One, PinProtocol::Two] {
        for (maximum, replugs) in [(8, 2), (5, 1), (3, 0)] {
            let world = World::with_authenticator(
                Way::Hid,
                Suite::P256Ecdsa,
                protocol,
                fido_unlock::ctap2::device_unlock::EnrollOptions::default(),
                |builder| builder.max_retries(maximum),
            );
            let consent = ConfirmedBlock::new(passed(&world), true).unwrap();
            for _ in 0..replugs {
                assert_eq!(block(&world, &consent), Ok(BlockProgress::ReplugNeeded));
                assert_eq!(block(&world, &consent), Ok(BlockProgress::ReplugNeeded), "again");
                world.device.replug();
            }
            assert_eq!(block(&world, &consent), Ok(BlockProgress::Blocked), "{maximum}");
            assert_eq!(block(&world, &consent), Ok(BlockProgress::Blocked));
            let mut device = world.unlock_device(Interface::Vendor);
            let session = world.begin(&mut device).unwrap();
            let response = world.respond(&session);
            world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
            world.sign_in(NEW_PIN).unwrap();
        }
    }
}

/// A person may put another key in between two re-plugs.
#[test]
fn another_device_is_left_alone() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let other = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let consent = ConfirmedBlock::new(passed(&world), true).unwrap();
    assert_eq!(block(&world, &consent), Ok(BlockProgress::ReplugNeeded));
    assert_eq!(block(&other, &consent), Err(ErrorCode::OtherDevice));
    assert_eq!(other.info(Interface::Fido).pin_retries, 8);
    other.sign_in(OLD_PIN).unwrap();
    // Nor over the vendor interface, which does not tell who it is.
    let mut transport = world.open(Interface::Vendor);
    let refused = world.call(|call| block_pin(&mut transport, &consent, world.protocol, &mut SysRng, call));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::OtherDevice);
}

/// The probe was for the key that was there then.
#[test]
fn a_rotated_key_wants_a_new_probe() {
    let mut world = World::new(Way::Hid, Suite::P256Ecdsa, PinProtocol::Two);
    let consent = ConfirmedBlock::new(passed(&world), true).unwrap();
    let new = issuer_key(Suite::P256Ecdsa);
    let request = world.rotate_message(&new);
    assert_eq!(world.status(Interface::Fido, &request), 0);
    assert_eq!(block(&world, &consent), Err(ErrorCode::OtherDevice));
    assert_eq!(world.info(Interface::Fido).pin_retries, 8);
    world.issuer = new;
    let consent = ConfirmedBlock::new(passed(&world), true).unwrap();
    assert_eq!(block(&world, &consent), Ok(BlockProgress::ReplugNeeded));
}

#[test]
fn a_device_without_a_pin_has_nothing_to_block() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let consent = ConfirmedBlock::new(passed(&world), true).unwrap();
    world.change_state(|state| state.pin = None);
    assert_eq!(block(&world, &consent), Err(ErrorCode::PinNotSet));
}
