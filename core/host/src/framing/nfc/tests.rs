use alloc::vec;
use core::time::Duration;

use super::*;
use crate::framing::{Interface, Machine, Step};
use crate::ports::TransportError;

const NOW: Duration = Duration::ZERO;
const DEADLINE: Duration = Duration::from_secs(2);

fn machine(message: &[u8]) -> NfcMachine<'_> {
    NfcMachine::new(
        Some(message),
        Interface::Vendor,
        None,
        CardMemory::new(true),
        DEADLINE,
    )
}

fn sent(step: Step) -> vec::Vec<u8> {
    match step {
        Step::Send(apdu) => apdu.to_vec(),
        _ => panic!("nothing is sent"),
    }
}

#[test]
fn vendor_applet_first_then_fido() {
    let mut machine = machine(&[4]);
    let select = sent(machine.on_time(NOW));
    assert_eq!(select, b"\x00\xA4\x04\x00\x0C\xF0fido-unlock\x00");
    let select = sent(machine.on_bytes(NOW, &[0x6A, 0x82]));
    assert_eq!(select, [0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1, 0]);
    let message = sent(machine.on_bytes(NOW, b"U2F_V2\x90\x00"));
    assert_eq!(message, [0x80, 0x10, 0x80, 0, 1, 4, 0]);
    let Step::Done(answer) = machine.on_bytes(NOW, &[0, 1, 0x90, 0]) else {
        panic!()
    };
    assert_eq!(answer, [0, 1]);
    assert_eq!(machine.selected(), Some(Interface::Fido));
}

#[test]
fn applet_that_answers_to_every_aid_is_not_taken_for_the_vendor_one() {
    let mut machine = machine(&[4]);
    sent(machine.on_time(NOW));
    let select = sent(machine.on_bytes(NOW, b"U2F_V2\x90\x00"));
    assert_eq!(select[5..13], FIDO_AID);
}

#[test]
fn missing_applet_is_told() {
    let mut machine = machine(&[4]);
    sent(machine.on_time(NOW));
    sent(machine.on_bytes(NOW, &[0x6A, 0x82]));
    assert!(matches!(
        machine.on_bytes(NOW, &[0x6A, 0x82]),
        Step::Failed(TransportError::AppletMissing)
    ));
}

/// `None` where the transaction goes on.
type Outcome = Option<Result<vec::Vec<u8>, TransportError>>;

/// The head of each APDU that goes out while `answers` come in, and what ends the transaction. The
/// FIDO applet was selected by an earlier message.
fn exchange(answers: &[&[u8]]) -> (vec::Vec<[u8; 3]>, Outcome) {
    let selected = Some(Interface::Fido);
    let memory = CardMemory::new(true);
    let mut machine = NfcMachine::new(Some(&[4]), Interface::Fido, selected, memory, DEADLINE);
    let mut heads = vec::Vec::new();
    let mut step = machine.on_time(NOW);
    for answer in answers {
        let apdu = sent(step);
        heads.push([apdu[0], apdu[1], apdu[2]]);
        step = machine.on_bytes(NOW, answer);
    }
    let outcome = match step {
        Step::Done(answer) => Some(Ok(answer)),
        Step::Failed(error) => Some(Err(error)),
        _ => None,
    };
    assert!(
        machine.memory().keepalive,
        "P1 = 80 was never refused by the device"
    );
    (heads, outcome)
}

const SELECT: [u8; 3] = [0x00, 0xA4, 4];
const MSG: [u8; 3] = [0x80, 0x10, 0x80];
const MSG_WITHOUT_KEEPALIVE: [u8; 3] = [0x80, 0x10, 0];
const SELECTED: &[u8] = b"U2F_V2\x90\x00";
const ANSWER: &[u8] = &[0, 0x90, 0];

/// The status words that any applet may give to a command which it did not take.
const NOT_TAKEN: [u16; 17] = [
    0x6700, 0x6800, 0x6881, 0x6884, 0x6900, 0x6982, 0x6985, 0x6986, 0x6999, 0x6A00, 0x6A80, 0x6A81, 0x6A82,
    0x6A88, 0x6B00, 0x6D00, 0x6E00,
];

