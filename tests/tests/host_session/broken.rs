//! The device is pulled, a packet is lost, or the person cancels, at every step there is.

use std::cell::Cell;

use fido_unlock::host::framing::{HidTransport, Interface, NfcTransport};
use fido_unlock::host::ports::{Call, Cancel, NoProgress, Transport};
use fido_unlock::host::{CtapUnlockDevice, Outcome, Session, UnlockError};
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::Touch;
use fido_unlock_mock::framing::DeviceFaults;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way, World};
use getrandom::SysRng;

use super::{blocked, has_new_pin};

/// Where a fault strikes.
#[derive(Clone, Copy, Debug)]
enum Fault {
    GoneAtPacket(u64),
    LosePacket(u64),
    BeforeMessage(u64),
    AfterMessage(u64),
    CutAnswer(u64),
}

fn open(world: &World, interface: Interface, fault: Option<Fault>) -> Box<dyn Transport> {
    let mut device = DeviceFaults::default();
    let messages = world.device.messages();
    match fault {
        Some(Fault::BeforeMessage(n)) => device.remove_before_message = Some(messages + n),
        Some(Fault::AfterMessage(n)) => device.remove_after_message = Some(messages + n),
        _ => {}
    }
    world.device.set_faults(device);
    match world.way {
        Way::Hid => {
            let mut hid = world.device.hid(interface);
            match fault {
                Some(Fault::GoneAtPacket(n)) => hid.faults.gone_at = Some(n),
                Some(Fault::LosePacket(n)) => hid.faults.lose_at = Some(n),
                _ => {}
            }
            Box::new(HidTransport::new(hid, SysRng, interface))
        }
        Way::Nfc => {
            let mut card = world.device.card();
            // One of the two ways is an old reader, which takes short APDUs alone.
            card.faults.short_reader = interface == Interface::Fido;
            match fault {
                Some(Fault::GoneAtPacket(n)) => card.faults.gone_at = Some(n),
                Some(Fault::CutAnswer(n)) => card.faults.cut_at = Some(n),
                _ => {}
            }
            Box::new(NfcTransport::new(card, interface))
        }
    }
}

/// What the person was told, and the session that was left on disk.
fn converse(world: &World, interface: Interface, fault: Fault) -> (Option<Session>, Result<(), UnlockError>) {
    let mut device = CtapUnlockDevice::new(open(world, interface, Some(fault)));
    let session = match world.begin(&mut device) {
        Ok(session) => session,
        Err(error) => return (None, Err(error)),
    };
    let response = world.respond(&session);
    let result = world.unlock(&mut device, &session, &response, NEW_PIN);
    (Some(session), result)
}

/// After any fault: what was told is true, or that nothing is known was told; the counter then
/// tells, and the same code unlocks where it did not.
fn strike(world: &World, interface: Interface, fault: Fault) -> Result<(), ErrorCode> {
    let name = format!("{:?} {interface:?} {fault:?}", world.way);
    let (session, told) = converse(world, interface, fault);
    let told = told.map_err(|error| error.code());
    let done = has_new_pin(world);
    match told {
        Ok(()) => assert!(done, "{name}"),
        Err(ErrorCode::OutcomeUnknown) => {}
        Err(_) => assert!(!done, "{name} {told:?}"),
    }
    // Another process takes it up, with the device back in.
    let mut device = CtapUnlockDevice::new(open(world, interface, None));
    let session = match session {
        Some(session) => Session::from_bytes(&session.to_bytes()).unwrap(),
        None => world.begin(&mut device).unwrap(),
    };
    let outcome = world.call(|call| session.resolve(&mut device, call)).unwrap();
    assert_eq!(outcome == Outcome::Unlocked, done, "{name}");
    if outcome == Outcome::NotUnlocked {
        let response = world.respond(&session);
        world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    }
    assert_eq!(
        world.info(Interface::Fido).unlock_counter,
        1,
        "{name}: never twice"
    );
    world.sign_in(NEW_PIN).unwrap();
    told
}

/// Strikes at 0, 1, 2… beyond the end of the conversation; what was told each time.
fn sweep(world: &World, interface: Interface, fault: impl Fn(u64) -> Fault) -> Vec<Result<(), ErrorCode>> {
    let start = world.flash();
    let steps = match world.way {
        Way::Hid => 32,
        Way::Nfc => 20,
    };
    let told = (0..steps).map(|n| {
        world.restore(&start);
        strike(world, interface, fault(n))
    });
    let told: Vec<_> = told.collect();
    let beyond = &told[told.len() - 4..];
    assert!(
        beyond.iter().all(Result::is_ok),
        "the conversation is longer: {told:?}"
    );
    told
}

// M-5-8
#[test]
fn pulled_before_any_packet_the_counter_tells_what_happened() {
    for (way, suite, interface, least) in [
        (Way::Hid, Suite::P256EcdhMac, Interface::Fido, 8),
        (Way::Hid, Suite::P256Ecdsa, Interface::Vendor, 8),
        (Way::Nfc, Suite::P256EcdhMac, Interface::Vendor, 4),
        (Way::Nfc, Suite::P256Ecdsa, Interface::Fido, 4),
    ] {
        let world = blocked(way, suite);
        let told = sweep(&world, interface, Fault::GoneAtPacket);
        let count = |what: Result<(), ErrorCode>| told.iter().filter(|told| **told == what).count();
        assert!(count(Err(ErrorCode::Gone)) >= least, "{way:?} {told:?}");
        // From the first packet of `unlock` on nobody can know.
        assert!(count(Err(ErrorCode::OutcomeUnknown)) >= 1, "{way:?} {told:?}");
        assert!(count(Ok(())) > 0);
    }
}

