//! The host's side of CTAP over APDUs: one transaction, whatever responses come.

use std::collections::VecDeque;
use std::time::Duration;

use arbitrary::Arbitrary;
use fido_unlock_host::framing::nfc::{
    ApduCommand, CHAINING, CLASS_CTAP, CLASS_ISO, CardMemory, FIDO_AID, NfcMachine, P1_CANCEL, VENDOR_AID,
    VENDOR_VERSION, instruction,
};
use fido_unlock_host::framing::{Interface, Machine, Step};

use crate::{pattern, typed};

const DEADLINE: Duration = Duration::from_secs(2);
const DRAIN_CANCEL: Duration = Duration::from_millis(500);
const DRAIN: Duration = Duration::from_millis(100);
/// The clock of this harness moves in steps.
const SLACK: Duration = Duration::from_micros(1);
const LARGEST_RESPONSE: usize = 65_536;

#[derive(Arbitrary, Debug)]
struct Run {
    length: u16,
    /// Only the applet is to be selected.
    select_alone: bool,
    prefers_vendor: bool,
    selected: Option<bool>,
    extended_length: bool,
    get_response_ctap_class: bool,
    keepalive: bool,
    inputs: Vec<Input>,
}

#[derive(Arbitrary, Debug)]
enum Input {
    Raw(Vec<u8>),
    Response {
        data: Vec<u8>,
        status: Status,
    },
    /// The same with much data.
    Long {
        length: u16,
        status: Status,
    },
    VendorVersion,
    Pass {
        millis: u16,
    },
    Cancel,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Status {
    Ok,
    Keepalive,
    MoreData(u8),
    WrongLe(u8),
    WrongLength,
    UnknownClass,
    UnknownInstruction,
    ChainingNotSupported,
    WrongP1,
    NotFound,
    Any(u16),
}

impl Status {
    fn word(self) -> u16 {
        match self {
            Self::Ok => 0x9000,
            Self::Keepalive => 0x9100,
            Self::MoreData(more) => 0x6100 | u16::from(more),
            Self::WrongLe(right) => 0x6C00 | u16::from(right),
            Self::WrongLength => 0x6700,
            Self::UnknownClass => 0x6E00,
            Self::UnknownInstruction => 0x6D00,
            Self::ChainingNotSupported => 0x6884,
            Self::WrongP1 => 0x6A86,
            Self::NotFound => 0x6A82,
            Self::Any(word) => word,
        }
    }
}

fn interface(vendor: bool) -> Interface {
    if vendor {
        Interface::Vendor
    } else {
        Interface::Fido
    }
}

/// - The machine is over by its deadline and 100 ms, or 500 ms after a cancel; it sends no more APDUs than
///   there are responses, and one.
/// - Each is a command APDU of ISO 7816-4 that is one of CTAP's; chained or not, the parts of a message are
///   the message; it is cancelled at most once.
/// - An answer that it gives is the data of the last responses, in order, and has at most 65,536 bytes.
pub fn nfc(data: &[u8]) {
    let Some(run) = typed::<Run>(data) else { return };
    let message = pattern(run.length.into());
    let memory = CardMemory {
        extended_length: run.extended_length,
        get_response_ctap_class: run.get_response_ctap_class,
        keepalive: run.keepalive,
    };
    let mut machine = NfcMachine::new(
        (!run.select_alone).then_some(&message[..]),
        interface(run.prefers_vendor),
        run.selected.map(interface),
        memory,
        DEADLINE,
    );
    let mut card = Card {
        message: &message,
        chain: Vec::new(),
        part: 0,
        is_over: true,
        whole: false,
        cancels: 0,
        sends: 0,
        responses: Vec::new(),
    };
    let mut inputs: VecDeque<Input> = run.inputs.into();
    let (mut now, mut cancelled, mut end) = (Duration::ZERO, false, DEADLINE + DRAIN);
    let mut step = machine.on_time(now);
    let outcome = loop {
        assert!(now <= end + SLACK, "the machine goes on after its end");
        step = match step {
            Step::Done(answer) => break Some(answer),
            Step::Failed(_) => break None,
            Step::Progress(_) => machine.on_time(now),
            Step::Send(apdu) => {
                card.sent(&apdu);
                machine.on_time(now)
            }
            Step::WaitUntil(until) => {
                assert!(until <= end + SLACK);
                match inputs.pop_front() {
                    Some(Input::Pass { millis }) => {
                        now = (now + Duration::from_millis(millis.into())).min(until);
                        machine.on_time(now)
                    }
                    Some(Input::Cancel) => {
                        if !cancelled {
                            machine.cancel(now);
                            end = end.min(now + DRAIN_CANCEL);
                        }
                        cancelled = true;
                        machine.on_time(now)
                    }
                    Some(input) => {
                        let response = response(input);
                        // One that nobody waits for is none.
                        if card.sends > card.responses.len() {
                            card.responses.push(response.clone());
                        }
                        machine.on_bytes(now, &response)
                    }
                    None => {
                        now = until.max(now + Duration::from_nanos(1));
                        machine.on_time(now)
                    }
                }
            }
        };
    };
    if let Some(answer) = outcome {
        if run.select_alone {
            assert!(answer.is_empty());
        } else {
            assert!(
                card.whole && machine.is_message_sent(),
                "an answer to a message that was not sent"
            );
            assert!((1..=LARGEST_RESPONSE).contains(&answer.len()));
            assert!(card.gave(&answer), "an answer that the card did not give");
        }
        assert!(machine.selected().is_some());
    }
}

fn response(input: Input) -> Vec<u8> {
    let (mut data, status) = match input {
        Input::Raw(bytes) => return bytes,
        Input::Response { data, status } => (data, status),
        Input::Long { length, status } => (pattern(length.into()), status),
        Input::VendorVersion => (VENDOR_VERSION.to_vec(), Status::Ok),
        Input::Pass { .. } | Input::Cancel => (Vec::new(), Status::Ok),
    };
    data.extend(status.word().to_be_bytes());
    data
}

struct Card<'m> {
    message: &'m [u8],
    /// Data of the command's parts so far, and bytes of the last one.
    chain: Vec<u8>,
    part: usize,
    /// The last part went out.
    is_over: bool,
    whole: bool,
    cancels: u32,
    sends: usize,
    responses: Vec<Vec<u8>>,
}

