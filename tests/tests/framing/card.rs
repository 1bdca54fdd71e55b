use std::time::Duration;

use fido_unlock::host::framing::nfc::{CardMemory, FIDO_AID, VENDOR_AID};
use fido_unlock::host::framing::{Interface, NfcTransport};
use fido_unlock::host::ports::{
    ApduChannel, Call, NeverCancel, NoProgress, ProgressEvent, Ticks, Transport, TransportError,
};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{CardFaults, DeviceFaults};

use super::support::*;

const SELECT: [u8; 3] = [0x00, 0xA4, 4];
const MSG: [u8; 3] = [0x80, 0x10, 0x80];
const POLL: [u8; 3] = [0x80, 0x11, 0];
const CANCEL: [u8; 3] = [0x80, 0x11, 0x11];

fn nfc_with(faults: CardFaults) -> (Nfc, TestTicks, fido_unlock_mock::framing::Device<Scripted>) {
    let (device, ticks) = device();
    let mut channel = device.card();
    channel.faults = faults;
    (NfcTransport::new(channel, Interface::Vendor), ticks, device)
}

/// SELECT by AID, with Le = 0.
fn select(aid: &[u8]) -> Vec<u8> {
    [&[0x00, 0xA4, 4, 0, aid.len() as u8][..], aid, &[0]].concat()
}

fn connect(nfc: &mut Nfc, ticks: &TestTicks) -> Result<Interface, TransportError> {
    nfc.connect(&mut Call::new(ticks, SECOND, &NeverCancel, &mut NoProgress))
}

// M-transports-5
#[test]
fn which_applet_answers() {
    let (mut nfc, ticks, device) = nfc_with(CardFaults::default());
    assert_eq!(connect(&mut nfc, &ticks), Ok(Interface::Vendor));
    assert_eq!(nfc.interface(), Interface::Vendor);
    assert_eq!(
        transact(&mut nfc, &ticks, &[0x04]),
        Ok(vec![0x01]),
        "the unlock applet knows one command"
    );
    assert_clean(&mut nfc, &ticks);
    assert_eq!(nfc.channel().sent()[0][5..17], VENDOR_AID);

    let mut fido = NfcTransport::new(device.card(), Interface::Fido);
    assert_clean(&mut fido, &ticks);
    assert_eq!(fido.interface(), Interface::Fido);
    assert_eq!(fido.channel().sent()[0][5..13], FIDO_AID);

    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        without: vec![Interface::Vendor],
        ..CardFaults::default()
    });
    assert_eq!(connect(&mut nfc, &ticks), Ok(Interface::Fido));
    assert_clean(&mut nfc, &ticks);

    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        without: vec![Interface::Vendor, Interface::Fido],
        ..CardFaults::default()
    });
    assert_eq!(connect(&mut nfc, &ticks), Err(TransportError::AppletMissing));
    assert_eq!(
        transact(&mut nfc, &ticks, &echo(5)),
        Err(TransportError::AppletMissing)
    );
}

#[test]
fn peer_bug_12_more_data_on_select() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        more_data_on_select: true,
        ..CardFaults::default()
    });
    assert_eq!(connect(&mut nfc, &ticks), Ok(Interface::Vendor));
    assert_eq!(apdu_heads(&nfc), [SELECT, [0x00, 0xC0, 0]]);
    assert_clean(&mut nfc, &ticks);
}

// M-transports-20
#[test]
fn peer_bug_13_get_response_brings_something_or_fails() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        endless_more_data: true,
        ..CardFaults::default()
    });
    let result = transact(&mut nfc, &ticks, &answer_of(1000));
    assert!(
        matches!(result, Err(TransportError::Framing { .. })),
        "{result:?}"
    );
    assert!(nfc.channel().apdus() < 5);
    nfc.channel_mut().faults = CardFaults::default();
    assert_clean(&mut nfc, &ticks);
}

