//! Power is cut at every write and every byte of each command that writes, and again in the recovery
//! from it: flash is as before or as after, and an unlock then works with every credential.

use fido_unlock::Suite;
use fido_unlock::ctap2::device_unlock::{EnrollKey, EnrollOptions, EnrollRequest, EnrollSlot};
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::IssuerKey;
use fido_unlock_mock::flash::Cut;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World, issuer_key};

const PROTOCOL: PinProtocol = PinProtocol::Two;

fn state_bytes(world: &World) -> Vec<u8> {
    world.state().to_value().to_bytes().to_vec()
}

/// Cuts `command` everywhere. `is_after` judges a state that is not the one before.
fn cut_everywhere(
    world: &World,
    command: &[u8],
    every_byte: bool,
    is_after: impl Fn(&World) -> bool,
    goes_on: impl Fn(&World, &str),
) {
    let start = world.flash();
    let before = state_bytes(world);
    let restart = || world.store().with_flash(|flash| *flash = start.clone());
    assert_eq!(world.status(Interface::Fido, command), 0);
    assert!(is_after(world) && state_bytes(world) != before);
    let done = world.flash();
    let writes = done.writes() - start.writes();
    let bytes = done.bytes_written() - start.bytes_written();
    assert!(writes > 1 && bytes > 150, "{writes} {bytes}");

    let check = |cut: &str| {
        let same = state_bytes(world) == before;
        assert!(same || is_after(world), "{cut}");
    };
    let power_on = || world.store().with_flash(|flash| flash.power_on());
    // A restart of the handler alone: keys that were agreed on live, so one message serves all cuts.
    let cuts = (0..bytes).filter(|_| every_byte);
    for cut in cuts.map(Cut::AtByte).chain((0..writes).map(Cut::AtWrite)) {
        restart();
        world.arm(Some(cut));
        assert_eq!(world.status(Interface::Fido, command), 0xFB, "{cut:?}");
        power_on().unwrap();
        check(&format!("{cut:?}"));
    }
    // At every write, with a cut at every write of the recovery, and then the person goes on.
    for cut in (0..writes).map(Cut::AtWrite) {
        restart();
        world.arm(Some(cut));
        assert_eq!(world.status(Interface::Fido, command), 0xFB, "{cut:?}");
        let torn = world.flash();
        power_on().unwrap();
        let recovery = world.flash().writes() - torn.writes();
        for second in 0..recovery {
            world.store().with_flash(|flash| *flash = torn.clone());
            world.arm(Some(Cut::AtWrite(second)));
            assert!(power_on().is_err(), "{cut:?} {second}");
            assert_ne!(world.status(Interface::Fido, command), 0, "there is no power");
            power_on().unwrap();
            check(&format!("{cut:?} {second}"));
        }
        world.device.replug();
        goes_on(world, &format!("{cut:?}"));
    }
}

/// An unlock with what the device now says, and the old passkey.
fn unlock_and_sign_in(world: &World, cut: &str) {
    let status = world.status(Interface::Fido, &world.parts(NEW_PIN).message());
    assert_eq!(status, 0, "{cut}");
    world.sign_in(NEW_PIN).unwrap();
}

fn blocked(issuer: IssuerKey) -> World {
    let world = World::with_keys(Way::Hid, issuer, PROTOCOL, EnrollOptions::default(), &[], |b| b);
    world.block();
    world.device.replug();
    world
}

// M-3.3-5
#[test]
fn power_cut_in_unlock() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = blocked(issuer_key(suite));
        let unlocked = |world: &World| {
            let state = world.state();
            state.pin_retries == 8 && world.info(Interface::Fido).unlock_counter == 1
        };
        let command = world.parts(NEW_PIN).message();
        let start = world.flash();
        cut_unlock(&world, &start, &command, suite == Suite::P256EcdhMac, unlocked);
    }
}

/// As `cut_everywhere`, but an unlock that was not cut drops the keys that its message needs.
fn cut_unlock(
    world: &World,
    start: &fido_unlock_mock::flash::Flash,
    command: &[u8],
    every_byte: bool,
    is_after: impl Fn(&World) -> bool,
) {
    let before = state_bytes(world);
    let mut cuts = 0;
    for by_byte in [true, false] {
        if by_byte && !every_byte {
            continue;
        }
        for at in 0.. {
            world.store().with_flash(|flash| *flash = start.clone());
            let cut = if by_byte {
                Cut::AtByte(at)
            } else {
                Cut::AtWrite(at)
            };
            world.arm(Some(cut));
            // Byte by byte the same message serves; at each write the person goes on afterwards.
            let fresh;
            let message = if by_byte {
                command
            } else {
                world.arm(None);
                world.device.replug();
                fresh = world.parts(NEW_PIN).message();
                world.arm(Some(cut));
                &fresh
            };
            let status = world.status(Interface::Fido, message);
            if status == 0 {
                assert!(is_after(world), "{cut:?}");
                break;
            }
            assert_eq!(status, 0xFB, "{cut:?}");
            cuts += 1;
            let torn = world.flash();
            world.store().with_flash(|flash| flash.power_on()).unwrap();
            assert!(state_bytes(world) == before || is_after(world), "{cut:?}");
            if by_byte {
                continue;
            }
            for second in 0..world.flash().writes() - torn.writes() {
                world.store().with_flash(|flash| *flash = torn.clone());
                world.arm(Some(Cut::AtWrite(second)));
                assert!(world.store().with_flash(|flash| flash.power_on()).is_err());
                world.store().with_flash(|flash| flash.power_on()).unwrap();
                assert!(state_bytes(world) == before || is_after(world), "{cut:?}");
            }
            world.device.replug();
            unlock_and_sign_in(world, &format!("{cut:?}"));
        }
        if by_byte {
            // The unlock that was not cut dropped the keys.
            world.store().with_flash(|flash| *flash = start.clone());
            world.device.replug();
        }
    }
    assert!(cuts > if every_byte { 1000 } else { 5 }, "{cuts}");
}

