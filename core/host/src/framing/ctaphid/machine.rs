//! The host's side of one CTAPHID transaction (CTAP 2.1 §11.2.5), sans-IO.
//!
//! ```text
//! Allocate ─INIT─► AwaitChannel ─nonce's answer─► Sending ─last packet─► AwaitAnswer ─► Receiving ─► over
//!                                                    ▲ │ cancel             │ ERR_CHANNEL_BUSY
//!                                                    │ └─INIT─► Resync      ▼
//!                                                    └───── 100 ms ─────── Busy
//! ```
//!
//! A cancel, or the deadline, sends CTAPHID_CANCEL once and drains the answer, so that the next
//! transaction on the channel does not find it. Where a message is only half sent there is
//! nothing to cancel yet: CTAPHID_INIT on the own channel makes the device forget it.

use alloc::vec::Vec;
use core::time::Duration;

use zeroize::Zeroizing;

use super::{Assembly, BROADCAST_CHANNEL, MIN_REPORT_SIZE, Packet, command, error_code};
use super::{max_message_size, packet, packet_count};
use crate::framing::{Machine, Step};
use crate::ports::{ProgressEvent, TransportError};
use crate::trace::trace_event;

/// How long the answer to CTAPHID_CANCEL is waited for when the person cancelled.
const DRAIN_AFTER_CANCEL: Duration = Duration::from_millis(500);
/// The same when the deadline has passed.
const DRAIN_AFTER_DEADLINE: Duration = Duration::from_millis(100);
/// Pause before a busy device is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// CTAP2_ERR_KEEPALIVE_CANCEL.
const KEEPALIVE_CANCEL: u8 = 0x2D;
const NONCE_SIZE: usize = 8;
/// Nonce, channel, protocol version, device version (3), capabilities.
const INIT_ANSWER_SIZE: u16 = 17;

enum Phase {
    Allocate,
    AwaitChannel { retry_at: Option<Duration> },
    Sending { index: usize },
    AwaitAnswer,
    Receiving(Assembly),
    Busy { retry_at: Duration },
    Resync,
    Over,
}

/// Why the transaction is being given up, and until when its answer is drained.
struct Stop {
    reason: TransportError,
    until: Duration,
}

/// One CTAP2 message and its answer over CTAPHID.
pub struct CtapHidMachine<'m> {
    report_size: usize,
    message: &'m [u8],
    nonce: [u8; NONCE_SIZE],
    nonce_used: bool,
    deadline: Duration,
    phase: Phase,
    channel: Option<u32>,
    capabilities: Option<u8>,
    urgent: Option<Zeroizing<Vec<u8>>>,
    stop: Option<Stop>,
    last_status: Option<u8>,
    progress: Option<ProgressEvent>,
    outcome: Option<Result<Vec<u8>, TransportError>>,
    message_sent: bool,
}

impl<'m> CtapHidMachine<'m> {
    /// A transaction that sends `message` over reports of `report_size` bytes.
    ///
    /// `channel` is the one that an earlier transaction left ([`CtapHidMachine::channel`]); without
    /// it one is allocated. `nonce` must be fresh random bytes: only the answer that repeats them
    /// is ours. A message that does not fit fails with [`TransportError::MessageTooLarge`] before
    /// anything is sent.
    #[must_use]
    pub fn new(
        report_size: usize,
        channel: Option<u32>,
        nonce: [u8; 8],
        message: &'m [u8],
        deadline: Duration,
    ) -> Self {
        let mut machine = Self {
            report_size,
            message,
            nonce,
            nonce_used: false,
            deadline,
            phase: match channel {
                Some(_) => Phase::Sending { index: 0 },
                None => Phase::Allocate,
            },
            channel,
            capabilities: None,
            urgent: None,
            stop: None,
            last_status: None,
            progress: None,
            outcome: None,
            message_sent: false,
        };
        if report_size < MIN_REPORT_SIZE {
            machine.finish(Err(TransportError::Framing {
                detail: "HID reports are too small for CTAPHID",
            }));
        } else if message.len() > max_message_size(report_size) {
            machine.finish(Err(TransportError::MessageTooLarge));
        }
        machine
    }

    /// The channel for the next transaction; `None` where this one left it in a doubtful state, so
    /// that a new one must be allocated.
    #[must_use]
    pub const fn channel(&self) -> Option<u32> {
        match self.phase {
            Phase::Over => self.channel,
            _ => None,
        }
    }

    /// Capability bits ([`super::capability`]), where this transaction allocated the channel.
    #[must_use]
    pub const fn capabilities(&self) -> Option<u8> {
        self.capabilities
    }

    /// Whether a CTAPHID_INIT was sent, so that the nonce is known to whoever reads the bus.
    pub(crate) const fn is_nonce_used(&self) -> bool {
        self.nonce_used
    }

    fn finish(&mut self, outcome: Result<Vec<u8>, TransportError>) {
        self.phase = Phase::Over;
        self.urgent = None;
        self.outcome = Some(outcome);
    }

    /// Fails because of what the device sent; the channel is not used again.
    fn finish_broken(&mut self, detail: &'static str) {
        self.channel = None;
        self.finish(Err(TransportError::Framing { detail }));
    }

