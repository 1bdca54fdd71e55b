use std::time::Duration;

use fido_unlock::host::framing::ctaphid::{self, CtapHidMachine, command, error_code, packet};
use fido_unlock::host::framing::{HidTransport, Interface, Machine, Step};
use fido_unlock::host::ports::{Call, HidReports, NeverCancel, ProgressEvent, Transport, TransportError};
use fido_unlock_mock::framing::DeviceFaults;

use super::support::*;

const FOREIGN: u32 = 0xDEAD_BEEF;

fn report(channel: u32, command: u8, data: &[u8]) -> Vec<u8> {
    packet(channel, command, data, 0, 64).unwrap().to_vec()
}

fn foreign_traffic() -> Vec<Vec<u8>> {
    let message = vec![9; 100];
    vec![
        report(FOREIGN, command::CBOR, &message),
        packet(FOREIGN, command::CBOR, &message, 1, 64).unwrap().to_vec(),
        report(FOREIGN, command::KEEPALIVE, &[2]),
        report(FOREIGN, command::ERROR, &[error_code::OTHER]),
        vec![0xFF; 3],
    ]
}

// M-transports-10
#[test]
fn peer_bug_1_stale_frames_are_not_the_answer() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    // Answers to another program's INIT, and to its message on the channel that we shall get.
    for stale in [
        report(
            ctaphid::BROADCAST_CHANNEL,
            command::INIT,
            &[&[0xEE; 8][..], &[0, 0, 0, 77, 2, 0, 0, 0, 4]].concat(),
        ),
        report(1, command::CBOR, &[0, 0xBA, 0xD0]),
        report(1, command::KEEPALIVE, &[2]),
        report(ctaphid::BROADCAST_CHANNEL, command::ERROR, &[error_code::OTHER]),
    ] {
        hid.reports_mut().push_stale(stale);
    }
    let outcome = run(&mut hid, &ticks, &echo(10), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(echoed(&echo(10))));
    assert_eq!(outcome.events, []);
}

#[test]
fn peer_bug_2_foreign_channels_are_skipped_at_every_position() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    hid.reports_mut().faults.before_each_report = foreign_traffic();
    let message = echo(1000);
    assert_eq!(transact(&mut hid, &ticks, &message), Ok(echoed(&message)));
    let outcome = run(&mut hid, &ticks, &keepalives(&[1, 2], 5), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(vec![0]));
    assert_eq!(
        outcome.events,
        [ProgressEvent::Processing, ProgressEvent::TouchNeeded]
    );
}

#[test]
fn peer_bug_2_foreign_traffic_never_extends_the_deadline() {
    let (_, ticks) = device();
    for report in foreign_traffic() {
        let reports = Endless {
            ticks: &ticks,
            report,
            written: 0,
        };
        let mut hid = HidTransport::new(reports, Counter, Interface::Fido);
        let outcome = run(&mut hid, &ticks, &[4], SECOND, &NeverCancel);
        assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
        assert!(
            outcome.took <= SECOND + Duration::from_millis(102),
            "{:?}",
            outcome.took
        );
    }
}

#[test]
fn peer_bug_3_sequence_0x3b_is_no_keepalive() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    for continuations in [59, 60, 61, 100, 128] {
        let length = 57 + 59 * continuations;
        assert_eq!(
            transact(&mut hid, &ticks, &answer_of(length)),
            Ok(pattern(length as usize))
        );
    }
}

/// Sends one message on channel 9 and hands over the machine, which waits for its answer.
fn awaiting_answer() -> CtapHidMachine<'static> {
    let mut machine = CtapHidMachine::new(64, Some(9), [7; 8], &[4], SECOND);
    assert!(matches!(machine.on_time(Duration::ZERO), Step::Send(_)));
    machine
}

fn feed(machine: &mut CtapHidMachine<'_>, report: &[u8]) -> Step {
    machine.on_bytes(Duration::ZERO, report)
}

#[test]
fn peer_bug_3_init_packet_in_a_continuations_place() {
    let answer = vec![0; 200];
    for command in [command::CBOR, command::INIT, command::PING] {
        let mut machine = awaiting_answer();
        assert!(matches!(
            feed(&mut machine, &report(9, command::CBOR, &answer)),
            Step::WaitUntil(_)
        ));
        let step = feed(&mut machine, &report(9, command, &answer));
        assert!(matches!(step, Step::Failed(TransportError::Framing { .. })));
        assert_eq!(machine.channel(), None);
    }
}