// M-3.1-10 M-3.3-5
#[test]
fn power_cut_in_get_challenge() {
    let world = blocked(issuer_key(Suite::P256EcdhMac));
    let request = |renew| {
        let request = fido_unlock::ctap2::device_unlock::ChallengeRequest {
            slot: SLOT,
            protocol: PROTOCOL,
            renew,
        };
        request.to_message()
    };
    // The first one: before, nothing is pending; a challenge is told only once it is kept.
    let none_or_one = |world: &World| world.state().unlock_record.is_some();
    cut_everywhere(&world, &request(false), true, none_or_one, unlock_and_sign_in);
    // A renewed one: the old challenge stays until the new one is kept.
    let world = blocked(issuer_key(Suite::AesAdminKey));
    world.challenge();
    let after = |world: &World| world.state().unlock_record.is_some();
    cut_everywhere(&world, &request(true), true, after, unlock_and_sign_in);
}

// M-3.3-5
#[test]
fn power_cut_in_enroll() {
    let world = World::unenrolled(Way::Hid, issuer_key(Suite::P256Ecdsa), PROTOCOL, |builder| {
        builder
    });
    let request = EnrollRequest {
        slots: vec![EnrollSlot {
            slot: SLOT,
            key: EnrollKey::P256Ecdsa(world.issuer.public().unwrap()),
        }],
        options: EnrollOptions::default(),
        protocol: None,
        platform_key: None,
        pin_uv_auth_param: None,
    };
    let after = |world: &World| world.info(Interface::Fido).device_id.is_some();
    let command = request.to_message();
    cut_everywhere(&world, &command, true, after, |world, cut| {
        if !world.info(Interface::Fido).sealed {
            assert_eq!(world.status(Interface::Fido, &command), 0, "{cut}");
        }
        assert_eq!(world.status(Interface::Fido, &command), 0x30, "{cut}: sealed");
    });
}

// M-3.3-5
#[test]
fn power_cut_in_rotate_issuer() {
    let old = issuer_key(Suite::P256Ecdsa);
    let new = issuer_key(Suite::P256Ecdsa);
    let scalar = |key: &IssuerKey| key.expose_p256_scalar().unwrap();
    let again = |key: &IssuerKey| IssuerKey::from_p256_scalar(Suite::P256Ecdsa, &scalar(key)).unwrap();
    let mut world = blocked(again(&old));
    world.challenge();
    let command = world.rotate_message(&new);
    let print = |key: &IssuerKey| Some(key.public().unwrap().fingerprint());
    let (old_print, new_print) = (print(&old), print(&new));
    let after = |world: &World| world.info(Interface::Fido).slots[0].fingerprint == new_print;
    let start = world.flash();
    cut_everywhere(&world, &command, true, after, |world, cut| {
        let told = world.info(Interface::Fido).slots[0].fingerprint;
        assert!(told == old_print || told == new_print, "{cut}");
    });
    // Either key unlocks the state that it belongs to.
    world.restore(&start);
    unlock_and_sign_in(&world, "before");
    world.restore(&start);
    assert_eq!(world.status(Interface::Fido, &command), 0);
    world.issuer = again(&new);
    unlock_and_sign_in(&world, "after");
}

/// A PIN that is blocked while power is cut is blocked or not yet, never free.
#[test]
fn power_cut_while_a_wrong_pin_is_tried_gives_no_free_try() {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PROTOCOL);
    let start = world.flash();
    for write in 0..12 {
        world.restore(&start);
        world.arm(Some(Cut::AtWrite(write)));
        let told = world.token("wrong-pin", 0, None);
        world.arm(None);
        world.device.replug();
        let left = world.info(Interface::Fido).pin_retries;
        match told {
            Err(fido_unlock::ErrorCode::PinInvalid) => assert_eq!(left, 7, "{write}"),
            _ => assert!(left == 8 || left == 7, "{write}"),
        }
        world.sign_in(OLD_PIN).unwrap();
    }
}
