//! The host's side of CTAPHID: one transaction, whatever reports come and whenever.

use std::collections::VecDeque;
use std::time::Duration;

use arbitrary::Arbitrary;
use fido_unlock_host::framing::ctaphid::{CtapHidMachine, max_message_size, packet_count};
use fido_unlock_host::framing::{Machine, Step};

use crate::{pattern, typed};

const NONCE: [u8; 8] = *b"\x07nonce\x01\x02";
const DEADLINE: Duration = Duration::from_secs(2);
/// After a cancel, and after the deadline.
const DRAIN_CANCEL: Duration = Duration::from_millis(500);
const DRAIN: Duration = Duration::from_millis(100);
/// The clock of this harness moves in steps.
const SLACK: Duration = Duration::from_micros(1);
const BROADCAST: u32 = 0xFFFF_FFFF;
/// The channel of an earlier transaction.
const CHANNEL: u32 = 9;
const INIT: u8 = 0x06;
const CBOR: u8 = 0x10;
const CANCEL: u8 = 0x11;
const KEEPALIVE: u8 = 0x3B;
const ERROR: u8 = 0x3F;

#[derive(Arbitrary, Debug)]
struct Run {
    /// 0: 64 bytes.
    report_size: u8,
    has_channel: bool,
    length: u16,
    inputs: Vec<Input>,
}

#[derive(Arbitrary, Debug)]
enum Input {
    Report(Vec<u8>),
    First {
        channel: Channel,
        command: Command,
        length: u16,
        data: Vec<u8>,
    },
    Next {
        channel: Channel,
        sequence: u8,
        data: Vec<u8>,
    },
    /// The answer to CTAPHID_INIT.
    Channel {
        channel: u32,
        right_nonce: bool,
    },
    /// A whole answer in good packets, or all but one of them.
    Answer {
        length: u16,
        without: Option<u8>,
        keepalive_between: bool,
    },
    Pass {
        millis: u16,
    },
    Cancel,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Channel {
    Own,
    Broadcast,
    Other(u32),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Command {
    Init,
    Cbor,
    Cancel,
    Keepalive,
    Error,
    Other(u8),
}

impl Command {
    fn number(self) -> u8 {
        match self {
            Self::Init => INIT,
            Self::Cbor => CBOR,
            Self::Cancel => CANCEL,
            Self::Keepalive => KEEPALIVE,
            Self::Error => ERROR,
            Self::Other(number) => number & 0x7F,
        }
    }
}

/// - The machine is over by its deadline and 100 ms, or 500 ms after a cancel, in as many steps as there are
///   reports, not more.
/// - What it sends are whole reports: CTAPHID_INIT with its nonce, its message and nothing else in CBOR
///   packets on its own channel, at most one CANCEL.
/// - An answer that it gives is, byte for byte, one that came in order on that channel after the message
///   had gone out whole.
/// - A channel that is left for the next transaction is a real one.
pub fn ctaphid(data: &[u8]) {
    let Some(run) = typed::<Run>(data) else { return };
    let size = match run.report_size {
        0 => 64,
        size => usize::from(size) + 8,
    };
    let message = pattern(usize::from(run.length));
    let fits = size >= 24 && message.len() <= max_message_size(size);
    let channel = run.has_channel.then_some(CHANNEL);
    let mut machine = CtapHidMachine::new(size, channel, NONCE, &message, DEADLINE);
    let mut wire = Wire::new(size, channel, &message);
    let mut inputs: VecDeque<Input> = run.inputs.into();
    let mut reports: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut now, mut cancelled, mut end) = (Duration::ZERO, false, DEADLINE + DRAIN);
    let mut step = machine.on_time(now);
    let outcome = loop {
        assert!(now <= end + SLACK, "the machine goes on after its end");
        step = match step {
            Step::Done(answer) => break Some(answer),
            Step::Failed(_) => break None,
            Step::Progress(_) => machine.on_time(now),
            Step::Send(report) => {
                assert!(fits, "a message that does not fit is sent");
                wire.sent(&report);
                machine.on_time(now)
            }
            Step::WaitUntil(until) => {
                assert!(until <= end + SLACK);
                if let Some(report) = reports.pop_front() {
                    wire.came(&report);
                    machine.on_bytes(now, &report)
                } else {
                    match inputs.pop_front() {
                        Some(Input::Pass { millis }) => {
                            now = (now + Duration::from_millis(millis.into())).min(until);
                        }
                        Some(Input::Cancel) => {
                            if !cancelled {
                                machine.cancel(now);
                                end = end.min(now + DRAIN_CANCEL);
                            }
                            cancelled = true;
                        }
                        Some(input) => reports.extend(wire.reports(input)),
                        None => now = until.max(now + Duration::from_nanos(1)),
                    }
                    machine.on_time(now)
                }
            }
        };
    };
    if let Some(answer) = outcome {
        assert!(!answer.is_empty());
        assert!(wire.message_sent, "an answer to a message that was not sent");
        let channel = machine.channel().expect("an answer leaves its channel");
        assert_eq!(wire.answer(channel).as_ref(), Some(&answer));
    }
    if let Some(channel) = machine.channel() {
        assert!(channel != 0 && channel != BROADCAST);
    }
}

/// What went over the wire, read by other code than the machine's.
struct Wire<'m> {
    size: usize,
    message: &'m [u8],
    /// What the device gave last.
    channel: Option<u32>,
    outgoing: Vec<u8>,
    next_sequence: u8,
    message_sent: bool,
    cancels: u32,
    sends: usize,
    received: Vec<Vec<u8>>,
}