// M-transports-18 M-transports-19
#[test]
fn peer_bug_14_class_of_get_response() {
    for class in [0x00, 0x80] {
        let (mut nfc, ticks, _) = nfc_with(CardFaults {
            get_response_class: Some(class),
            ..CardFaults::default()
        });
        for _ in 0..2 {
            assert_eq!(transact(&mut nfc, &ticks, &answer_of(1000)), Ok(pattern(1000)));
        }
        let tries = apdu_heads(&nfc)
            .iter()
            .filter(|head| **head == [0x00, 0xC0, 0])
            .count();
        assert_eq!(tries, if class == 0 { 6 } else { 1 }, "what was learnt is kept");
    }
    let (mut nfc, ticks, device) = nfc_with(CardFaults {
        get_response_class: Some(0x40),
        ..CardFaults::default()
    });
    let refused = TransportError::Refused {
        origin: "SW",
        value: 0x6E00,
    };
    assert_eq!(transact(&mut nfc, &ticks, &answer_of(1000)), Err(refused));
    assert_eq!(device.messages(), 1, "what was carried out is not sent again");
}

#[test]
fn peer_bug_15_keepalives() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults::default());
    let outcome = run(
        &mut nfc,
        &ticks,
        &keepalives(&[1, 1, 2, 2, 2], 30),
        2 * SECOND,
        &NeverCancel,
    );
    assert_eq!(outcome.result, Ok(vec![0]));
    assert_eq!(
        outcome.events,
        [ProgressEvent::Processing, ProgressEvent::TouchNeeded]
    );
    assert_eq!(apdu_heads(&nfc), [SELECT, MSG, POLL, POLL, POLL, POLL, POLL]);
    assert!(outcome.took >= Duration::from_millis(500), "polled with pauses");
    let select = &nfc.channel().sent()[0];
    assert_eq!(select.len(), 5 + VENDOR_AID.len() + 1, "SELECT has Le");
}

// M-transports-22 M-transports-23
#[test]
fn peer_bug_15_card_that_knows_no_keepalive() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        refuse_p1: true,
        ..CardFaults::default()
    });
    let outcome = run(
        &mut nfc,
        &ticks,
        &keepalives(&[2, 2], 30),
        2 * SECOND,
        &NeverCancel,
    );
    assert_eq!(outcome.result, Ok(vec![0]));
    assert_eq!(apdu_heads(&nfc), [SELECT, MSG, [0x80, 0x10, 0]]);
    assert_clean(&mut nfc, &ticks);
}

/// A device gives 6A86 to every P1 and P2 but the table's, and does nothing.
// M-transports-6
#[test]
fn other_parameters_than_the_table_s_are_refused() {
    let (device, _) = device();
    let mut card = device.card();
    let mut status = |apdu: &[u8]| {
        let answer = card.transmit(apdu, SECOND).unwrap();
        u16::from_be_bytes(answer[answer.len() - 2..].try_into().unwrap())
    };
    let select = |p1, p2| [&[0, 0xA4, p1, p2, 12], &VENDOR_AID[..], &[0]].concat();
    for (p1, p2) in [(0, 0), (4, 0x0C), (4, 1)] {
        assert_eq!(status(&select(p1, p2)), 0x6A86, "{p1:02x} {p2:02x}");
    }
    assert_eq!(status(&select(4, 0)), 0x9000);
    for (class, p1, p2, expected) in [
        (0x80, 0x40, 0x00, 0x6A86),
        (0x80, 0x80, 0x01, 0x6A86),
        (0x80, 0x00, 0x80, 0x6A86),
        (0x90, 0x01, 0x00, 0x6A86),
        (0x80, 0x80, 0x00, 0x9000),
        (0x80, 0x00, 0x00, 0x9000),
    ] {
        let message = [&[class, 0x10, p1, p2, 1], &[0x04][..], &[0]].concat();
        assert_eq!(status(&message), expected, "{class:02x} {p1:02x} {p2:02x}");
    }
    assert_eq!(status(&[0x80, 0x11, 0x01, 0, 0]), 0x6A86);
    assert_eq!(status(&[0x80, 0x11, 0x00, 1, 0]), 0x6A86);
}

