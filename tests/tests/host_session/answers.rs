//! What a device may answer: unknown statuses, too small a message size, and any bytes at all.

use fido_unlock::ctap2::cbor::Value;
use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::ctap2::{CtapStatus, command};
use fido_unlock::host::framing::Interface;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, Transport, TransportError, UnlockDevice};
use fido_unlock::host::{CtapUnlockDevice, DeviceError, ProbeError, Session, UnlockError, diagnose, probe};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, ResponseCode, Suite};
use fido_unlock_mock::TestTicks;
use fido_unlock_tests::{NEW_PIN, SLOT, Way, World};
use getrandom::SysRng;
use proptest::prelude::*;

use super::{blocked, has_new_pin};

/// Message and answer, to another answer.
type Change<'a> = dyn FnMut(&[u8], Vec<u8>) -> Vec<u8> + 'a;

/// Lets a device answer, and changes what it says.
struct Changed<'a> {
    inner: Box<dyn Transport>,
    change: Box<Change<'a>>,
    sent: Vec<usize>,
}

impl<'a> Changed<'a> {
    fn new(world: &World, change: impl FnMut(&[u8], Vec<u8>) -> Vec<u8> + 'a) -> Self {
        Self {
            inner: world.open(Interface::Vendor),
            change: Box::new(change),
            sent: Vec::new(),
        }
    }
}

impl Transport for Changed<'_> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.sent.push(message.len());
        let answer = self.inner.transact(message, call)?;
        Ok((self.change)(message, answer))
    }

    fn interface(&self) -> Interface {
        Interface::Vendor
    }
}

/// Which subcommand a message is.
fn sub_command(message: &[u8]) -> u64 {
    assert_eq!(message[0], command::DEVICE_UNLOCK);
    Value::parse(&message[1..])
        .unwrap()
        .get(1)
        .unwrap()
        .as_u64()
        .unwrap()
}

/// Exchanged between the first two questions: counter and rules would be one device's, the challenge another's.
#[test]
fn a_device_that_was_exchanged_before_its_challenge_is_another_one() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let other = [9; 10];
    let changed = Changed::new(&world, |message, mut answer| {
        if sub_command(message) == 2 {
            let id = answer.windows(2).position(|bytes| bytes == [0x02, 0x4A]).unwrap();
            answer[id + 2..id + 12].copy_from_slice(&other);
        }
        answer
    });
    let refused = world.begin(&mut CtapUnlockDevice::new(changed)).err().unwrap();
    assert_eq!(refused.code(), ErrorCode::OtherDevice);
}

fn unlock_with(world: &World, transport: Changed<'_>) -> Result<(), UnlockError> {
    let mut device = CtapUnlockDevice::new(transport);
    let session = world.begin(&mut device)?;
    let response = world.respond(&session);
    world.unlock(&mut device, &session, &response, NEW_PIN)
}

// M-4-1
#[test]
fn each_status_of_unlock_has_its_own_number_and_an_unknown_one_stays_visible() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let start = world.flash();
    let mut seen = std::collections::BTreeMap::new();
    for status in 1..=255u8 {
        world.restore(&start);
        let refuse = |message: &[u8], answer| {
            if sub_command(message) == 3 {
                vec![status]
            } else {
                answer
            }
        };
        let told = unlock_with(&world, Changed::new(&world, refuse));
        // A PIN that is not blocked may be so by this very unlock: it was.
        if status == 0x30 {
            assert_eq!(told, Ok(()));
            continue;
        }
        let error = told.unwrap_err();
        let expected = match status {
            0xF8 => ErrorCode::ResponseWrong,
            0xF9 => ErrorCode::DeviceNotEnrolled,
            0xFA => ErrorCode::ChallengePending,
            0xFB => ErrorCode::StoreBroken,
            0xFC => ErrorCode::CounterAtEnd,
            0x34 => ErrorCode::TooManyWrongResponses,
            0x33 => ErrorCode::MacRefused,
            0x37 => ErrorCode::PinRefusedByDevice,
            0x2F | 0x3A => ErrorCode::TouchTimedOut,
            0x27 => ErrorCode::TouchRefused,
            0x2D => ErrorCode::Cancelled,
            0x3B => ErrorCode::RenewRefused,
            0x01 | 0x3E => ErrorCode::NotSupported,
            0x06 => ErrorCode::Busy,
            0x39 => ErrorCode::MessageTooLarge,
            0x7F => ErrorCode::NoEntropy,
            _ => ErrorCode::UnexpectedStatus,
        };
        assert_eq!(error.code(), expected, "{status:#04x}");
        if expected == ErrorCode::UnexpectedStatus {
            assert!(error.to_string().contains(&format!("0x{status:02X}")), "{error}");
            let kept = CtapStatus::from_byte(status).unwrap_err();
            assert_eq!(error, DeviceError::Status(kept).into());
        } else {
            seen.entry(expected.number())
                .or_insert_with(Vec::new)
                .push(status);
        }
    }
    assert!(seen.len() > 12, "{seen:?}");
}