impl Card<'_> {
    fn sent(&mut self, apdu: &[u8]) {
        self.sends += 1;
        assert!(
            self.sends <= self.responses.len() + 1,
            "an APDU before the response to the last"
        );
        let command = ApduCommand::parse(apdu).expect("a command APDU");
        assert!(command.expected.is_some() || command.class & CHAINING != 0);
        match (command.class & !CHAINING, command.instruction) {
            (CLASS_ISO, instruction::SELECT) => {
                assert!(command.data == FIDO_AID || command.data == VENDOR_AID);
                assert_eq!((command.p1, command.p2), (4, 0));
                self.is_over = true;
            }
            (CLASS_CTAP, instruction::MSG) => {
                match self.responses.last().and_then(|last| last.last_chunk()) {
                    // The same part again, with the right Le.
                    Some([0x6C, _]) => self.chain.truncate(self.chain.len() - self.part),
                    Some([0x90, 0x00]) if !self.is_over => {}
                    // A part that was not taken begins the command anew.
                    _ => self.chain.clear(),
                }
                self.chain.extend(command.data);
                self.part = command.data.len();
                assert!(self.message.starts_with(&self.chain));
                self.is_over = command.class & CHAINING == 0;
                if self.is_over {
                    assert_eq!(self.chain, self.message);
                    self.whole = true;
                }
            }
            (CLASS_ISO | CLASS_CTAP, instruction::ISO_GET_RESPONSE) => assert!(command.data.is_empty()),
            (CLASS_CTAP, instruction::GET_RESPONSE) => {
                let again = self
                    .responses
                    .last()
                    .is_some_and(|last| matches!(last[..], [.., 0x6C, _]));
                self.cancels += u32::from(command.p1 == P1_CANCEL && !again);
                assert!(self.cancels <= 1 && command.data.is_empty());
            }
            other => panic!("{other:02x?} is sent"),
        }
    }

    /// Whether the last responses together are this answer.
    fn gave(&self, answer: &[u8]) -> bool {
        let mut rest = answer;
        for response in self.responses.iter().rev() {
            let data = &response[..response.len().saturating_sub(2)];
            let Some(before) = rest.strip_suffix(data) else {
                return false;
            };
            rest = before;
            if rest.is_empty() {
                return true;
            }
        }
        false
    }
}
