//! What goes wrong around a card: each fault ends by its deadline in an error of its own, and the
//! next unlock works without restarting anything.

use std::ffi::CString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fido_unlock::host::framing::NfcTransport;
use fido_unlock::host::framing::nfc::FIDO_AID;
use fido_unlock::host::ports::{Transport, UnlockDevice};
use fido_unlock::host::{CtapUnlockDevice, Outcome, Session};
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_pcsc::{CardChannel, open};
use fido_unlock_stacks_tests::{
    Desk, NEW_PIN, OLD_PIN, PATIENCE, VirtualKey, call, call_unless, call_within, try_pin,
};

use crate::pcscd::{Pcscd, eventually, first_empty, isolated};
use crate::support::{card_in, fido_entry, insert, state};

/// For what must fail by its deadline.
const SHORT: Duration = Duration::from_secs(1);

type Unlocker = CtapUnlockDevice<NfcTransport<CardChannel>>;

fn unlocker(reader: usize) -> Unlocker {
    CtapUnlockDevice::new(open(&card_in(reader)).unwrap())
}

fn begin(device: &mut Unlocker) -> Session {
    call(|call| Session::begin(device, None, call)).unwrap()
}

fn is_blocked(device: &mut Unlocker) -> bool {
    call(|call| device.info(call)).unwrap().is_blocked()
}

/// The new PIN is good and the old one is not.
fn check_unlocked(reader: usize) {
    let mut transport = open(&fido_entry(&card_in(reader))).unwrap();
    assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
    assert_eq!(try_pin(&mut transport, OLD_PIN), Err(ErrorCode::PinInvalid));
}

/// A blocked key in the first reader.
fn blocked(folder: &Path) -> (Desk, VirtualKey) {
    let desk = Desk::with_blocked_key(Suite::P256EcdhMac, &state(folder, 0));
    (desk, insert(folder, 0, &[]))
}

/// The card out and in again, as the service sees it.
fn reinsert(key: &mut VirtualKey) {
    key.tell("remove");
    first_empty();
    key.tell("insert");
    card_in(0);
}

/// Connects as another program does.
fn other_program(mode: pcsc::ShareMode) -> pcsc::Card {
    let context = pcsc::Context::establish(pcsc::Scope::User).unwrap();
    let reader = CString::new(card_in(0).path).unwrap();
    context.connect(&reader, mode, pcsc::Protocols::ANY).unwrap()
}

/// A card that hung is free once it was out, and what was begun before can be finished.
fn recovers(key: &mut VirtualKey, hung: Unlocker, desk: &Desk, session: &Session) {
    key.tell("fault none");
    reinsert(key);
    drop(hung);
    desk.finish(&mut unlocker(0), session, NEW_PIN, PATIENCE).unwrap();
    check_unlocked(0);
}

/// Fails by itself, long before the test is given up.
fn fails<T, E: HasCode>(body: impl FnOnce() -> Result<T, E>) -> ErrorCode {
    let begun = Instant::now();
    let code = match body() {
        Ok(_) => panic!("worked"),
        Err(error) => error.code(),
    };
    assert!(begun.elapsed() < PATIENCE);
    code
}

#[test]
fn of_two_keys_the_one_that_is_meant_is_unlocked() {
    isolated(
        "faults::of_two_keys_the_one_that_is_meant_is_unlocked",
        |folder| {
            let _pcscd = Pcscd::start(folder, true);
            let desks = [0, 1].map(|reader| Desk::with_blocked_key(Suite::P256Ecdsa, &state(folder, reader)));
            let _keys = [0, 1].map(|reader| insert(folder, reader, &[]));
            let mut devices = [0, 1].map(unlocker);
            let session = begin(&mut devices[1]);
            let other = fails(|| desks[1].finish(&mut devices[0], &session, NEW_PIN, PATIENCE));
            assert_eq!(other, ErrorCode::OtherDevice);
            desks[1]
                .finish(&mut devices[1], &session, NEW_PIN, PATIENCE)
                .unwrap();
            let [first, second] = &mut devices;
            assert!(is_blocked(first) && !is_blocked(second));
            drop(devices);
            check_unlocked(1);
        },
    );
}

#[test]
fn a_card_taken_out_while_the_person_telephones() {
    isolated("faults::a_card_taken_out_while_the_person_telephones", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, mut key) = blocked(folder);
        let mut device = unlocker(0);
        let session = begin(&mut device);
        key.tell("remove");
        first_empty();
        let gone = fails(|| desk.finish(&mut device, &session, NEW_PIN, PATIENCE));
        assert_eq!(gone, ErrorCode::Gone);
        drop(device);
        assert_eq!(fails(|| open(&first_empty())), ErrorCode::NoCard);
        key.tell("insert");
        desk.finish(&mut unlocker(0), &session, NEW_PIN, PATIENCE)
            .unwrap();
        check_unlocked(0);
    });
}