// M-transports-8
#[test]
fn sequence_must_rise_by_one() {
    let answer = vec![0; 300];
    let part = |index| packet(9, command::CBOR, &answer, index, 64).unwrap();
    for (second, third) in [(1, 1), (2, 3), (1, 3)] {
        let mut machine = awaiting_answer();
        feed(&mut machine, &part(0));
        let mut step = feed(&mut machine, &part(second));
        if second == 1 {
            step = feed(&mut machine, &part(third));
        }
        assert!(
            matches!(step, Step::Failed(TransportError::Framing { .. })),
            "{second} {third}"
        );
    }
    let mut machine = awaiting_answer();
    assert!(matches!(
        feed(&mut machine, &part(1)),
        Step::Failed(TransportError::Framing { .. })
    ));
}

#[test]
fn peer_bug_4_abandoned_at_every_step_then_clean() {
    let message = keepalives(&[1, 2, 2, 2], 200);
    let (mut cancelled, mut cancels) = (0, 0);
    for look in 0.. {
        let (device, ticks) = device();
        let mut hid = hid_of(&device);
        let cancel = CancelAtLook::new(look);
        let outcome = run(&mut hid, &ticks, &message, 2 * SECOND, &cancel);
        if outcome.result.is_ok() {
            // The answer was there before the cancel.
            assert_eq!(device.with(|handler| handler.done.len()), 1);
            assert_eq!(count_cancels(&hid), 0);
            if cancel.struck() {
                continue;
            }
            break;
        }
        assert_eq!(outcome.result, Err(TransportError::Cancelled), "look {look}");
        assert!(outcome.took < SECOND, "look {look}");
        assert!(count_cancels(&hid) <= 1);
        cancels += count_cancels(&hid);
        cancelled += 1;
        assert!(!device.is_busy(), "look {look}");
        assert_eq!(device.with(|handler| handler.done.len()), 0, "look {look}");
        let inits = commands(&hid).iter().filter(|c| **c == command::INIT).count();
        assert_clean(&mut hid, &ticks);
        let again = commands(&hid).iter().filter(|c| **c == command::INIT).count();
        if count_cancels(&hid) == 1 {
            assert_eq!((inits, again), (1, 1), "the channel is kept, look {look}");
        }
    }
    assert!(cancelled > 10 && cancels > 3, "{cancelled} {cancels}");
}

#[test]
fn peer_bug_4_device_that_ignores_cancel() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    device.set_faults(DeviceFaults {
        latency: 5 * SECOND,
        ..DeviceFaults::default()
    });
    let outcome = run(&mut hid, &ticks, &echo(9), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
    assert_eq!(count_cancels(&hid), 1);
    device.set_faults(DeviceFaults::default());
    // Its answer to the old message comes now, on the old channel, while it is busy.
    let message = echo(77);
    let outcome = run(&mut hid, &ticks, &message, 10 * SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(echoed(&message)));
}

// M-transports-12
#[test]
fn peer_bug_5_answer_to_cancel_means_cancelled() {
    let mut machine = awaiting_answer();
    machine.cancel(Duration::ZERO);
    assert!(matches!(machine.on_time(Duration::ZERO), Step::Send(_)));
    let step = feed(&mut machine, &report(9, command::CBOR, &[0x2D]));
    assert!(matches!(step, Step::Failed(TransportError::Cancelled)));
    // Without a cancel of ours it is what the device answered.
    let mut machine = awaiting_answer();
    let step = feed(&mut machine, &report(9, command::CBOR, &[0x2D]));
    assert!(matches!(step, Step::Done(answer) if answer == [0x2D]));
    // An answer that crossed the cancel is not lost.
    let mut machine = awaiting_answer();
    machine.cancel(Duration::ZERO);
    assert!(matches!(machine.on_time(Duration::ZERO), Step::Send(_)));
    let step = feed(&mut machine, &report(9, command::CBOR, &[0, 5]));
    assert!(matches!(step, Step::Done(answer) if answer == [0, 5]));
}

// M-transports-4
#[test]
fn peer_bug_6_another_channel_works_at_once_after_cancel() {
    let (device, ticks) = device();
    let (mut one, mut other) = (hid_of(&device), hid_of(&device));
    assert_clean(&mut other, &ticks);
    let outcome = run(&mut one, &ticks, ENDLESS, 30 * SECOND, &CancelAtLook::new(20));
    assert_eq!(outcome.result, Err(TransportError::Cancelled));
    let outcome = run(
        &mut other,
        &ticks,
        &echo(4),
        Duration::from_millis(50),
        &NeverCancel,
    );
    assert_eq!(outcome.result, Ok(echoed(&echo(4))));
}