/// Success with something that cannot be read behind it: whether it unlocked is asked, not guessed.
#[test]
fn an_answer_to_unlock_that_cannot_be_read_is_resolved() {
    for (garbage, acted) in [
        (&[0x00, 0xFF][..], true),
        (&[0x00, 0x01], true),
        (&[], true),
        (&[0x00, 0xA0], true),
    ] {
        let world = blocked(Way::Hid, Suite::P256EcdhMac);
        let change = |message: &[u8], answer| {
            if sub_command(message) == 3 {
                garbage.to_vec()
            } else {
                answer
            }
        };
        let told = unlock_with(&world, Changed::new(&world, change));
        assert_eq!(told.map_err(|error| error.code()), Ok(()), "{garbage:02x?}");
        assert_eq!(has_new_pin(&world), acted);
    }
    // It did not act on it, or what came was the answer to another command.
    struct Deaf(Box<dyn Transport>, Vec<u8>);
    impl Transport for Deaf {
        fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
            if sub_command(message) == 3 {
                Ok(self.1.clone())
            } else {
                self.0.transact(message, call)
            }
        }
    }
    for answer in [vec![], vec![0x00, 0xA1, 0x01, 0x40]] {
        let world = blocked(Way::Hid, Suite::P256EcdhMac);
        let mut device = CtapUnlockDevice::new(Deaf(world.open(Interface::Fido), answer));
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let told = world.unlock(&mut device, &session, &response, NEW_PIN);
        assert_eq!(told.unwrap_err().code(), ErrorCode::MalformedAnswer);
        assert!(!has_new_pin(&world));
    }
}

#[test]
fn a_message_that_the_device_does_not_take_is_not_sent() {
    let world = blocked(Way::Hid, Suite::P256Ecdsa);
    let small = |message: &[u8], answer: Vec<u8>| {
        if sub_command(message) != 1 {
            return answer;
        }
        let mut info = UnlockInfo::from_value(&Value::parse(&answer[1..]).unwrap()).unwrap();
        info.max_msg_size = 200;
        [&[0], &info.to_value().to_bytes()[..]].concat()
    };
    let mut device = CtapUnlockDevice::new(Changed::new(&world, small));
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    assert_eq!(told.unwrap_err().code(), ErrorCode::MessageTooLarge);
    assert!(device.transport().sent.iter().all(|length| *length <= 200));
    assert!(!has_new_pin(&world));
}

// M-2-8
#[test]
fn every_message_fits_the_smallest_size_that_ctap_allows() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = blocked(Way::Hid, suite);
        let mut device = CtapUnlockDevice::new(Changed::new(&world, |_, answer| answer));
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let long = "7a".repeat(31) + "7";
        world.unlock(&mut device, &session, &response, &long).unwrap();
        let sent = &device.transport().sent;
        assert_eq!(sent.len(), 4, "getInfo, getChallenge twice, unlock");
        assert!(sent.iter().all(|length| *length <= 1024), "{sent:?}");
        assert!(
            suite != Suite::P256Ecdsa || sent[3] > 255,
            "chaining is on the main path"
        );
    }
}

/// Answers whatever it was told to, to every message.
struct Parrot(Vec<Vec<u8>>, usize);

impl Transport for Parrot {
    fn transact(&mut self, _: &[u8], _: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let answer = self.0.get(self.1).cloned().ok_or(TransportError::Gone)?;
        self.1 += 1;
        Ok(answer)
    }
}

fn quick<R>(work: impl FnOnce(&mut Call<'_>) -> R) -> R {
    let ticks = TestTicks::new();
    let mut progress = NoProgress;
    work(&mut Call::new(&ticks, Call::QUICK, &NeverCancel, &mut progress))
}

/// Everything that reads an answer, on these answers.
fn read_all(answers: &[Vec<u8>], session: &Session, response: &ResponseCode) {
    let device = || CtapUnlockDevice::new(Parrot(answers.to_vec(), 0));
    quick(|call| {
        let info = device().info(call);
        let _ = diagnose(&info, &[[1; 16]]).map(|told| told.sentence());
        let _ = Session::begin(&mut device(), None, call).map(|session| session.to_bytes());
        let _ = session.resolve(&mut device(), call);
        let _ = session.clone().renew(&mut device(), call);
        let pin = fido_unlock::Pin::new(NEW_PIN.into());
        let policy = fido_unlock::host::DefaultPinPolicy::new();
        let new_pin = fido_unlock::host::NewPin::judge(&pin, &policy, session.rules()).unwrap();
        let told = session.unlock(&mut device(), response, &new_pin, &mut SysRng, call);
        assert!(told.is_err());
        let respond = |_: &_| -> Result<_, ProbeError> {
            Ok(ResponseCode::from_bytes(response.suite(), response.expose_bytes()).unwrap())
        };
        let _ = probe(&mut device(), SLOT, respond, call);
        let mut parrot = Parrot(answers.to_vec(), 0);
        let scope = fido_unlock::host::TokenScope::default();
        let token =
            fido_unlock::host::get_pin_token(&mut parrot, PinProtocol::Two, &pin, scope, &mut SysRng, call);
        assert!(token.is_err());
    });
}

#[test]
fn any_bytes_from_a_device_end_in_an_error_and_never_in_a_panic() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let session = world.begin(&mut world.unlock_device(Interface::Fido)).unwrap();
    let response = world.respond(&session);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let garbage = proptest::collection::vec(any::<u8>(), 0..80).prop_map(|mut bytes| {
        // Half of them look like a success.
        if bytes.first().is_some_and(|first| first % 2 == 0) {
            bytes[0] = 0;
        }
        bytes
    });
    runner
        .run(&proptest::collection::vec(garbage, 1..4), |answers| {
            read_all(&answers, &session, &response);
            Ok(())
        })
        .unwrap();
}