#[test]
fn peer_bug_15_abandoned_at_every_step_then_clean() {
    for refuse_extended in [None, Some(0x6700)] {
        let message = keepalives(&[1, 2, 2, 2], 600);
        let (mut cancelled, mut cancels) = (0, 0);
        for look in 0.. {
            let (mut nfc, ticks, device) = nfc_with(CardFaults {
                refuse_extended,
                ..CardFaults::default()
            });
            let cancel = CancelAtLook::new(look);
            let outcome = run(&mut nfc, &ticks, &message, 2 * SECOND, &cancel);
            if outcome.result.is_ok() {
                assert_eq!(device.with(|handler| handler.done.len()), 1);
                if cancel.struck() {
                    continue;
                }
                break;
            }
            assert_eq!(outcome.result, Err(TransportError::Cancelled), "look {look}");
            assert!(outcome.took < SECOND, "look {look}");
            let sent = apdu_heads(&nfc).iter().filter(|head| **head == CANCEL).count();
            assert!(sent <= 1);
            cancels += sent;
            cancelled += 1;
            assert!(!nfc.channel().is_in_transaction());
            assert!(!device.is_busy(), "look {look}");
            assert_eq!(device.with(|handler| handler.done.len()), 0, "look {look}");
            assert_clean(&mut nfc, &ticks);
        }
        assert!(cancelled > 8 && cancels > 3, "{cancelled} {cancels}");
    }
}