#[test]
fn a_card_taken_out_during_a_command() {
    isolated("faults::a_card_taken_out_during_a_command", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let desk = Desk::with_blocked_key(Suite::P256EcdhMac, &state(folder, 0));
        let image = std::fs::read(state(folder, 0)).unwrap();
        let mut key = insert(folder, 0, &["--removed"]);
        let mut codes = Vec::new();
        // SELECT and its answer, then somewhere in each command and each answer.
        for bytes in (10..).step_by(80) {
            key.tell("insert");
            let mut device = unlocker(0);
            key.tell(&format!("fault pull {bytes}"));
            let Err(error) = desk.unlock(&mut device, NEW_PIN) else {
                break;
            };
            assert!(
                matches!(error.code(), ErrorCode::Gone | ErrorCode::OutcomeUnknown),
                "{bytes}: {error:?}"
            );
            codes.push(error.code());
            drop(device);
            first_empty();
            key.tell("insert");
            let mut device = unlocker(0);
            if is_blocked(&mut device) {
                continue;
            }
            assert_eq!(error.code(), ErrorCode::OutcomeUnknown);
            drop(device);
            // Blocked again, in a new process.
            drop(key);
            first_empty();
            std::fs::write(state(folder, 0), &image).unwrap();
            key = insert(folder, 0, &[]);
        }
        key.tell("fault none");
        assert!(codes.len() > 6, "{codes:?}");
        assert!(codes.contains(&ErrorCode::Gone) && codes.contains(&ErrorCode::OutcomeUnknown));
        check_unlocked(0);
    });
}

#[test]
fn the_service_killed_in_the_middle_of_an_unlock() {
    isolated(
        "faults::the_service_killed_in_the_middle_of_an_unlock",
        |folder| {
            let pcscd = Pcscd::start(folder, true);
            let (desk, mut key) = blocked(folder);
            let mut device = unlocker(0);
            let session = begin(&mut device);
            key.tell("touch off");
            let killing = std::thread::spawn(move || {
                eventually("the wait for a touch", || (key.counts().1 == 1).then_some(()));
                drop(pcscd);
                key
            });
            let unknown = fails(|| desk.finish(&mut device, &session, NEW_PIN, PATIENCE));
            assert_eq!(unknown, ErrorCode::OutcomeUnknown);
            let key = killing.join().unwrap();
            let dead = fails(|| call(|call| session.resolve(&mut device, call)));
            assert_eq!(dead, ErrorCode::NoService);
            let entry = fails(fido_unlock_pcsc::list);
            assert_eq!(entry, ErrorCode::NoService);
            drop((device, key));

            // The new one has other ports, so the card is put in by another process.
            let _pcscd = Pcscd::start(folder, true);
            let _key = insert(folder, 0, &[]);
            let mut device = unlocker(0);
            let outcome = call(|call| session.resolve(&mut device, call));
            assert_eq!(outcome.unwrap(), Outcome::NotUnlocked);
            desk.finish(&mut device, &session, NEW_PIN, PATIENCE).unwrap();
            drop(device);
            check_unlocked(0);
        },
    );
}

#[test]
fn another_program_holds_the_card() {
    isolated("faults::another_program_holds_the_card", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, _key) = blocked(folder);
        let entry = card_in(0);
        let other = other_program(pcsc::ShareMode::Exclusive);
        assert_eq!(fails(|| open(&entry)), ErrorCode::Busy);
        other.disconnect(pcsc::Disposition::LeaveCard).ok().unwrap();
        let mut device = unlocker(0);
        let session = begin(&mut device);
        let mut other = other_program(pcsc::ShareMode::Shared);
        let held = other.transaction().unwrap();
        let busy = fails(|| desk.finish(&mut device, &session, NEW_PIN, SHORT));
        assert_eq!(busy, ErrorCode::Busy);
        drop(held);
        desk.finish(&mut device, &session, NEW_PIN, PATIENCE).unwrap();
        drop(device);
        check_unlocked(0);
    });
}