impl<'m> Wire<'m> {
    fn new(size: usize, channel: Option<u32>, message: &'m [u8]) -> Self {
        Self {
            size,
            message,
            channel,
            outgoing: Vec::new(),
            next_sequence: 0,
            message_sent: false,
            cancels: 0,
            sends: 0,
            received: Vec::new(),
        }
    }

    fn sent(&mut self, report: &[u8]) {
        self.sends += 1;
        let packets = packet_count(self.message.len(), self.size) + 3;
        assert!(self.sends <= packets * (self.received.len() + 1));
        assert_eq!(report.len(), self.size);
        let channel = u32::from_be_bytes(report[..4].try_into().unwrap());
        if report[4] & 0x80 == 0 {
            assert_eq!((Some(channel), report[4]), (self.channel, self.next_sequence));
            self.next_sequence += 1;
            self.outgoing.extend(&report[5..]);
        } else {
            let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
            match report[4] & 0x7F {
                INIT => {
                    assert!(channel == BROADCAST || Some(channel) == self.channel);
                    assert_eq!((length, &report[7..15]), (8, &NONCE[..]));
                    return;
                }
                CANCEL => {
                    self.cancels += 1;
                    assert_eq!((Some(channel), length, self.cancels), (self.channel, 0, 1));
                    return;
                }
                CBOR => {
                    assert_eq!((Some(channel), length), (self.channel, self.message.len()));
                    self.next_sequence = 0;
                    self.outgoing = report[7..].to_vec();
                }
                other => panic!("command {other:#04x} is sent"),
            }
        }
        if self.outgoing.len() >= self.message.len() {
            let (message, rest) = self.outgoing.split_at(self.message.len());
            assert_eq!(message, self.message);
            assert!(rest.iter().all(|byte| *byte == 0) && rest.len() < self.size);
            self.message_sent = true;
        }
    }

    fn came(&mut self, report: &[u8]) {
        // The answer to INIT, where it is one.
        if report.len() >= 19
            && report[..5] == [0xFF, 0xFF, 0xFF, 0xFF, 0x80 | INIT]
            && u16::from_be_bytes([report[5], report[6]]) >= 17
            && report[7..15] == NONCE
            && self.channel.is_none()
        {
            self.channel = Some(u32::from_be_bytes(report[15..19].try_into().unwrap()));
        }
        self.received.push(report.to_vec());
    }

    /// The last whole answer on a channel.
    fn answer(&self, channel: u32) -> Option<Vec<u8>> {
        let mut answer: Option<(usize, u8, Vec<u8>)> = None;
        for report in &self.received {
            if report.len() < 5 || report[..4] != channel.to_be_bytes() {
                continue;
            }
            match (report[4], &mut answer) {
                (kind, _) if kind & 0x80 != 0 && report.len() < 7 => {}
                (kind, _) if kind == 0x80 | CBOR => {
                    let length = u16::from_be_bytes([report[5], report[6]]).into();
                    answer = Some((length, 0, report[7..].to_vec()));
                }
                (sequence, Some((length, next, data))) if sequence == *next && data.len() < *length => {
                    *next += 1;
                    data.extend(&report[5..]);
                }
                _ => {}
            }
        }
        let (length, _, mut data) = answer?;
        data.truncate(length);
        (data.len() == length).then_some(data)
    }

    fn number(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Own => self.channel.unwrap_or(CHANNEL),
            Channel::Broadcast => BROADCAST,
            Channel::Other(number) => number,
        }
    }

    /// The reports that an input stands for.
    fn reports(&self, input: Input) -> Vec<Vec<u8>> {
        match input {
            Input::Report(report) => vec![report],
            Input::First {
                channel,
                command,
                length,
                data,
            } => vec![first(self.number(channel), command.number(), length, &data)],
            Input::Next {
                channel,
                sequence,
                data,
            } => vec![next(self.number(channel), sequence & 0x7F, &data)],
            Input::Channel { channel, right_nonce } => {
                let mut data = NONCE.to_vec();
                data[0] ^= u8::from(!right_nonce);
                data.extend(channel.to_be_bytes());
                data.extend([2, 1, 0, 0, 4]);
                vec![first(BROADCAST, INIT, 17, &data)]
            }
            Input::Answer {
                length,
                without,
                keepalive_between,
            } => {
                let channel = self.number(Channel::Own);
                let answer = pattern(length.into());
                let (head, mut rest) = answer.split_at(answer.len().min(self.size - 7));
                let mut all = vec![first(channel, CBOR, length, head)];
                let mut sequence = 0;
                while !rest.is_empty() && sequence < 0x80 {
                    let (part, more) = rest.split_at(rest.len().min(self.size - 5));
                    all.push(next(channel, sequence, part));
                    if keepalive_between {
                        all.push(first(channel ^ 1, KEEPALIVE, 1, &[2]));
                    }
                    sequence += 1;
                    rest = more;
                }
                if let Some(without) = without {
                    all.remove(usize::from(without) % all.len());
                }
                all.iter_mut().for_each(|report| report.resize(self.size, 0));
                all
            }
            Input::Pass { .. } | Input::Cancel => Vec::new(),
        }
    }
}

fn first(channel: u32, command: u8, length: u16, data: &[u8]) -> Vec<u8> {
    let mut report = channel.to_be_bytes().to_vec();
    report.push(0x80 | command);
    report.extend(length.to_be_bytes());
    report.extend(data);
    report
}

fn next(channel: u32, sequence: u8, data: &[u8]) -> Vec<u8> {
    let mut report = channel.to_be_bytes().to_vec();
    report.push(sequence);
    report.extend(data);
    report
}