    fn give_up(&mut self, now: Duration, reason: TransportError, drain: Duration) {
        if self.stop.is_some() {
            return;
        }
        trace_event!("CTAPHID: giving up: {reason}");
        let until = (now + drain).min(self.deadline.max(now) + DRAIN_AFTER_DEADLINE);
        match (&self.phase, self.channel) {
            (Phase::Over, _) => return,
            (Phase::Sending { index }, Some(channel)) if *index > 0 => {
                self.urgent = packet(channel, command::INIT, &self.nonce, 0, self.report_size);
                self.nonce_used = true;
                self.phase = Phase::Resync;
            }
            (Phase::AwaitAnswer, Some(channel)) => {
                self.urgent = packet(channel, command::CANCEL, &[], 0, self.report_size);
            }
            (Phase::Receiving(_) | Phase::Resync, Some(_)) => {}
            // Nothing runs on the device.
            _ => {
                self.finish(Err(reason));
                return;
            }
        }
        self.stop = Some(Stop { reason, until });
    }

    fn next(&mut self, now: Duration) -> Step {
        if let Some(event) = self.progress.take() {
            return Step::Progress(event);
        }
        if self.stop.is_none() && now >= self.deadline {
            let reason = match self.phase {
                Phase::Busy { .. } | Phase::AwaitChannel { retry_at: Some(_) } => TransportError::Busy,
                _ => TransportError::DeadlineExceeded,
            };
            self.give_up(now, reason, DRAIN_AFTER_DEADLINE);
        }
        if let Some(report) = self.urgent.take() {
            return Step::Send(report);
        }
        let drained = self.stop.as_ref().filter(|stop| now >= stop.until);
        if let (Some(stop), None) = (drained, &self.outcome) {
            let reason = stop.reason.clone();
            self.channel = None;
            self.finish(Err(reason));
        }
        match self.outcome.take() {
            Some(Ok(answer)) => return Step::Done(answer),
            Some(Err(error)) => return Step::Failed(error),
            None => {}
        }
        match self.phase {
            Phase::Allocate => self.send_init(),
            Phase::AwaitChannel { retry_at: Some(at) } if now >= at => self.send_init(),
            Phase::Busy { retry_at } if now >= retry_at => self.send_packet(0),
            Phase::Sending { index } => self.send_packet(index),
            Phase::Over => Step::Failed(TransportError::Framing {
                detail: "the transaction is over",
            }),
            Phase::AwaitChannel { retry_at: Some(at) } | Phase::Busy { retry_at: at } => {
                Step::WaitUntil(at.min(self.deadline))
            }
            _ => Step::WaitUntil(self.stop.as_ref().map_or(self.deadline, |stop| stop.until)),
        }
    }

    fn send_init(&mut self) -> Step {
        self.phase = Phase::AwaitChannel { retry_at: None };
        self.nonce_used = true;
        self.send(packet(
            BROADCAST_CHANNEL,
            command::INIT,
            &self.nonce,
            0,
            self.report_size,
        ))
    }

    fn send_packet(&mut self, index: usize) -> Step {
        let channel = self.channel.unwrap_or(BROADCAST_CHANNEL);
        self.phase = if index + 1 < packet_count(self.message.len(), self.report_size) {
            Phase::Sending { index: index + 1 }
        } else {
            trace_event!("CTAPHID: sent {} bytes", self.message.len());
            self.message_sent = true;
            Phase::AwaitAnswer
        };
        self.send(packet(
            channel,
            command::CBOR,
            self.message,
            index,
            self.report_size,
        ))
    }

    fn send(&mut self, report: Option<Zeroizing<Vec<u8>>>) -> Step {
        match report {
            Some(report) => Step::Send(report),
            None => Step::Failed(TransportError::MessageTooLarge),
        }
    }

    fn absorb(&mut self, now: Duration, report: &[u8]) {
        let Some(packet) = Packet::parse(report) else {
            trace_event!("CTAPHID: skipped {} bytes that are no packet", report.len());
            return;
        };
        if let Phase::AwaitChannel { .. } = self.phase {
            self.absorb_channel(now, packet);
        } else if Some(packet.channel()) != self.channel {
            trace_event!("CTAPHID: skipped a packet of another channel");
        } else if let Phase::Resync = self.phase {
            self.absorb_resync(packet);
        } else if let Packet::Init {
            command: command::ERROR,
            data,
            ..
        } = packet
        {
            self.absorb_error(now, data.first().copied().unwrap_or(error_code::OTHER));
        } else if let Packet::Init {
            command: command::KEEPALIVE,
            data,
            ..
        } = packet
        {
            self.absorb_keepalive(data.first().copied().unwrap_or_default());
        } else {
            self.absorb_answer(packet, report.len());
        }
    }