#[test]
fn pulled_at_any_transaction_before_or_after_the_device_acted() {
    for way in [Way::Hid, Way::Nfc] {
        for suite in [Suite::P256EcdhMac, Suite::AesAdminKey] {
            let world = blocked(way, suite);
            let start = world.flash();
            for (fault, expected) in [
                (Fault::BeforeMessage(0), Err(ErrorCode::Gone)),
                (Fault::AfterMessage(0), Err(ErrorCode::Gone)),
                (Fault::BeforeMessage(1), Err(ErrorCode::Gone)),
                (Fault::AfterMessage(1), Err(ErrorCode::Gone)),
                (Fault::BeforeMessage(2), Err(ErrorCode::Gone)),
                (Fault::AfterMessage(2), Err(ErrorCode::Gone)),
                (Fault::BeforeMessage(3), Err(ErrorCode::OutcomeUnknown)),
                (Fault::AfterMessage(3), Err(ErrorCode::OutcomeUnknown)),
                (Fault::BeforeMessage(4), Ok(())),
            ] {
                world.restore(&start);
                let told = strike(&world, Interface::Vendor, fault);
                assert_eq!(told, expected, "{way:?} {suite:?} {fault:?}");
            }
        }
    }
}

/// The device is still there: the session looks at the counter by itself.
#[test]
fn a_lost_packet_or_a_cut_answer_is_resolved_at_once() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let told = sweep(&world, Interface::Fido, Fault::LosePacket);
    let unknown = |told: &Result<(), ErrorCode>| *told == Err(ErrorCode::OutcomeUnknown);
    assert!(!told.iter().any(unknown), "{told:?}");
    let lost = |told: &&Result<(), ErrorCode>| **told == Err(ErrorCode::DeadlineExceeded);
    assert!(told.iter().filter(lost).count() >= 6, "{told:?}");

    let world = blocked(Way::Nfc, Suite::P256EcdhMac);
    let told = sweep(&world, Interface::Vendor, Fault::CutAnswer);
    assert!(!told.iter().any(unknown), "{told:?}");
    assert!(
        told.contains(&Err(ErrorCode::Gone)) && told[4].is_ok(),
        "{told:?}"
    );
}

/// Cancels from the n-th look on.
struct CancelAt(Cell<i32>);

impl Cancel for CancelAt {
    fn is_cancelled(&self) -> bool {
        self.0.set(self.0.get() - 1);
        self.0.get() < 0
    }
}

#[test]
fn cancelled_at_any_moment_the_person_is_told_what_is_true() {
    for (way, interface) in [(Way::Hid, Interface::Vendor), (Way::Nfc, Interface::Fido)] {
        let world = blocked(way, Suite::P256EcdhMac);
        let start = world.flash();
        let (mut cancelled, mut done) = (0, 0);
        for looks in 0..2000 {
            // A look in three, once the beginning is through.
            if looks > 30 && looks % 3 != 0 {
                continue;
            }
            world.restore(&start);
            let mut device = world.unlock_device(interface);
            let session = world.begin(&mut device).unwrap();
            let response = world.respond(&session);
            let pin = world.new_pin(&session, NEW_PIN);
            world.touch().set(Touch::After(5));
            let cancel = CancelAt(Cell::new(looks));
            let mut progress = NoProgress;
            let mut call = Call::new(&world.ticks, Call::WITH_TOUCH, &cancel, &mut progress);
            let told = session.unlock(&mut device, &response, &pin, &mut SysRng, &mut call);
            assert_eq!(told.is_ok(), has_new_pin(&world), "{way:?} {looks}");
            match told {
                Ok(()) => done += 1,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Cancelled, "{way:?} {looks}");
                    cancelled += 1;
                    // The same code, at once.
                    world.touch().set(Touch::AtOnce);
                    let result = world.unlock(&mut device, &session, &response, NEW_PIN);
                    assert_eq!(result.map_err(|error| error.code()), Ok(()), "{way:?} {looks}");
                }
            }
            if cancel.0.get() > 0 {
                break;
            }
        }
        assert!(cancelled > 5 && done > 0, "{way:?} {cancelled} {done}");
    }
}

#[test]
fn nobody_touches_it() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let mut device = world.unlock_device(Interface::Vendor);
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    for (touch, expected) in [
        // The device waits as long as the call may take, so the deadline comes first.
        (Touch::Never, ErrorCode::DeadlineExceeded),
        (Touch::Refused, ErrorCode::TouchRefused),
    ] {
        world.touch().set(touch);
        let told = world.unlock(&mut device, &session, &response, NEW_PIN);
        assert_eq!(told.unwrap_err().code(), expected);
        assert!(!has_new_pin(&world));
    }
    world.touch().set(Touch::After(20));
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    assert!(world.sign_in(OLD_PIN).is_err());
}