#[test]
fn peer_bugs_7_and_8_reports_have_the_devices_size() {
    for size in [62, 64, 512] {
        let (device, ticks) = device();
        device.set_report_size(size);
        let mut hid = hid_of(&device);
        let most = ctaphid::max_message_size(size);
        for length in [2, size - 8, size - 7, size - 6, most - 1] {
            let message = echo(length);
            assert_eq!(
                transact(&mut hid, &ticks, &message),
                Ok(echoed(&message)),
                "{size} {length}"
            );
        }
        assert_eq!(
            transact(&mut hid, &ticks, &echo(most + 1)),
            Err(TransportError::MessageTooLarge)
        );
        assert!(hid.reports().written().iter().all(|report| report.len() == size));
    }
}

// M-transports-7
#[test]
fn peer_bug_9_largest_message_and_one_more() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    let message = {
        let mut message = answer_of(7609);
        message.resize(7609, 0);
        message
    };
    assert_eq!(transact(&mut hid, &ticks, &message), Ok(pattern(7609)));
    let packets = hid.reports().packets();
    assert_eq!(hid.statistics().sent, 1 + 129);
    assert_eq!(hid.statistics().bytes_received, 64 * (1 + 129));
    assert_eq!(
        transact(&mut hid, &ticks, &echo(7610)),
        Err(TransportError::MessageTooLarge)
    );
    assert_eq!(hid.reports().packets(), packets, "nothing is sent");
    assert_clean(&mut hid, &ticks);

    let mut claims_more = report(9, command::CBOR, &[0]);
    claims_more[5..7].copy_from_slice(&7610u16.to_be_bytes());
    let step = feed(&mut awaiting_answer(), &claims_more);
    assert!(matches!(step, Step::Failed(TransportError::Framing { .. })));
}

#[test]
fn peer_bug_10_init_flood() {
    let (device, ticks) = device();
    let mut flood = device.hid(Interface::Fido);
    for nonce in 0..100_000u64 {
        flood
            .write_report(&report(
                ctaphid::BROADCAST_CHANNEL,
                command::INIT,
                &nonce.to_be_bytes(),
            ))
            .unwrap();
    }
    let mut buffer = [0; 64];
    let kept = std::iter::repeat_with(|| flood.read_report(&mut buffer, Duration::ZERO).unwrap())
        .take_while(|length| *length > 0)
        .count();
    assert!(kept <= 1024, "{kept} answers are kept");
    assert_clean(&mut hid_of(&device), &ticks);
}

#[test]
fn peer_bug_11_each_status_is_passed_on_once() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    let message = keepalives(&[1, 1, 2, 2, 2, 1, 7, 7], 20);
    let outcome = run(&mut hid, &ticks, &message, 2 * SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(vec![0]));
    assert_eq!(
        outcome.events,
        [
            ProgressEvent::Processing,
            ProgressEvent::TouchNeeded,
            ProgressEvent::Processing,
            ProgressEvent::Status(7)
        ]
    );
    assert!(outcome.took >= Duration::from_millis(800));
}

// M-transports-11
#[test]
fn peer_bug_11_endless_processing_ends_at_the_deadline_with_one_cancel() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    let outcome = run(&mut hid, &ticks, ENDLESS_PROCESSING, 2 * SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
    assert_eq!(outcome.events, [ProgressEvent::Processing]);
    assert!(outcome.took <= Duration::from_millis(2100), "{:?}", outcome.took);
    assert_eq!(count_cancels(&hid), 1);
    assert!(!device.is_busy());
    assert_clean(&mut hid, &ticks);
}

#[test]
fn cancel_is_seen_within_100_ms() {
    struct At<'a>(&'a fido_unlock_mock::TestTicks, Duration);
    impl fido_unlock::host::ports::Cancel for At<'_> {
        fn is_cancelled(&self) -> bool {
            fido_unlock::host::ports::Ticks::now(self.0) >= self.1
        }
    }
    let (device, ticks) = device();
    device.set_faults(DeviceFaults {
        silent: true,
        ..DeviceFaults::default()
    });
    let mut hid = hid_of(&device);
    let outcome = run(&mut hid, &ticks, ENDLESS, 30 * SECOND, &At(&ticks, SECOND));
    assert_eq!(outcome.result, Err(TransportError::Cancelled));
    assert!(outcome.took <= Duration::from_millis(1600), "{:?}", outcome.took);
}