/// Right answers with one thing wrong in each.
#[test]
fn right_answers_that_are_cut_or_changed_never_panic() {
    let world = blocked(Way::Hid, Suite::AesAdminKey);
    let mut recorded: Vec<Vec<u8>> = Vec::new();
    let mut device = CtapUnlockDevice::new(Changed::new(&world, |_, answer: Vec<u8>| {
        recorded.push(answer.clone());
        answer
    }));
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    drop(device);
    assert_eq!(recorded.len(), 2);
    for (index, answer) in recorded.iter().enumerate() {
        for place in 0..answer.len() {
            let mut cut = recorded.clone();
            cut[index].truncate(place);
            quick(|call| {
                let begun = Session::begin(&mut CtapUnlockDevice::new(Parrot(cut.clone(), 0)), None, call);
                assert_eq!(
                    begun.unwrap_err().code(),
                    ErrorCode::MalformedAnswer,
                    "{index} {place}"
                );
            });
            for bit in [0, 3, 5, 7] {
                let mut changed = recorded.clone();
                changed[index][place] ^= 1 << bit;
                quick(|call| {
                    let _ = Session::begin(&mut CtapUnlockDevice::new(Parrot(changed, 0)), None, call);
                });
            }
        }
        let mut longer = recorded.clone();
        longer[index].push(0);
        read_all(&longer, &session, &response);
    }
}

/// A challenge of suite 1 for a slot that `getInfo` gives as one of suite 2, or for another slot.
// M-2.3-1
#[test]
fn a_challenge_of_another_suite_or_slot_than_was_asked_for_is_refused() {
    let other = fido_unlock_tests::issuer_key(Suite::P256Ecdsa);
    for suite in [Suite::P256EcdhMac, Suite::AesAdminKey] {
        let world = World::with_slots(
            suite,
            PinProtocol::Two,
            fido_unlock::ctap2::device_unlock::EnrollOptions::default(),
            &[(SLOT + 1, &other)],
            |builder| builder,
        );
        world.block();
        world.device.replug();
        let elsewhere = world.try_challenge(Interface::Fido, SLOT + 1, false).unwrap();
        let of_other_slot = elsewhere.to_value().to_bytes();
        let spoiled = world
            .try_challenge(Interface::Fido, SLOT, false)
            .unwrap()
            .challenge;
        let mut bytes = spoiled.as_bytes().to_vec();
        // The suite's bits in the first byte; in suite 3, the slot in the last.
        match suite {
            Suite::AesAdminKey => bytes[15] ^= 2,
            _ => bytes[0] ^= 3,
        }
        let changes: [&dyn Fn(Vec<u8>) -> Vec<u8>; 2] =
            [&|_| [&[0], &of_other_slot[..]].concat(), &|answer| {
                let at = answer.windows(bytes.len()).position(|w| w == spoiled.as_bytes());
                let at = at.unwrap();
                [&answer[..at], &bytes[..], &answer[at + bytes.len()..]].concat()
            }];
        for change in changes {
            let changed = Changed::new(&world, |message, answer| match sub_command(message) {
                2 => change(answer),
                _ => answer,
            });
            let mut device = CtapUnlockDevice::new(changed);
            let told = world.call(|call| Session::begin(&mut device, Some(SLOT), call));
            assert_eq!(told.unwrap_err().code(), ErrorCode::MalformedAnswer, "{suite:?}");
        }
    }
}

/// The host is tolerant: keys that it does not know, suites that it does not know.
// M-2-7 M-2.2-4
#[test]
fn what_a_newer_device_tells_beside_is_skipped() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let more = |_: &[u8], answer: Vec<u8>| {
        if answer.len() < 2 {
            return answer;
        }
        let Value::Map(mut entries) = Value::parse(&answer[1..]).unwrap() else {
            panic!()
        };
        entries.push((Value::from(99u64), Value::from("new")));
        for (key, value) in &mut entries {
            if let (Value::Unsigned(14), Value::Array(slots)) = (&*key, value) {
                let unknown = Value::int_map([(1, Some(9u64.into())), (2, Some(9u64.into()))]);
                slots.push(unknown);
            }
        }
        [&[0], &Value::Map(entries).to_bytes()[..]].concat()
    };
    unlock_with(&world, Changed::new(&world, more)).unwrap();
    assert!(has_new_pin(&world));
}
