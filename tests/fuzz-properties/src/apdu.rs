//! The device's side of APDUs and of CTAPHID, as the software authenticator has it.

use std::time::Duration;

use arbitrary::Arbitrary;
use fido_unlock_host::framing::nfc::{
    ApduCommand, ApduResponse, CHAINING, CLASS_CTAP, CLASS_ISO, FIDO_AID, VENDOR_AID, instruction,
    status_word,
};
use fido_unlock_host::framing::{HidTransport, Interface, NfcTransport};
use fido_unlock_host::ports::{
    ApduChannel, Call, HidReports, NeverCancel, NoProgress, Transport, TransportError,
};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::authenticator::SeededEntropy;
use fido_unlock_mock::framing::{CardFaults, Device, EchoHandler, MockApdu};

use crate::{pattern, typed};

const SECOND: Duration = Duration::from_secs(1);
/// Most data of a short APDU.
const SHORT: usize = 255;

#[derive(Arbitrary, Debug)]
struct Run {
    exact_le: bool,
    refuse_chaining: bool,
    refuse_p1: bool,
    short_reader: bool,
    get_response_class: Option<bool>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Raw(Vec<u8>),
    Command {
        class: u8,
        instruction: u8,
        p1: u8,
        p2: u8,
        data: Vec<u8>,
        le: Option<u16>,
        extended: bool,
    },
    Select {
        vendor: bool,
    },
    /// An echo in parts of this many bytes, its answer fetched with this Le.
    Message {
        length: u16,
        part: u8,
        le: u8,
    },
    Report(Vec<u8>),
    Pass {
        millis: u16,
    },
    Deselect,
    ResetCard,
    Replug,
}

/// - What is read as an APDU is written as the same bytes.
/// - The card answers each APDU with a status word, and with no more data than Le allows.
/// - A message goes in by any chain of parts and its answer comes out by any Le.
/// - After anything at all, card and HID interface carry a whole message.
pub fn apdu(data: &[u8]) {
    let Some(run) = typed::<Run>(data) else { return };
    let ticks = TestTicks::new();
    let device = Device::new(EchoHandler::default(), ticks.clone());
    let faults = CardFaults {
        exact_le: run.exact_le,
        refuse_chaining: run.refuse_chaining,
        refuse_p1: run.refuse_p1,
        short_reader: run.short_reader,
        get_response_class: run
            .get_response_class
            .map(|ctap| if ctap { CLASS_CTAP } else { CLASS_ISO }),
        ..CardFaults::default()
    };
    let open = || {
        let mut card = device.card();
        card.faults = faults.clone();
        card
    };
    let mut card = open();
    let mut hid = device.hid(Interface::Fido);
    for step in run.steps {
        match step {
            Step::Raw(bytes) => transmit(&mut card, &bytes),
            Step::Command {
                class,
                instruction,
                p1,
                p2,
                data,
                le,
                extended,
            } => command(
                &mut card,
                ApduCommand {
                    class,
                    instruction,
                    p1,
                    p2,
                    data: &data,
                    expected: le.map(|le| u32::from(le) + 1),
                    extended,
                },
            ),
            Step::Select { vendor } => {
                let aid: &[u8] = if vendor { &VENDOR_AID } else { &FIDO_AID };
                let select = [
                    &[CLASS_ISO, instruction::SELECT, 4, 0, aid.len() as u8],
                    aid,
                    &[0],
                ]
                .concat();
                transmit(&mut card, &select);
            }
            Step::Message { length, part, le } => {
                message(
                    &device,
                    1 + usize::from(length % 7000),
                    usize::from(part).max(1),
                    le,
                );
            }
            Step::Report(mut report) => {
                report.resize(hid.report_size(), 0);
                hid.write_report(&report).unwrap();
            }
            Step::Pass { millis } => ticks.advance(Duration::from_millis(millis.into())),
            Step::Deselect => device.deselect_card(),
            Step::ResetCard => {
                device.reset_card_alone();
                assert_eq!(card.transmit(&[0; 4], SECOND), Err(TransportError::CardReset));
                card.reconnect(SECOND).unwrap();
            }
            Step::Replug => {
                device.replug();
                assert_eq!(card.transmit(&[0; 4], SECOND), Err(TransportError::Gone));
                assert_eq!(hid.write_report(&[0; 64]), Err(TransportError::Gone));
                card = open();
                hid = device.hid(Interface::Fido);
            }
        }
    }
    // A message of CTAPHID that came half is given up by the device after a while.
    ticks.advance(SECOND);
    let reader = device.card();
    clean(&ticks, NfcTransport::new(reader, Interface::Vendor));
    clean(
        &ticks,
        HidTransport::new(
            device.hid(Interface::Fido),
            SeededEntropy::new(1),
            Interface::Fido,
        ),
    );
}