#[test]
fn endless_keepalives_end_at_the_deadline_with_one_cancel() {
    let (mut nfc, ticks, device) = nfc_with(CardFaults::default());
    let outcome = run(&mut nfc, &ticks, ENDLESS, 2 * SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
    assert_eq!(outcome.events, [ProgressEvent::TouchNeeded]);
    assert!(outcome.took <= Duration::from_millis(2200), "{:?}", outcome.took);
    assert_eq!(apdu_heads(&nfc).iter().filter(|head| **head == CANCEL).count(), 1);
    assert!(!device.is_busy());
    assert_clean(&mut nfc, &ticks);
}

#[test]
fn peer_bug_15_card_that_ignores_the_cancel_is_told_once() {
    let ticks = TestTicks::new();
    let mut answers: Vec<&[u8]> = vec![b"\x02\x91\x00"; 60];
    answers[0] = b"U2F_V2\x90\x00";
    let card = ScriptedCard {
        answers,
        asked: Vec::new(),
    };
    let mut nfc = NfcTransport::new(card, Interface::Fido);
    let outcome = run(&mut nfc, &ticks, &echo(5), 30 * SECOND, &CancelAtLook::new(8));
    assert_eq!(outcome.result, Err(TransportError::Cancelled));
    let asked = &nfc.channel().asked;
    let cancels = asked.iter().filter(|(apdu, _)| apdu[..3] == CANCEL).count();
    assert_eq!(cancels, 1);
    assert!(
        (5..12).contains(&asked.len()),
        "polled on for half a second: {}",
        asked.len()
    );
}

#[test]
fn a_card_that_does_not_answer_is_left_soon_after_the_cancel() {
    for (was_reset, latest) in [(false, 1600), (true, 1100)] {
        let ticks = TestTicks::new();
        let ticks = &ticks;
        let mut nfc = NfcTransport::new(DeafCard { ticks, was_reset }, Interface::Vendor);
        let cancel = CancelAt { ticks, at: SECOND };
        let mut progress = NoProgress;
        let mut call = Call::new(ticks, 30 * SECOND, &cancel, &mut progress);
        assert_eq!(
            nfc.transact(&echo(5), &mut call),
            Err(TransportError::Cancelled),
            "{was_reset}"
        );
        let over = ticks.now();
        assert!(
            (SECOND..=Duration::from_millis(latest)).contains(&over),
            "{over:?}"
        );
        // A card that may still answer, and be told of the cancel, is given a moment.
        assert!(was_reset || over >= Duration::from_millis(1500), "{over:?}");
    }
}

// M-transports-16
#[test]
fn cancel_inside_a_chain_sends_nothing_more_and_the_chain_is_forgotten() {
    for short_reader in [false, true] {
        let mut stopped = 0;
        for look in 0.. {
            let (mut nfc, ticks, device) = nfc_with(CardFaults {
                refuse_extended: Some(0x6700),
                short_reader,
                ..CardFaults::default()
            });
            let result = run(&mut nfc, &ticks, &echo(1000), SECOND, &CancelAtLook::new(look)).result;
            if result.is_ok() {
                break;
            }
            assert_eq!(result, Err(TransportError::Cancelled));
            assert_eq!(device.messages(), 0, "look {look}");
            let chained = apdu_heads(&nfc).iter().filter(|head| head[0] == 0x90).count();
            stopped += usize::from(chained > 0);
            assert_clean(&mut nfc, &ticks);
        }
        assert_eq!(stopped, 3, "after each part but the last");
    }
}

// M-transports-15
#[test]
fn peer_bug_16_lengths_both_ways() {
    let extended = CardFaults::default();
    let refusing = |status| CardFaults {
        refuse_extended: Some(status),
        ..CardFaults::default()
    };
    let short_reader = CardFaults {
        short_reader: true,
        ..refusing(0x6700)
    };
    let exact = CardFaults {
        exact_le: true,
        ..CardFaults::default()
    };
    let exact_short = CardFaults {
        exact_le: true,
        ..refusing(0x6700)
    };
    for faults in [
        extended,
        refusing(0x6700),
        refusing(0x6E00),
        refusing(0x6881),
        short_reader,
        exact,
        exact_short,
    ] {
        let (mut nfc, ticks, device) = nfc_with(faults.clone());
        for length in [2, 200, 254, 255, 256, 257, 510, 511, 65_535] {
            let mut message = answer_of(1);
            message.resize(length.max(6), 0);
            assert_eq!(
                transact(&mut nfc, &ticks, &message),
                Ok(vec![0]),
                "{length} out, {faults:?}"
            );
            assert!(
                device.with(|handler| handler.done.pop().unwrap() == message),
                "{length}, {faults:?}"
            );
        }
        for length in [1, 2, 254, 255, 256, 257, 512, 513, 65_535] {
            for padding in [6, 300] {
                let mut message = answer_of(length);
                message.resize(padding, 0);
                let answer = transact(&mut nfc, &ticks, &message);
                assert!(
                    answer == Ok(pattern(length as usize)),
                    "{length} back, {faults:?}"
                );
            }
        }
        assert_eq!(
            nfc.memory().extended_length,
            faults.refuse_extended.is_none() && !faults.short_reader
        );
        let refused = nfc
            .channel()
            .sent()
            .iter()
            .filter(|apdu| apdu.len() > 261)
            .count();
        if faults.refuse_extended.is_some() {
            assert!(refused <= 1, "extended length is tried once");
        }
        assert_eq!(
            transact(&mut nfc, &ticks, &vec![0x55; 65_536]),
            Err(TransportError::MessageTooLarge)
        );
    }
}

/// yubikit repeats the request's data in each NFCCTAP_GETRESPONSE, so that a long request polls in chained parts.
#[test]
fn a_poll_in_parts_is_carried_out_with_its_last_part() {
    let (device, ticks) = device();
    let mut card = device.card();
    let mut ask = |apdu: &[u8]| card.transmit(apdu, SECOND).unwrap();
    assert!(ask(&select(&FIDO_AID)).ends_with(&[0x90, 0x00]));
    let message = keepalives(&[2], 300);
    let parts = |instruction: u8, p1: u8| {
        let (first, rest) = message.split_at(255);
        let begun = [&[0x90, instruction, p1, 0, 255][..], first].concat();
        let last = [&[0x80, instruction, p1, 0, 45][..], rest, &[0]].concat();
        [begun, last]
    };
    let [begun, last] = parts(0x10, 0x80);
    assert_eq!(ask(&begun), [0x90, 0x00]);
    assert_eq!(ask(&last), [2, 0x91, 0x00]);
    let [begun, last] = parts(0x11, 0);
    for _ in 0..2 {
        assert_eq!(ask(&begun), [0x90, 0x00]);
        assert_eq!(ask(&last), [2, 0x91, 0x00], "not due yet");
    }
    ticks.advance(Duration::from_millis(100));
    assert_eq!(ask(&begun), [0x90, 0x00], "nor the answer to a part");
    assert_eq!(ask(&last), [0, 0x90, 0x00]);
    assert!(device.with(|handler| handler.done == [message.clone()]));
    // A cancel in parts is one, too; and what is not known is refused at its first part.
    assert_eq!(ask(&[0x80, 0x10, 0x80, 0, 3, 0x55, 3, 2, 0]), [2, 0x91, 0x00]);
    let [begun, last] = parts(0x11, 0x11);
    assert_eq!(ask(&begun), [0x90, 0x00]);
    assert!(device.is_busy());
    assert_eq!(ask(&last), [0x2D, 0x90, 0x00]);
    for (unknown, status) in [(parts(0x11, 0x12), 0x6A86_u16), (parts(0x12, 0), 0x6D00)] {
        assert_eq!(ask(&unknown[0]), status.to_be_bytes());
    }
}

/// Nor does our own host make a card guess: a poll is one APDU without data, however long the request was.
#[test]
fn a_long_request_is_polled_without_its_data() {
    for short_reader in [false, true] {
        let (mut nfc, ticks, _) = nfc_with(CardFaults {
            short_reader,
            ..CardFaults::default()
        });
        let outcome = run(
            &mut nfc,
            &ticks,
            &keepalives(&[1, 2, 1], 300),
            SECOND,
            &NeverCancel,
        );
        assert_eq!(outcome.result, Ok(vec![0]));
        let polls: Vec<&Vec<u8>> = nfc
            .channel()
            .sent()
            .iter()
            .filter(|apdu| apdu[1] == 0x11)
            .collect();
        assert_eq!(polls.len(), 3);
        assert!(
            polls.iter().all(|poll| poll[..] == [0x80, 0x11, 0, 0, 0]),
            "{polls:02x?}"
        );
    }
}

/// What a card that is asked without Le says: `data_without_le` has it give its data all the same.
#[test]
fn a_command_without_le() {
    for data_without_le in [false, true] {
        let (device, _) = device();
        let mut card = device.card();
        card.faults.data_without_le = data_without_le;
        let mut ask = |apdu: &[u8]| card.transmit(apdu, SECOND).unwrap();
        let without = |apdu: Vec<u8>| apdu[..apdu.len() - 1].to_vec();
        // SELECT gives its data, as the FIDO NFC protocol shows it.
        assert_eq!(ask(&without(select(&VENDOR_AID))), b"FIDO_UNLOCK_1\x90\x00");
        assert_eq!(ask(&without(select(&FIDO_AID))), b"FIDO_2_0\x90\x00");
        let message = answer_of(10);
        let command = [&[0x80, 0x10, 0, 0, 6][..], &message[..]].concat();
        let whole = [&pattern(10)[..], &[0x90, 0x00]].concat();
        if data_without_le {
            assert_eq!(ask(&command), whole);
            // 256 bytes at most, as for Le = 0.
            let command = [&[0x80, 0x10, 0, 0, 6][..], &answer_of(300)[..]].concat();
            assert_eq!(ask(&command), [&pattern(300)[..256], &[0x61, 44]].concat());
            assert_eq!(
                ask(&[0, 0xC0, 0, 0, 44]),
                [&pattern(300)[256..], &[0x90, 0x00]].concat()
            );
        } else {
            assert_eq!(ask(&command), [0x61, 10]);
            assert_eq!(ask(&[0, 0xC0, 0, 0, 10]), whole);
        }
    }
}

/// The same card with our own host, whose Le a driver for T=0 takes off (as adapters/pcsc does).
#[test]
fn our_host_whose_le_does_not_reach_the_card() {
    for data_without_le in [false, true] {
        let (device, ticks) = device();
        let mut card = device.card();
        card.faults.data_without_le = data_without_le;
        let mut nfc = NfcTransport::new(WithoutLe(card), Interface::Vendor);
        assert_clean(&mut nfc, &ticks);
        for length in [1, 254, 255, 256, 257, 1000] {
            let answer = transact(&mut nfc, &ticks, &answer_of(length));
            assert_eq!(answer, Ok(pattern(length as usize)), "{length}");
        }
        let kept = run(&mut nfc, &ticks, &keepalives(&[1, 2], 300), SECOND, &NeverCancel);
        assert_eq!(kept.result, Ok(vec![0]));
        assert_eq!(
            kept.events,
            [ProgressEvent::Processing, ProgressEvent::TouchNeeded]
        );
    }
}

#[test]
fn peer_bug_16_neither_extended_nor_chaining() {
    let (mut nfc, ticks, device) = nfc_with(CardFaults {
        refuse_extended: Some(0x6700),
        refuse_chaining: true,
        ..CardFaults::default()
    });
    let refused = TransportError::Refused {
        origin: "SW",
        value: 0x6884,
    };
    assert_eq!(transact(&mut nfc, &ticks, &echo(300)), Err(refused));
    assert_eq!(device.messages(), 0);
    assert_eq!(transact(&mut nfc, &ticks, &echo(200)), Ok(echoed(&echo(200))));
}

/// Peer bug 37: no message of the unlock needs more than this.
#[test]
fn peer_bug_37_a_suite_1_unlock_is_chained() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        short_reader: true,
        ..CardFaults::default()
    });
    assert_eq!(transact(&mut nfc, &ticks, &echo(274)), Ok(echoed(&echo(274))));
    assert_eq!(apdu_heads(&nfc)[1..3], [[0x90, 0x10, 0x80], MSG]);
}

