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