    fn absorb_channel(&mut self, now: Duration, packet: Packet<'_>) {
        match packet {
            Packet::Init {
                channel: BROADCAST_CHANNEL,
                command: command::INIT,
                length: INIT_ANSWER_SIZE..,
                data,
            } => {
                let Some((nonce, rest)) = data.split_first_chunk::<NONCE_SIZE>() else {
                    return;
                };
                let Some((channel, rest)) = rest.split_first_chunk::<4>() else {
                    return;
                };
                if *nonce != self.nonce {
                    trace_event!("CTAPHID: skipped the answer to another INIT");
                    return;
                }
                let channel = u32::from_be_bytes(*channel);
                if channel == 0 || channel == BROADCAST_CHANNEL {
                    self.finish_broken("the device gave a reserved channel");
                    return;
                }
                self.channel = Some(channel);
                self.capabilities = rest.get(4).copied();
                self.phase = Phase::Sending { index: 0 };
            }
            Packet::Init {
                channel: BROADCAST_CHANNEL,
                command: command::ERROR,
                data: [error_code::CHANNEL_BUSY, ..],
                ..
            } => {
                self.phase = Phase::AwaitChannel {
                    retry_at: Some(now + BUSY_PAUSE),
                };
            }
            // Another program's, or left over from one.
            _ => {}
        }
    }

    fn absorb_resync(&mut self, packet: Packet<'_>) {
        if let Packet::Init {
            command: command::INIT,
            data,
            ..
        } = packet
            && data.starts_with(&self.nonce)
        {
            let reason = self.stop.as_ref().map(|stop| stop.reason.clone());
            self.finish(Err(reason.unwrap_or(TransportError::Cancelled)));
        }
    }

    fn absorb_error(&mut self, now: Duration, code: u8) {
        trace_event!("CTAPHID: error {code:#04x}");
        match (self.stop.as_ref().map(|stop| stop.reason.clone()), &self.phase) {
            (_, Phase::Over | Phase::Allocate | Phase::Busy { .. }) => {}
            // The last word on why the message was never taken.
            (Some(TransportError::DeadlineExceeded), _) if code == error_code::CHANNEL_BUSY => {
                self.finish(Err(TransportError::Busy));
            }
            (Some(reason), _) => self.finish(Err(reason)),
            (None, Phase::Sending { .. } | Phase::AwaitAnswer) if code == error_code::CHANNEL_BUSY => {
                self.phase = Phase::Busy {
                    retry_at: now + BUSY_PAUSE,
                };
            }
            (None, _) => {
                self.channel = None;
                self.finish(Err(TransportError::Refused {
                    origin: "CTAPHID_ERROR",
                    value: u16::from(code),
                }));
            }
        }
    }

    fn absorb_keepalive(&mut self, status: u8) {
        if !matches!(self.phase, Phase::AwaitAnswer) || self.last_status == Some(status) {
            return;
        }
        self.last_status = Some(status);
        self.progress = Some(ProgressEvent::from_keepalive(status));
    }

    fn absorb_answer(&mut self, packet: Packet<'_>, report_length: usize) {
        match (&mut self.phase, packet) {
            (
                Phase::AwaitAnswer,
                Packet::Init {
                    command: command::CBOR,
                    length,
                    data,
                    ..
                },
            ) => {
                if length == 0 {
                    self.finish_broken("the answer has no status byte");
                } else if usize::from(length) > max_message_size(report_length) {
                    self.finish_broken("the answer claims to be larger than CTAPHID can carry");
                } else {
                    self.urgent = None;
                    self.phase = Phase::Receiving(Assembly::begin(length, data));
                    self.finish_if_complete();
                }
            }
            (Phase::AwaitAnswer, Packet::Continuation { .. }) => {
                self.finish_broken("the answer's first packet is missing");
            }
            (Phase::AwaitAnswer, Packet::Init { .. }) => {
                self.finish_broken("the answer is to another command");
            }
            (Phase::Receiving(assembly), Packet::Continuation { sequence, data, .. }) => {
                if assembly.push(sequence, data).is_err() {
                    self.finish_broken("a packet of the answer is missing or doubled");
                } else {
                    self.finish_if_complete();
                }
            }
            (Phase::Receiving(_), Packet::Init { .. }) => {
                self.finish_broken("a new message inside the answer");
            }
            _ => {}
        }
    }

    fn finish_if_complete(&mut self) {
        let Phase::Receiving(assembly) = &mut self.phase else {
            return;
        };
        if !assembly.is_complete() {
            return;
        }
        let answer = assembly.take();
        trace_event!("CTAPHID: received {} bytes", answer.len());
        // An answer that was ready before the cancel came is the truth: it is given.
        let outcome = match &self.stop {
            Some(stop) if answer.first() == Some(&KEEPALIVE_CANCEL) => Err(stop.reason.clone()),
            _ => Ok(answer),
        };
        self.finish(outcome);
    }
}

impl Machine for CtapHidMachine<'_> {
    fn on_time(&mut self, now: Duration) -> Step {
        self.next(now)
    }

    fn on_bytes(&mut self, now: Duration, bytes: &[u8]) -> Step {
        self.absorb(now, bytes);
        self.next(now)
    }

    fn is_message_sent(&self) -> bool {
        self.message_sent
    }

    fn cancel(&mut self, now: Duration) {
        self.give_up(now, TransportError::Cancelled, DRAIN_AFTER_CANCEL);
    }
}