// M-transports-13
#[test]
fn busy_device_is_asked_again_until_the_deadline() {
    let (device, ticks) = device();
    let (mut one, mut other) = (hid_of(&device), hid_of(&device));
    assert_clean(&mut other, &ticks);
    assert_clean(&mut one, &ticks);
    // One program asks for a touch and dies; nobody cancels.
    let mut raw = device.hid(Interface::Fido);
    raw.write_report(&report(1, command::CBOR, &keepalives(&[2; 10], 40)))
        .unwrap();
    assert!(device.is_busy());
    let outcome = run(
        &mut one,
        &ticks,
        &echo(200),
        Duration::from_millis(500),
        &NeverCancel,
    );
    assert_eq!(outcome.result, Err(TransportError::Busy));
    let outcome = run(&mut one, &ticks, &echo(200), 2 * SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(echoed(&echo(200))));
    drop(other);
}

// M-transports-2 M-transports-3
#[test]
fn one_command_at_a_time_over_both_interfaces_and_cancel_reaches_its_own() {
    let (device, ticks) = device();
    let mut vendor = HidTransport::new(device.hid(Interface::Vendor), Counter, Interface::Vendor);
    assert_eq!(vendor.interface(), Interface::Vendor);
    assert_clean(&mut vendor, &ticks);
    let mut fido = device.hid(Interface::Fido);
    fido.write_report(&report(ctaphid::BROADCAST_CHANNEL, command::INIT, &[1; 8]))
        .unwrap();
    fido.write_report(&report(1, command::CBOR, ENDLESS)).unwrap();
    let outcome = run(&mut vendor, &ticks, &echo(5), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::Busy));
    assert!(device.is_busy(), "the other interface's message still runs");
    fido.write_report(&report(1, command::CANCEL, &[])).unwrap();
    assert!(!device.is_busy());
    assert_clean(&mut vendor, &ticks);
}

#[test]
fn vendor_interface_knows_one_command() {
    let (device, ticks) = device();
    let mut vendor = HidTransport::new(device.hid(Interface::Vendor), Counter, Interface::Vendor);
    for message in [&[0x04][..], &[0x06, 0xA0], &[0x07], &[0x41]] {
        assert_eq!(transact(&mut vendor, &ticks, message), Ok(vec![0x01]));
    }
    assert_eq!(device.with(|handler| handler.done.len()), 0);
    assert_clean(&mut vendor, &ticks);
}

#[test]
fn removal_at_every_packet() {
    let message = keepalives(&[1, 2], 200);
    let mut removals = 0;
    for at in 0.. {
        let (device, ticks) = device();
        let mut hid = hid_of(&device);
        hid.reports_mut().faults.gone_at = Some(at);
        let result = transact(&mut hid, &ticks, &message);
        if result.is_ok() {
            break;
        }
        assert_eq!(result, Err(TransportError::Gone), "packet {at}");
        assert_eq!(transact(&mut hid, &ticks, &message), Err(TransportError::Gone));
        assert_eq!(device.with(|handler| handler.power_cycles), 1);
        assert_clean(&mut hid_of(&device), &ticks);
        removals += 1;
    }
    assert_eq!(
        removals,
        2 + 4 + 3,
        "INIT both ways, four packets, two keep-alives and the answer"
    );
}

#[test]
fn removal_before_and_after_a_message_is_handled() {
    for (faults, handled) in [
        (
            DeviceFaults {
                remove_before_message: Some(1),
                ..DeviceFaults::default()
            },
            1,
        ),
        (
            DeviceFaults {
                remove_after_message: Some(1),
                ..DeviceFaults::default()
            },
            2,
        ),
    ] {
        let (device, ticks) = device();
        let mut hid = hid_of(&device);
        device.set_faults(faults);
        assert_clean(&mut hid, &ticks);
        assert_eq!(transact(&mut hid, &ticks, &echo(9)), Err(TransportError::Gone));
        assert_eq!(device.with(|handler| handler.done.len()), handled);
    }
}

#[test]
fn loss_of_every_packet_ends_by_the_deadline_and_leaves_the_handle_usable() {
    let message = {
        let mut message = answer_of(150);
        message.resize(150, 0);
        message
    };
    let mut lost = 0;
    for at in 0.. {
        let (device, ticks) = device();
        let mut hid = hid_of(&device);
        hid.reports_mut().faults.lose_at = Some(at);
        let outcome = run(&mut hid, &ticks, &message, SECOND, &NeverCancel);
        if outcome.result.is_ok() {
            break;
        }
        assert!(
            outcome.took <= Duration::from_millis(1101),
            "packet {at}: {:?}",
            outcome.took
        );
        assert_clean(&mut hid, &ticks);
        lost += 1;
    }
    assert_eq!(lost, 2 + 3 + 3);
}

// M-transports-14
#[test]
fn device_that_restarted_gets_a_new_channel() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    assert_clean(&mut hid, &ticks);
    device.reset_card();
    assert_clean(&mut hid, &ticks);
    assert_eq!(commands(&hid).iter().filter(|c| **c == command::INIT).count(), 2);
}

