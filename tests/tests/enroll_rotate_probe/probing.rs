//! `probe`: "would an unlock work?", without changing anything.

use fido_unlock::ctap2::device_unlock::{EnrollOptions, ProbeChallenge, ProbeRequest};
use fido_unlock::host::framing::Interface;
use fido_unlock::host::{ProbeError, probe};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{Challenge, ErrorCode, HasCode, Purpose, ResponseCode, Suite};
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World, issuer_key};

const LINES: [Suite; 2] = [Suite::P256Ecdsa, Suite::P256EcdhMac];

fn ask(world: &World, slot: u8) -> Result<ProbeChallenge, u8> {
    let request = ProbeRequest { slot, response: None };
    match world.send(Interface::Fido, &request.to_message()) {
        (0, map) => Ok(ProbeChallenge::from_value(&map.unwrap()).unwrap()),
        (status, _) => Err(status),
    }
}

fn answer(world: &World, slot: u8, response: &ResponseCode) -> u8 {
    let request = ProbeRequest {
        slot,
        response: Some(response),
    };
    world.status(Interface::Fido, &request.to_message())
}

fn respond(world: &World, probe: &ProbeChallenge, purpose: Purpose) -> ResponseCode {
    world
        .issuer
        .respond(&world.fields(&probe.challenge, purpose))
        .unwrap()
}

// M-2.5-3
#[test]
fn it_works_in_every_pin_state_and_never_writes() {
    for suite in LINES {
        let world = World::new(Way::Hid, suite, PinProtocol::Two);
        let states: [fn(&World); 4] = [
            |_| {},
            |world| world.change_state(|state| state.pin = None),
            |world| world.block(),
            |world| {
                world.block();
                world.challenge();
            },
        ];
        let flash = world.flash();
        for (index, prepare) in states.iter().enumerate() {
            world.restore(&flash);
            prepare(&world);
            let before = world.state().to_value().to_bytes();
            let writes = world.flash().writes();
            let pending = ask(&world, SLOT).unwrap();
            assert_eq!(pending.device_id, world.device_id);
            assert_eq!(
                answer(&world, SLOT, &respond(&world, &pending, Purpose::Probe)),
                0
            );
            let pending = ask(&world, SLOT).unwrap();
            let wrong = respond(&world, &pending, Purpose::Authorise);
            assert_eq!(answer(&world, SLOT, &wrong), 0xF8, "{suite:?} {index}");
            assert_eq!(world.flash().writes(), writes, "{suite:?} {index}");
            assert_eq!(world.state().to_value().to_bytes().as_slice(), before.as_slice());
        }
    }
}

/// A response of one purpose serves no other one.
// M-2.5-2
#[test]
fn its_label_is_its_own() {
    for suite in LINES {
        let world = World::new(Way::Hid, suite, PinProtocol::Two);
        world.block();
        world.device.replug();
        let Challenge::Line(pending) = world.challenge().challenge else {
            panic!()
        };
        let mut parts = world.parts(NEW_PIN);
        let probing = world
            .issuer
            .respond(&world.fields(&pending, Purpose::Probe))
            .unwrap();
        parts.response = probing.expose_bytes().to_vec();
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0xF8);
        // Nor does the answer to a probe's challenge unlock, whatever its label.
        let probe = ask(&world, SLOT).unwrap();
        for purpose in [Purpose::Probe, Purpose::Authorise] {
            let mut parts = world.parts(NEW_PIN);
            parts.challenge = probe.challenge.as_bytes().to_vec();
            parts.response = respond(&world, &probe, purpose).expose_bytes().to_vec();
            assert_eq!(world.status(Interface::Fido, &parts.message()), 0xFA);
        }
    }
}