#[test]
fn another_program_selects_another_applet() {
    isolated("faults::another_program_selects_another_applet", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, mut key) = blocked(folder);
        let mut device = unlocker(0);
        let session = begin(&mut device);
        let other = other_program(pcsc::ShareMode::Shared);
        let mut select = vec![0x00, 0xA4, 0x04, 0x00, 8];
        select.extend(FIDO_AID);
        select.push(0);
        let answer = other.transmit(&select, &mut [0; 64]).map(<[u8]>::to_vec);
        assert!(answer.unwrap().ends_with(&[0x90, 0x00]));
        assert!(is_blocked(&mut device));
        // The applet of another maker, which knows none of our commands.
        key.tell("fault foreign");
        assert!(is_blocked(&mut device));
        key.tell("fault foreign");
        desk.finish(&mut device, &session, NEW_PIN, PATIENCE).unwrap();
        drop(device);
        check_unlocked(0);
    });
}

#[test]
fn slow_silent_and_broken_answers() {
    isolated("faults::slow_silent_and_broken_answers", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, mut key) = blocked(folder);
        let mut device = unlocker(0);
        assert!(is_blocked(&mut device));
        let info = |device: &mut Unlocker, limit| call_within(limit, |call| device.info(call));

        key.tell("fault slow 3000");
        assert_eq!(fails(|| info(&mut device, SHORT)), ErrorCode::DeadlineExceeded);
        key.tell("fault none");
        assert!(info(&mut device, PATIENCE).unwrap().is_blocked());

        key.tell("fault garbage");
        let code = fails(|| info(&mut device, SHORT));
        assert_eq!(code, ErrorCode::TransportFailed);
        key.tell("fault none");
        assert!(info(&mut device, PATIENCE).unwrap().is_blocked());

        // The answer to the command before.
        let session = begin(&mut device);
        key.tell("fault stale");
        let code = fails(|| info(&mut device, PATIENCE));
        assert_eq!(code, ErrorCode::MalformedAnswer);
        assert!(info(&mut device, PATIENCE).unwrap().is_blocked());

        // Nothing ends this command but taking the card out, as the error's text says.
        key.tell("fault silent");
        assert_eq!(fails(|| info(&mut device, SHORT)), ErrorCode::DeadlineExceeded);
        recovers(&mut key, device, &desk, &session);
    });
}

#[test]
fn no_touch_and_a_refused_one() {
    isolated("faults::no_touch_and_a_refused_one", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, mut key) = blocked(folder);
        let mut device = unlocker(0);
        let session = begin(&mut device);
        key.tell("touch off");
        let late = fails(|| desk.finish(&mut device, &session, NEW_PIN, SHORT));
        assert_eq!(late, ErrorCode::DeadlineExceeded);
        let outcome = call(|call| session.resolve(&mut device, call));
        assert_eq!(outcome.unwrap(), Outcome::NotUnlocked);
        key.tell("touch refuse");
        let refused = fails(|| desk.finish(&mut device, &session, NEW_PIN, PATIENCE));
        assert_eq!(refused, ErrorCode::TouchRefused);
        key.tell("touch on");
        desk.finish(&mut device, &session, NEW_PIN, PATIENCE).unwrap();
        // The transport goes on.
        let answer = call(|call| device.transport().transact(&[0x04], call)).unwrap();
        assert_eq!(
            answer.first(),
            Some(&0x01),
            "the vendor applet has no getInfo of CTAP"
        );
        drop(device);
        check_unlocked(0);
    });
}

/// The service does not let go of a command; who waits for it does.
#[test]
fn cancelled_by_the_person() {
    isolated("faults::cancelled_by_the_person", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let (desk, mut key) = blocked(folder);
        let mut device = unlocker(0);
        let session = begin(&mut device);

        // The device waits for a touch, and is told.
        key.tell("touch off");
        let cancelled = key.cancel_when(
            |(_, touches)| touches == 1,
            |cancel| {
                fails(|| {
                    call_unless(cancel, |call| {
                        desk.finish_in(&mut device, &session, NEW_PIN, call)
                    })
                })
            },
        );
        assert_eq!(cancelled, ErrorCode::Cancelled);
        key.tell("touch on");
        let outcome = call(|call| session.resolve(&mut device, call));
        assert_eq!(outcome.unwrap(), Outcome::NotUnlocked);

        // The card hangs.
        let (messages, _) = key.counts();
        key.tell("fault silent");
        let cancelled = key.cancel_when(
            |(now, _)| now > messages,
            |cancel| fails(|| call_unless(cancel, |call| device.info(call))),
        );
        assert_eq!(cancelled, ErrorCode::Cancelled);
        // Meanwhile nobody can connect, and that is cancelled, too.
        let cancel = AtomicBool::new(false);
        let cancelled = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(200));
                cancel.store(true, Ordering::Relaxed);
            });
            fails(|| call_unless(&cancel, |call| device.info(call)))
        });
        assert_eq!(cancelled, ErrorCode::Cancelled);
        recovers(&mut key, device, &desk, &session);
    });
}