// M-transports-25
#[test]
fn peer_bug_19_lost_selection_is_made_again_once() {
    for length in [100, 600] {
        let (mut nfc, ticks, device) = nfc_with(CardFaults::default());
        assert_clean(&mut nfc, &ticks);
        device.deselect_card();
        assert_eq!(
            transact(&mut nfc, &ticks, &echo(length)),
            Ok(echoed(&echo(length)))
        );
        assert_eq!(device.messages(), 2);
        assert_eq!(nfc.memory(), CardMemory::new(true));
    }
    let unlike_a_missing_applet = [
        0x6700, 0x6884, 0x6982, 0x6985, 0x6986, 0x6A82, 0x6A86, 0x6B00, 0x6E00,
    ];
    for (status, length) in unlike_a_missing_applet
        .into_iter()
        .flat_map(|status| [100, 600].map(|length| (status, length)))
    {
        let (mut nfc, ticks, device) = nfc_with(CardFaults {
            other_applet: Some(status),
            ..CardFaults::default()
        });
        assert_clean(&mut nfc, &ticks);
        device.deselect_card();
        assert_eq!(
            transact(&mut nfc, &ticks, &echo(length)),
            Ok(echoed(&echo(length))),
            "{status:04x}"
        );
        assert_eq!(device.messages(), 2, "{status:04x}");
        assert_eq!(nfc.memory(), CardMemory::new(true), "{status:04x}");
    }
    let ticks = TestTicks::new();
    for status in [[0x6D, 0x00], [0x6E, 0x00]] {
        let card = ScriptedCard {
            answers: vec![
                b"U2F_V2\x90\x00",
                &status,
                b"U2F_V2\x90\x00",
                &status,
                b"U2F_V2\x90\x00",
            ],
            asked: Vec::new(),
        };
        let mut nfc = NfcTransport::new(card, Interface::Fido);
        let result = transact(&mut nfc, &ticks, &echo(5));
        let value = u16::from_be_bytes(status);
        assert_eq!(result, Err(TransportError::Refused { origin: "SW", value }));
        assert_eq!(nfc.channel().asked.len(), 4);
    }
}

