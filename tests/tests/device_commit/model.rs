//! A plain model of the device, under any commands in any order, with power cut anywhere.

use fido_unlock::Suite;
use fido_unlock::host::framing::Interface;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_mock::flash::{Cut, Flash};
use fido_unlock_tests::{NEW_PIN, OLD_PIN, SLOT, Way, World};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Command {
    GetChallenge { renew: bool, vendor: bool },
    Unlock { vendor: bool },
    WrongResponse,
    StaleResponse,
    WrongPin,
    RightPin,
    SignIn,
    Replug,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>()).prop_map(|(renew, vendor)| Command::GetChallenge { renew, vendor }),
        3 => any::<bool>().prop_map(|vendor| Command::Unlock { vendor }),
        4 => Just(Command::WrongResponse),
        1 => Just(Command::StaleResponse),
        3 => Just(Command::WrongPin),
        1 => Just(Command::RightPin),
        1 => Just(Command::SignIn),
        2 => Just(Command::Replug),
    ]
}

/// What lives in flash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    pin: &'static str,
    retries: u8,
    counter: u32,
    pending: Option<Vec<u8>>,
}

struct Model {
    kept: Kept,
    wrong_responses: u8,
    mismatches: u8,
    stale: Option<(Vec<u8>, Vec<u8>)>,
}

impl Model {
    fn blocked(&self) -> bool {
        self.kept.retries == 0
    }

    fn power_cycle(&mut self) {
        self.wrong_responses = 0;
        self.mismatches = 0;
    }
}

fn other(pin: &str) -> &'static str {
    if pin == OLD_PIN { NEW_PIN } else { OLD_PIN }
}

/// The device's state in the model's terms.
fn read(world: &World) -> Kept {
    let state = world.state();
    let hash = state.pin.as_ref().unwrap().hash;
    let is = |pin: &str| *fido_unlock::pin_protocol::hash_pin(pin.as_bytes()) == hash;
    let record = fido_unlock::ctap2::cbor::Value::parse(state.unlock_record.as_ref().unwrap()).unwrap();
    Kept {
        pin: [OLD_PIN, NEW_PIN].into_iter().find(|pin| is(pin)).unwrap(),
        retries: state.pin_retries,
        counter: world.info(Interface::Fido).unlock_counter,
        pending: record
            .get(6)
            .filter(|_| record.get(7).unwrap().as_bool() == Some(false))
            .map(|nonce| nonce.as_bytes().unwrap()[..14].to_vec()),
    }
}