// M-2.5-1
#[test]
fn its_challenge_is_good_for_one_response_one_slot_and_one_power_up() {
    let other = issuer_key(Suite::P256EcdhMac);
    let world = World::with_slots(
        Suite::P256EcdhMac,
        PinProtocol::Two,
        EnrollOptions::default(),
        &[(2, &other)],
        |builder| builder,
    );
    let first = ask(&world, SLOT).unwrap();
    let right = respond(&world, &first, Purpose::Probe);
    assert_eq!(answer(&world, SLOT, &right), 0);
    assert_eq!(answer(&world, SLOT, &right), 0xFA, "used");

    let second = ask(&world, SLOT).unwrap();
    assert_ne!(second.challenge, first.challenge);
    assert_eq!(answer(&world, SLOT, &right), 0xF8, "the old one");
    let right = respond(&world, &second, Purpose::Probe);
    assert_eq!(answer(&world, SLOT, &right), 0xFA, "a wrong one used it up");

    let third = ask(&world, SLOT).unwrap();
    let right = respond(&world, &third, Purpose::Probe);
    assert_eq!(answer(&world, 2, &right), 0xFA, "another slot");

    let fourth = ask(&world, SLOT).unwrap();
    let right = respond(&world, &fourth, Purpose::Probe);
    world.device.replug();
    assert_eq!(answer(&world, SLOT, &right), 0xFA, "gone with power");
}

// M-2.5-3
#[test]
fn it_leaves_the_pending_challenge_and_the_count_alone() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    world.block();
    world.device.replug();
    let pending = world.challenge();
    for _ in 0..6 {
        let probe = ask(&world, SLOT).unwrap();
        assert_eq!(
            answer(&world, SLOT, &respond(&world, &probe, Purpose::Authorise)),
            0xF8
        );
    }
    assert_eq!(world.challenge(), pending);
    assert_eq!(world.status(Interface::Fido, &world.parts(NEW_PIN).message()), 0);
}

#[test]
fn suite_3_has_none() {
    let world = World::new(Way::Hid, Suite::AesAdminKey, PinProtocol::Two);
    assert_eq!(ask(&world, SLOT).map(drop), Err(0x02));
    let response = ResponseCode::from_bytes(Suite::AesAdminKey, &[7; 16]).unwrap();
    assert_eq!(answer(&world, SLOT, &response), 0x02);
    assert_eq!(
        ask(&world, 2).map(drop),
        Err(0x02),
        "nor has a slot that is not there"
    );
}

#[test]
fn an_unenrolled_device_has_none() {
    let issuer = issuer_key(Suite::P256Ecdsa);
    let world = World::unenrolled(Way::Hid, issuer, PinProtocol::Two, |builder| builder);
    assert_eq!(ask(&world, SLOT).map(drop), Err(0xF9));
}

#[test]
fn a_response_of_another_length_is_no_answer() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let pending = ask(&world, SLOT).unwrap();
    let long = ResponseCode::from_bytes(Suite::P256Ecdsa, &[7; 64]).unwrap();
    assert_eq!(answer(&world, SLOT, &long), 0x03);
    assert_eq!(
        answer(&world, SLOT, &respond(&world, &pending, Purpose::Probe)),
        0
    );
}

#[test]
fn the_host_tells_a_passed_probe_from_a_failed_one() {
    let world = World::new(Way::Hid, Suite::P256Ecdsa, PinProtocol::Two);
    let stranger = issuer_key(Suite::P256Ecdsa);
    let mut device = world.unlock_device(Interface::Fido);
    let passed = world.call(|call| {
        probe(
            &mut device,
            SLOT,
            |p| Ok::<_, ProbeError>(respond(&world, p, Purpose::Probe)),
            call,
        )
    });
    let passed = passed.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((passed.slot(), passed.device_id()), (SLOT, world.device_id));
    let failed = world.call(|call| {
        let respond = |p: &ProbeChallenge| {
            let mut fields = world.fields(&p.challenge, Purpose::Probe);
            fields.issuer = stranger.public().unwrap();
            Ok::<_, ProbeError>(stranger.respond(&fields).unwrap())
        };
        probe(&mut device, SLOT, respond, call)
    });
    assert_eq!(failed.err().unwrap().code(), ErrorCode::ProbeFailed);
}