#[test]
fn peer_bug_20_slow_card_and_timeout_of_the_port() {
    let (mut nfc, ticks, device) = nfc_with(CardFaults {
        apdu_time: Duration::from_millis(400),
        ..CardFaults::default()
    });
    let message = echo(20);
    let outcome = run(&mut nfc, &ticks, &message, SECOND, &NeverCancel);
    assert_eq!(outcome.result, Ok(echoed(&message)));
    device.set_faults(DeviceFaults {
        latency: 2 * SECOND,
        ..DeviceFaults::default()
    });
    let outcome = run(&mut nfc, &ticks, &message, SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
    assert!(outcome.took <= Duration::from_millis(1450), "{:?}", outcome.took);

    let card = ScriptedCard {
        answers: vec![b"U2F_V2\x90\x00", b"\x00\x90\x00"],
        asked: Vec::new(),
    };
    let mut nfc = NfcTransport::new(card, Interface::Fido);
    assert_eq!(
        run(&mut nfc, &ticks, &message, 30 * SECOND, &NeverCancel).result,
        Ok(vec![0])
    );
    for (_, timeout) in &nfc.channel().asked {
        assert!(
            *timeout > 29 * SECOND,
            "the port may wait until the deadline, {timeout:?}"
        );
    }
}

#[test]
fn peer_bug_21_reader_held_by_another_program() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults {
        busy: 5,
        ..CardFaults::default()
    });
    assert_clean(&mut nfc, &ticks);
    assert!(
        !nfc.channel().is_in_transaction(),
        "not held between two messages"
    );
    nfc.channel_mut().faults.busy = u32::MAX;
    let outcome = run(&mut nfc, &ticks, &echo(3), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::Busy));
    assert!(outcome.took <= Duration::from_millis(1101), "{:?}", outcome.took);
    let outcome = run(&mut nfc, &ticks, &echo(3), 30 * SECOND, &CancelAtLook::new(3));
    assert_eq!(outcome.result, Err(TransportError::Cancelled));
    // No time was left to ask at all.
    let outcome = run(&mut nfc, &ticks, &echo(3), Duration::ZERO, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::DeadlineExceeded));
}