/// Runs one command; `None` is a transport without an answer because power was cut.
fn run(world: &World, model: &mut Model, command: Command, cut: Option<u64>) {
    let before = model.kept.clone();
    let way = |vendor| {
        if vendor {
            Interface::Vendor
        } else {
            Interface::Fido
        }
    };
    world.arm(cut.map(Cut::AtWrite));
    // `expected` is what the model says when power was not cut.
    let (status, expected) = match command {
        Command::Replug => {
            world.arm(None);
            world.device.replug();
            model.power_cycle();
            (0, 0)
        }
        Command::GetChallenge { renew, vendor } => {
            let got = world.try_challenge(way(vendor), SLOT, renew);
            let expected = if model.blocked() { 0 } else { 0x30 };
            if let Ok(answer) = &got {
                let now = answer.challenge.nonce().to_vec();
                if let (Some(old), false) = (&before.pending, renew) {
                    assert_eq!(*old, now);
                }
                model.kept.pending = Some(now);
            }
            (got.err().unwrap_or(0), expected)
        }
        Command::Unlock { .. } | Command::WrongResponse | Command::StaleResponse => {
            // The challenge is asked for with power on; only the unlock itself is cut.
            world.arm(None);
            let Ok(_) = world.try_challenge(Interface::Fido, SLOT, false) else {
                assert!(!model.blocked());
                return;
            };
            let new_pin = other(before.pin);
            let mut parts = world.parts(new_pin);
            model.kept.pending = Some(world.challenge().challenge.nonce().to_vec());
            let unlock = matches!(command, Command::Unlock { .. });
            let mut expected = if model.wrong_responses >= 5 { 0x34 } else { 0 };
            match command {
                Command::StaleResponse => match &model.stale {
                    Some((challenge, response)) => {
                        parts.challenge.clone_from(challenge);
                        parts.response.clone_from(response);
                        expected = expected.max(0xFA * u8::from(expected == 0));
                    }
                    None => return,
                },
                Command::WrongResponse => {
                    parts.response[3] ^= 1;
                    if expected == 0 {
                        expected = 0xF8;
                        model.wrong_responses += 1;
                    }
                }
                _ => {}
            }
            let vendor = matches!(command, Command::Unlock { vendor: true });
            let kept = model.kept.clone();
            world.arm(cut.map(Cut::AtWrite));
            let status = world.status(way(vendor), &parts.message());
            if unlock && expected == 0 {
                if status == 0 {
                    model.stale = Some((parts.challenge, parts.response));
                    model.power_cycle();
                    model.kept = Kept {
                        pin: new_pin,
                        retries: 8,
                        counter: kept.counter + 1,
                        pending: None,
                    };
                } else {
                    // Cut: before, since a commit is atomic and its last write was not done.
                    assert_eq!(status, 0xFB);
                    settle(world, model, &[kept.clone(), after_unlock(&kept, new_pin)]);
                    return;
                }
            }
            (status, expected)
        }
        Command::WrongPin | Command::RightPin => {
            let pin = if matches!(command, Command::RightPin) {
                before.pin
            } else {
                "wrong-pin"
            };
            let got = world.token(pin, 0, None);
            if cut.is_some() && !world.flash().is_powered() {
                let lower = Kept {
                    retries: before.retries.saturating_sub(1),
                    ..before.clone()
                };
                let full = Kept {
                    retries: 8,
                    ..before.clone()
                };
                settle(world, model, &[before, lower, full]);
                return;
            }
            use fido_unlock::ErrorCode::{PinAuthBlocked, PinBlocked, PinInvalid};
            let expected = if model.blocked() {
                Err(PinBlocked)
            } else if model.mismatches >= 3 {
                Err(PinAuthBlocked)
            } else if pin == "wrong-pin" {
                model.kept.retries -= 1;
                model.mismatches += 1;
                Err(match (model.kept.retries, model.mismatches) {
                    (0, _) => PinBlocked,
                    (_, 3) => PinAuthBlocked,
                    _ => PinInvalid,
                })
            } else {
                model.kept.retries = 8;
                model.mismatches = 0;
                Ok(())
            };
            assert_eq!(got.map(drop), expected);
            (0, 0)
        }
        Command::SignIn => {
            world.arm(None);
            let signed_in = world.sign_in(before.pin).is_ok();
            assert_eq!(signed_in, !model.blocked() && model.mismatches < 3);
            if signed_in {
                model.kept.retries = 8;
                model.mismatches = 0;
            }
            (0, 0)
        }
    };
    if cut.is_some() && !world.flash().is_powered() {
        settle(world, model, &[before]);
        return;
    }
    world.arm(None);
    assert_eq!(status, expected, "{command:?}");
    assert_eq!(read(world), model.kept, "{command:?}");
}

fn after_unlock(kept: &Kept, pin: &'static str) -> Kept {
    Kept {
        pin,
        retries: 8,
        counter: kept.counter + 1,
        pending: None,
    }
}

/// Power comes back: one of the states that may be.
fn settle(world: &World, model: &mut Model, may_be: &[Kept]) {
    world.device.replug();
    model.power_cycle();
    let found = read(world);
    // A challenge that was kept in the very write that was cut is as good as one that was told.
    assert!(may_be.contains(&found), "{found:?} is none of {may_be:?}");
    model.kept = found;
}

fn start() -> (World, Flash) {
    let world = World::new(Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
    let flash = world.flash();
    (world, flash)
}

#[test]
fn any_commands_in_any_order_with_power_cut_anywhere() {
    let (world, flash) = start();
    let step = (command(), proptest::option::weighted(0.3, 0u64..12));
    let steps = (any::<bool>(), proptest::collection::vec(step, 1..24));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&steps, |(blocked, steps)| {
        world.restore(&flash);
        if blocked {
            world.change_state(|state| state.pin_retries = 0);
        }
        let mut model = Model {
            kept: read(&world),
            wrong_responses: 0,
            mismatches: 0,
            stale: None,
        };
        for (command, cut) in steps {
            run(&world, &mut model, command, cut);
        }
        // Whatever happened: unlocking works, with the credential.
        world.device.replug();
        world.change_state(|state| state.pin_retries = 0);
        let pin = other(model.kept.pin);
        let parts = world.parts(pin);
        assert_eq!(world.status(Interface::Fido, &parts.message()), 0);
        world.sign_in(pin).unwrap();
        Ok(())
    });
    result.unwrap();
}
