use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::framing::{Machine, Step};
use crate::ports::TransportError;

const NOW: Duration = Duration::ZERO;
const DEADLINE: Duration = Duration::from_secs(2);

fn init_answer(nonce: [u8; 8], channel: u32) -> Vec<u8> {
    let mut data = nonce.to_vec();
    data.extend(channel.to_be_bytes());
    data.extend([2, 1, 0, 0, capability::CBOR]);
    packet(BROADCAST_CHANNEL, command::INIT, &data, 0, 64)
        .unwrap()
        .to_vec()
}

#[test]
fn allocates_sends_and_receives() {
    let mut machine = CtapHidMachine::new(64, None, [7; 8], &[4], DEADLINE);
    let Step::Send(init) = machine.on_time(NOW) else {
        panic!()
    };
    assert_eq!(
        init[..15],
        [255, 255, 255, 255, 0x86, 0, 8, 7, 7, 7, 7, 7, 7, 7, 7]
    );
    assert!(matches!(
        machine.on_bytes(NOW, &init_answer([6; 8], 5)),
        Step::WaitUntil(DEADLINE)
    ));
    let Step::Send(cbor) = machine.on_bytes(NOW, &init_answer([7; 8], 9)) else {
        panic!()
    };
    assert_eq!(cbor[..8], [0, 0, 0, 9, 0x90, 0, 1, 4]);
    assert!(matches!(machine.on_time(NOW), Step::WaitUntil(DEADLINE)));
    let answer = packet(9, command::CBOR, &[0, 1, 2], 0, 64).unwrap();
    let Step::Done(answer) = machine.on_bytes(NOW, &answer) else {
        panic!()
    };
    assert_eq!(answer, [0, 1, 2]);
    assert_eq!(machine.channel(), Some(9));
}

#[test]
fn too_large_fails_before_anything_is_sent() {
    let message = vec![0; 7610];
    let mut machine = CtapHidMachine::new(64, None, [7; 8], &message, DEADLINE);
    assert!(matches!(
        machine.on_time(NOW),
        Step::Failed(TransportError::MessageTooLarge)
    ));
    assert_eq!(max_message_size(64), 7609);
    assert_eq!(packet_count(7609, 64), 129);
    assert_eq!(packet_count(7610, 64), 0);
}

#[test]
fn cancel_is_sent_once() {
    let mut machine = CtapHidMachine::new(64, Some(9), [7; 8], &[4], DEADLINE);
    assert!(matches!(machine.on_time(NOW), Step::Send(_)));
    machine.cancel(NOW);
    let Step::Send(cancel) = machine.on_time(NOW) else {
        panic!()
    };
    assert_eq!(cancel[..7], [0, 0, 0, 9, 0x91, 0, 0]);
    machine.cancel(NOW);
    assert!(matches!(machine.on_time(NOW), Step::WaitUntil(_)));
    let answer = packet(9, command::CBOR, &[0x2D], 0, 64).unwrap();
    assert!(matches!(
        machine.on_bytes(NOW, &answer),
        Step::Failed(TransportError::Cancelled)
    ));
    assert_eq!(machine.channel(), Some(9));
}