// M-transports-26
#[test]
fn peer_bug_22_reset_by_another_program_at_every_apdu() {
    // SELECT, SELECT, three parts of the message, a keep-alive.
    let message = keepalives(&[2], 600);
    let faults = CardFaults {
        without: vec![Interface::Vendor],
        short_reader: true,
        ..CardFaults::default()
    };
    let mut resets = 0;
    for at in 0.. {
        let (mut nfc, ticks, device) = nfc_with(CardFaults {
            reset_at: Some(at),
            ..faults.clone()
        });
        let result = transact(&mut nfc, &ticks, &message);
        if nfc.channel().apdus() <= at {
            break;
        }
        resets += 1;
        assert_eq!(device.with(|handler| handler.power_cycles), 1);
        match result {
            Ok(answer) => {
                assert!(at < 4, "APDU {at} held the message's end");
                assert_eq!(answer, [0]);
                assert_eq!(device.messages(), 1);
            }
            Err(error) => {
                assert!(at >= 4, "APDU {at}: nothing was done yet");
                assert_eq!(error, TransportError::CardReset);
            }
        }
        assert_clean(&mut nfc, &ticks);
    }
    assert_eq!(resets, 6);
    // Between two messages it is not even noticed.
    let (mut nfc, ticks, device) = nfc_with(CardFaults::default());
    assert_clean(&mut nfc, &ticks);
    device.reset_card();
    assert_clean(&mut nfc, &ticks);
}

#[test]
fn removal_at_every_apdu_and_cut_responses() {
    let message = keepalives(&[1, 2], 600);
    let mut removals = 0;
    for at in 0.. {
        let (mut nfc, ticks, device) = nfc_with(CardFaults {
            gone_at: Some(at),
            ..CardFaults::default()
        });
        if transact(&mut nfc, &ticks, &message).is_ok() {
            break;
        }
        assert_eq!(transact(&mut nfc, &ticks, &message), Err(TransportError::Gone));
        assert_clean(&mut nfc_of(&device), &ticks);

        let (mut nfc, ticks, _) = nfc_with(CardFaults {
            cut_at: Some(at),
            ..CardFaults::default()
        });
        assert_eq!(transact(&mut nfc, &ticks, &message), Err(TransportError::Gone));
        assert_clean(&mut nfc, &ticks);
        removals += 1;
    }
    assert_eq!(removals, 4);
}

// M-transports-2
#[test]
fn hid_and_card_of_one_device_run_one_command_at_a_time() {
    let (device, ticks) = device();
    let mut raw = device.hid(Interface::Fido);
    let report = |channel, command, data: &[u8]| {
        fido_unlock::host::framing::ctaphid::packet(channel, command, data, 0, 64).unwrap()
    };
    fido_unlock::host::ports::HidReports::write_report(&mut raw, &report(u32::MAX, 6, &[1; 8])).unwrap();
    fido_unlock::host::ports::HidReports::write_report(&mut raw, &report(1, 0x10, ENDLESS)).unwrap();
    let mut nfc = nfc_of(&device);
    let outcome = run(&mut nfc, &ticks, &echo(4), SECOND, &NeverCancel);
    assert_eq!(outcome.result, Err(TransportError::Busy));
    assert!(nfc.channel().apdus() > 5, "asked again and again");
    assert!(device.is_busy());
    let outcome = run(&mut nfc, &ticks, &echo(4), SECOND, &CancelAtLook::new(4));
    assert_eq!(outcome.result, Err(TransportError::Cancelled));
    fido_unlock::host::ports::HidReports::write_report(&mut raw, &report(1, 0x11, &[])).unwrap();
    assert_clean(&mut nfc, &ticks);
}

#[test]
fn statistics_count_apdus_and_bytes() {
    let (mut nfc, ticks, _) = nfc_with(CardFaults::default());
    assert_eq!(transact(&mut nfc, &ticks, &echo(10)), Ok(echoed(&echo(10))));
    let statistics = nfc.statistics();
    assert_eq!(
        (statistics.transactions, statistics.sent, statistics.received),
        (1, 2, 2)
    );
    assert_eq!(statistics.bytes_sent, (5 + 12 + 1) + (5 + 10 + 1));
    assert_eq!(statistics.bytes_received, (13 + 2) + (11 + 2));
}