#[test]
fn handler_that_panics_is_an_error_of_the_device() {
    let (device, ticks) = device();
    let mut hid = hid_of(&device);
    assert_eq!(transact(&mut hid, &ticks, PANIC), Ok(vec![0x7F]));
    assert_clean(&mut hid, &ticks);
}

// M-transports-9
#[test]
fn device_answers_errors_of_the_framing() {
    let (device, _) = device();
    let mut hid = device.hid(Interface::Fido);
    let mut ask = |reports: &[Vec<u8>]| {
        for report in reports {
            hid.write_report(report).unwrap();
        }
        let mut buffer = [0; 64];
        let length = hid.read_report(&mut buffer, SECOND).unwrap();
        (buffer[4] & 0x7F, buffer[7], length)
    };
    let error = |code| (command::ERROR, code, 64);
    let long = vec![0; 200];
    let part = |index| packet(1, command::CBOR, &long, index, 64).unwrap().to_vec();
    let mut too_long = report(1, command::CBOR, &[0]);
    too_long[5..7].copy_from_slice(&7610u16.to_be_bytes());

    assert_eq!(
        ask(&[report(1, command::PING, &[5])]),
        error(error_code::INVALID_CHANNEL)
    );
    assert_eq!(
        ask(&[report(ctaphid::BROADCAST_CHANNEL, command::INIT, &[1; 7])]),
        error(error_code::INVALID_LEN)
    );
    assert_eq!(
        ask(&[report(ctaphid::BROADCAST_CHANNEL, command::INIT, &[1; 8])]).0,
        command::INIT
    );
    assert_eq!(ask(&[report(1, command::PING, &[5])]), (command::PING, 5, 64));
    assert_eq!(ask(&[report(1, command::WINK, &[])]).0, command::WINK);
    assert_eq!(
        ask(&[report(1, command::MSG, &[0])]),
        error(error_code::INVALID_CMD)
    );
    assert_eq!(
        ask(&[report(1, command::CBOR, &[])]),
        error(error_code::INVALID_LEN)
    );
    assert_eq!(ask(&[too_long]), error(error_code::INVALID_LEN));
    assert_eq!(ask(&[part(0), part(2)]), error(error_code::INVALID_SEQ));
    assert_eq!(
        ask(&[part(0), report(1, command::PING, &[5])]),
        error(error_code::INVALID_SEQ)
    );
    assert_eq!(ask(&[part(0)]), error(error_code::MSG_TIMEOUT));
    // INIT on the own channel makes the device forget what was half sent.
    assert_eq!(
        ask(&[part(0), report(1, command::INIT, &[2; 8])]).0,
        command::INIT
    );
    assert_eq!(ask(&[report(1, command::PING, &[6])]), (command::PING, 6, 64));
}

#[test]
fn a_pause_between_two_packets_is_borne_for_as_long_as_was_set() {
    for (patience, borne) in [(None, false), (Some(30 * SECOND), true)] {
        let (device, ticks) = device();
        if let Some(patience) = patience {
            device.set_receive_timeout(patience);
        }
        let mut hid = device.hid(Interface::Fido);
        let mut send = |report: Vec<u8>| hid.write_report(&report).unwrap();
        send(report(ctaphid::BROADCAST_CHANNEL, command::INIT, &[1; 8]));
        let long = vec![0; 100];
        let part = |index| packet(1, command::PING, &long, index, 64).unwrap().to_vec();
        send(part(0));
        ticks.advance(29 * SECOND);
        send(part(1));
        let mut buffer = [0; 64];
        let mut answer = || {
            hid.read_report(&mut buffer, SECOND).unwrap();
            buffer[4] & 0x7F
        };
        assert_eq!(answer(), command::INIT);
        assert_eq!(answer() == command::PING, borne);
    }
}

#[test]
fn the_systems_clock_serves_too() {
    let ticks = fido_unlock::host::ports::SystemTicks::new();
    let device = fido_unlock_mock::framing::Device::new(Scripted::default(), ticks);
    let mut hid = hid_of(&device);
    let mut nfc = nfc_of(&device);
    let mut events = 0;
    let mut progress = |_: ProgressEvent| events += 1;
    let mut call = Call::new(&ticks, 30 * SECOND, &NeverCancel, &mut progress);
    assert_eq!(hid.transact(&keepalives(&[2], 5), &mut call), Ok(vec![0]));
    assert_eq!(nfc.transact(&keepalives(&[2], 5), &mut call), Ok(vec![0]));
    assert_eq!(events, 2);
}
