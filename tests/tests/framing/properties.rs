use std::time::Duration;

use fido_unlock::host::framing::ctaphid::{CtapHidMachine, max_message_size, packet};
use fido_unlock::host::framing::nfc::{ApduCommand, CardMemory, NfcMachine};
use fido_unlock::host::framing::{Interface, Machine, Step};
use fido_unlock_mock::framing::CardFaults;
use proptest::prelude::*;

use super::support::*;

const CHANNEL: u32 = 9;
const NONCE: [u8; 8] = [7; 8];
const DEADLINE: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
enum Input {
    Bytes(Vec<u8>),
    Pass(u64),
    Cancel,
}

/// Feeds all inputs, then only time; every machine is over by its deadline and the drain.
fn ends(machine: &mut dyn Machine, inputs: &[Input]) -> Result<(), TestCaseError> {
    let mut now = Duration::ZERO;
    let mut inputs = inputs.iter();
    let mut step = machine.on_time(now);
    let mut cancelled = false;
    for _ in 0..10_000 {
        prop_assert!(now <= DEADLINE + DRAIN + Duration::from_millis(1));
        match step {
            Step::Done(answer) => {
                prop_assert!(!answer.is_empty());
                return Ok(());
            }
            Step::Failed(_) => return Ok(()),
            Step::Send(_) | Step::Progress(_) => step = machine.on_time(now),
            Step::WaitUntil(until) => {
                prop_assert!(until <= DEADLINE + DRAIN);
                step = match inputs.next() {
                    Some(Input::Bytes(bytes)) => machine.on_bytes(now, bytes),
                    Some(Input::Pass(millis)) => {
                        now = (now + Duration::from_millis(*millis)).min(until);
                        machine.on_time(now)
                    }
                    Some(Input::Cancel) => {
                        if !cancelled {
                            machine.cancel(now);
                        }
                        cancelled = true;
                        machine.on_time(now)
                    }
                    None => {
                        now = until.max(now + Duration::from_millis(1));
                        machine.on_time(now)
                    }
                };
            }
        }
    }
    Err(TestCaseError::fail("the machine does not end"))
}

fn init_answer(data: Vec<u8>) -> Vec<u8> {
    let mut answer = NONCE.to_vec();
    answer.extend(CHANNEL.to_be_bytes());
    answer.extend(data);
    packet(u32::MAX, 6, &answer, 0, 64).unwrap().to_vec()
}

fn report() -> impl Strategy<Value = Vec<u8>> {
    let channel = prop_oneof![Just(CHANNEL), Just(u32::MAX), any::<u32>()];
    let command = prop_oneof![
        Just(0x10u8),
        Just(0x3B),
        Just(0x3F),
        Just(0x06),
        Just(0x11),
        0..0x80u8
    ];
    prop_oneof![
        2 => (channel.clone(), command, any::<u16>(), prop::collection::vec(any::<u8>(), 0..60)).prop_map(
            |(channel, command, length, data)| {
                let mut report = channel.to_be_bytes().to_vec();
                report.push(command | 0x80);
                report.extend((length % 400).to_be_bytes());
                report.extend(data);
                report
            }
        ),
        2 => (channel, 0..4u8, prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(channel, sequence, data)| {
            let mut report = channel.to_be_bytes().to_vec();
            report.push(sequence);
            report.extend(data);
            report
        }),
        1 => prop::collection::vec(any::<u8>(), 0..70),
        1 => prop::collection::vec(any::<u8>(), 5..6).prop_map(init_answer),
    ]
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![
        Just([0x90, 0x00]),
        Just([0x91, 0x00]),
        Just([0x61, 0x00]),
        Just([0x61, 0x10]),
        Just([0x6C, 0x05]),
        Just([0x67, 0x00]),
        Just([0x6D, 0x00]),
        Just([0x6E, 0x00]),
        Just([0x68, 0x81]),
        Just([0x6A, 0x82]),
        Just([0x6A, 0x86]),
        any::<[u8; 2]>(),
    ];
    prop_oneof![
        20 => (prop::collection::vec(any::<u8>(), 0..40), status).prop_map(|(mut data, status)| {
            data.extend(status);
            data
        }),
        4 => Just(b"FIDO_UNLOCK_1\x90\x00".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..2),
    ]
}

fn inputs(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<Input>> {
    prop::collection::vec(
        prop_oneof![
            12 => bytes.prop_map(Input::Bytes),
            2 => (0..300u64).prop_map(Input::Pass),
            1 => Just(Input::Cancel),
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn ctaphid_machine_ends_whatever_comes(
        inputs in inputs(report()),
        length in 0..400usize,
        channel in prop_oneof![Just(None), Just(Some(CHANNEL))],
    ) {
        let message = vec![1; length];
        ends(&mut CtapHidMachine::new(64, channel, NONCE, &message, DEADLINE), &inputs)?;
    }

    #[test]
    fn nfc_machine_ends_whatever_comes(
        inputs in inputs(response()),
        length in prop_oneof![0..300usize, 0..66_000usize],
        selected in prop_oneof![Just(None), Just(Some(Interface::Fido)), Just(Some(Interface::Vendor))],
        preference in prop_oneof![Just(Interface::Fido), Just(Interface::Vendor)],
        extended in any::<bool>(),
    ) {
        let message = vec![1; length];
        let memory = CardMemory::new(extended);
        ends(&mut NfcMachine::new(Some(&message), preference, selected, memory, DEADLINE), &inputs)?;
    }

    #[test]
    fn any_length_over_any_report_size(size in 24..=512usize, seed in any::<usize>()) {
        let (device, ticks) = device();
        device.set_report_size(size);
        let length = 2 + seed % (max_message_size(size) - 3);
        let message = echo(length);
        prop_assert_eq!(transact(&mut hid_of(&device), &ticks, &message), Ok(echoed(&message)));
    }

    #[test]
    fn device_lives_through_any_reports(reports in prop::collection::vec(report(), 0..60)) {
        let (device, ticks) = device();
        let mut raw = device.hid(Interface::Fido);
        for mut report in reports {
            report.resize(64, 0);
            fido_unlock::host::ports::HidReports::write_report(&mut raw, &report).unwrap();
        }
        ticks.advance(SECOND);
        assert_clean(&mut hid_of(&device), &ticks);
    }

    #[test]
    fn card_lives_through_any_apdus(
        apdus in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..30),
        exact_le in any::<bool>(),
    ) {
        let (device, ticks) = device();
        let mut raw = device.card();
        raw.faults = CardFaults { exact_le, ..CardFaults::default() };
        for apdu in apdus {
            let response = fido_unlock::host::ports::ApduChannel::transmit(&mut raw, &apdu, SECOND).unwrap();
            prop_assert!(response.len() >= 2);
        }
        assert_clean(&mut nfc_of(&device), &ticks);
    }

    #[test]
    fn apdu_parser_and_writer_agree(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(command) = ApduCommand::parse(&bytes) {
            prop_assert_eq!(&command.encode().unwrap()[..], &bytes[..]);
        }
    }
}