#[test]
fn another_applets_refusal_is_followed_by_select_and_one_repeat() {
    for status in NOT_TAKEN {
        let refusal = &status.to_be_bytes()[..];
        assert_eq!(
            exchange(&[refusal, SELECTED, ANSWER]),
            (vec![MSG, SELECT, MSG], Some(Ok(vec![0]))),
            "{status:04x}"
        );
        let refused = TransportError::Refused {
            origin: "SW",
            value: status,
        };
        assert_eq!(
            exchange(&[refusal, SELECTED, refusal]),
            (vec![MSG, SELECT, MSG], Some(Err(refused))),
            "{status:04x}: the selected applet's own word"
        );
    }
}

#[test]
fn another_applets_6a86_is_not_taken_for_a_device_without_keepalive() {
    let refusal = &[0x6A, 0x86][..];
    assert_eq!(
        exchange(&[refusal, refusal, SELECTED, ANSWER]),
        (vec![MSG, MSG_WITHOUT_KEEPALIVE, SELECT, MSG], Some(Ok(vec![0])))
    );
}

#[test]
fn a_message_that_may_have_been_acted_on_is_not_repeated() {
    // Warnings, execution errors and "no precise diagnosis" do not say that nothing was done.
    for status in [0x6200_u16, 0x6300, 0x63C0, 0x6400, 0x6581, 0x6600, 0x6F00, 0x9001] {
        let refused = TransportError::Refused {
            origin: "SW",
            value: status,
        };
        assert_eq!(
            exchange(&[&status.to_be_bytes()]),
            (vec![MSG], Some(Err(refused))),
            "{status:04x}"
        );
    }
    // A status to GET RESPONSE is of the response, not of the message.
    let more = [0x80, 0xC0, 0];
    for status in NOT_TAKEN {
        let refused = TransportError::Refused {
            origin: "SW",
            value: status,
        };
        let refusal = &status.to_be_bytes()[..];
        assert_eq!(
            exchange(&[&[0x61, 0x05], refusal, refusal]),
            (vec![MSG, [0x00, 0xC0, 0], more], Some(Err(refused))),
            "{status:04x}"
        );
    }
}

#[test]
fn a_refusal_right_after_select_is_the_devices_own() {
    for status in NOT_TAKEN {
        let mut machine = NfcMachine::new(Some(&[4]), Interface::Fido, None, CardMemory::new(true), DEADLINE);
        sent(machine.on_time(NOW));
        sent(machine.on_bytes(NOW, SELECTED));
        let step = machine.on_bytes(NOW, &status.to_be_bytes());
        // Cards that forget their selection by themselves answer as without any applet.
        let forgotten = matches!(status, 0x6D00 | 0x6E00);
        assert_eq!(matches!(step, Step::Send(_)), forgotten, "{status:04x}");
    }
}

#[test]
fn a_refusal_after_a_busy_answer_is_the_devices_own() {
    let selected = Some(Interface::Fido);
    let memory = CardMemory::new(true);
    let mut machine = NfcMachine::new(Some(&[4]), Interface::Fido, selected, memory, DEADLINE);
    sent(machine.on_time(NOW));
    machine.on_bytes(NOW, &[6, 0x90, 0]);
    sent(machine.on_time(Duration::from_millis(100)));
    assert!(matches!(
        machine.on_bytes(NOW, &[0x69, 0x85]),
        Step::Failed(TransportError::Refused { value: 0x6985, .. })
    ));
}

/// A part of a chain that is answered with 9100 is no message: what comes after it is no answer.
#[test]
fn a_keepalive_before_the_last_part_of_a_chain_ends_it() {
    let message = [4; 600];
    let selected = Some(Interface::Fido);
    let memory = CardMemory::new(false);
    let mut machine = NfcMachine::new(Some(&message), Interface::Fido, selected, memory, DEADLINE);
    assert_eq!(sent(machine.on_time(NOW))[0], CLASS_CTAP | CHAINING);
    assert!(matches!(
        machine.on_bytes(NOW, &[2, 0x91, 0x00]),
        Step::Failed(TransportError::Framing { .. })
    ));
    // The card may still hold the part: it is selected again.
    assert_eq!(machine.selected(), None);
}