/// The vendor interface takes the unlock's command byte alone.
fn echo(length: usize) -> Vec<u8> {
    let mut message = pattern(length);
    message[0] = 0x55;
    message
}

fn clean(ticks: &TestTicks, mut transport: impl Transport) {
    let mut progress = NoProgress;
    let mut call = Call::new(ticks, 2 * SECOND, &NeverCancel, &mut progress);
    let message = echo(300);
    assert_eq!(
        transport.transact(&message, &mut call),
        Ok(EchoHandler::answer(&message))
    );
}

fn command(card: &mut MockApdu<EchoHandler>, command: ApduCommand<'_>) {
    let Ok(bytes) = command.encode() else {
        assert!(!command.extended && (command.data.len() > SHORT || command.expected > Some(256)));
        return;
    };
    let again = ApduCommand::parse(&bytes).expect("what was written");
    // Without data and Le both forms are the same four bytes.
    let form = command.extended && bytes.len() > 4;
    assert!(
        again
            == ApduCommand {
                extended: form,
                ..command
            }
    );
    transmit(card, &bytes);
}

fn transmit(card: &mut MockApdu<EchoHandler>, bytes: &[u8]) {
    let parsed = ApduCommand::parse(bytes);
    if let Ok(command) = &parsed {
        assert_eq!(command.encode().unwrap()[..], *bytes);
    }
    let response = card.transmit(bytes, SECOND).unwrap();
    let response = ApduResponse::parse(&response).expect("a status word");
    match parsed {
        Ok(command) => {
            // SELECT alone is answered without Le too, as the FIDO NFC protocol shows it.
            let without_le = match (command.instruction, command.extended) {
                (instruction::SELECT, true) => 65_536,
                (instruction::SELECT, false) => 256,
                _ => 0,
            };
            let most = command.expected.unwrap_or(without_le) as usize;
            // Status words beside success have no data but a keep-alive's.
            let success = response.status == status_word::OK || response.status >> 8 == 0x61;
            assert!(!success || response.data.len() <= most);
        }
        Err(_) => assert_eq!(
            (response.data.len(), response.status),
            (0, status_word::WRONG_LENGTH)
        ),
    }
}

fn message(device: &Device<EchoHandler>, length: usize, part: usize, le: u8) {
    let mut card = device.card();
    let send = |card: &mut MockApdu<EchoHandler>, class, instruction, data: &[u8], expected| {
        let command = ApduCommand {
            class,
            instruction,
            p1: if instruction == instruction::SELECT { 4 } else { 0 },
            p2: 0,
            data,
            expected,
            extended: false,
        };
        let response = card.transmit(&command.encode().unwrap(), SECOND).unwrap();
        let response = ApduResponse::parse(&response).unwrap();
        (response.data.to_vec(), response.status)
    };
    let selected = send(&mut card, CLASS_ISO, instruction::SELECT, &FIDO_AID, Some(256));
    assert_eq!(selected.1, status_word::OK);
    let message = echo(length);
    let parts: Vec<&[u8]> = message.chunks(part.min(SHORT)).collect();
    let (last, first) = parts.split_last().unwrap();
    for data in first {
        let taken = send(&mut card, CLASS_CTAP | CHAINING, instruction::MSG, data, None);
        assert_eq!(taken, (Vec::new(), status_word::OK));
    }
    let le = if le == 0 { 256 } else { u32::from(le) };
    let (mut answer, mut status) = send(&mut card, CLASS_CTAP, instruction::MSG, last, Some(le));
    while status >> 8 == 0x61 {
        let (more, next) = send(&mut card, CLASS_ISO, instruction::ISO_GET_RESPONSE, &[], Some(le));
        assert!(!more.is_empty());
        answer.extend(more);
        status = next;
    }
    assert_eq!(status, status_word::OK);
    assert_eq!(answer, EchoHandler::answer(&message));
}
