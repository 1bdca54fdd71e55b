//! The device's side of CTAPHID (CTAP 2.1 §11.2).

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use fido_unlock_host::framing::Interface;
use fido_unlock_host::framing::ctaphid::{
    Assembly, BROADCAST_CHANNEL, Packet, capability, command, error_code, max_message_size, packet,
    packet_count,
};

use super::CtapHandler;
use super::engine::{Engine, Event};

/// A message whose next packet does not come for this long is given up (ERR_MSG_TIMEOUT), unless set otherwise.
const RECEIVE_TIMEOUT: Duration = Duration::from_millis(500);
/// Reports kept for a program that does not read; the oldest go first, as in the operating system.
const OUTBOX: usize = 1024;
const PROTOCOL_VERSION: u8 = 2;

struct Receiving {
    channel: u32,
    command: u8,
    assembly: Assembly,
    last_packet: Duration,
}

/// One HID interface. Channels cost no memory: those up to `last_channel` are allocated.
pub(super) struct HidDevice {
    interface: Interface,
    report_size: usize,
    receive_timeout: Duration,
    oldest_channel: u32,
    last_channel: u32,
    receiving: Option<Receiving>,
    outboxes: BTreeMap<u64, VecDeque<Vec<u8>>>,
}

impl HidDevice {
    pub(super) fn new(interface: Interface) -> Self {
        Self {
            interface,
            report_size: 64,
            receive_timeout: RECEIVE_TIMEOUT,
            oldest_channel: 1,
            last_channel: 0,
            receiving: None,
            outboxes: BTreeMap::new(),
        }
    }

    pub(super) fn set_report_size(&mut self, report_size: usize) {
        self.report_size = report_size;
    }

    pub(super) fn set_receive_timeout(&mut self, receive_timeout: Duration) {
        self.receive_timeout = receive_timeout;
    }

    pub(super) fn report_size(&self) -> usize {
        self.report_size
    }

    /// A program opens the interface: from now on it gets every report, as all who have it open do.
    pub(super) fn open(&mut self, opener: u64) {
        self.outboxes.insert(opener, VecDeque::new());
    }

    pub(super) fn close(&mut self, opener: u64) {
        self.outboxes.remove(&opener);
    }

    pub(super) fn take_report(&mut self, opener: u64) -> Option<Vec<u8>> {
        self.outboxes.get_mut(&opener)?.pop_front()
    }

    /// Sends a report by itself, to all who have the interface open.
    pub(super) fn push_report(&mut self, report: &[u8]) {
        for outbox in self.outboxes.values_mut() {
            if outbox.len() == OUTBOX {
                outbox.pop_front();
            }
            outbox.push_back(report.to_vec());
        }
    }

    /// Channels of before are unknown from now on.
    pub(super) fn power_cycle(&mut self) {
        self.oldest_channel = self.last_channel.wrapping_add(1);
        self.receiving = None;
        self.outboxes.values_mut().for_each(VecDeque::clear);
    }

    /// When [`HidDevice::poll`] has something to do next.
    pub(super) fn due(&self) -> Option<Duration> {
        self.receiving
            .as_ref()
            .map(|receiving| receiving.last_packet + self.receive_timeout)
    }

    pub(super) fn poll<A: CtapHandler + Send + 'static>(&mut self, engine: &mut Engine<A>, now: Duration) {
        let longest = self.receive_timeout;
        if let Some(receiving) = self.receiving.take_if(|r| now >= r.last_packet + longest) {
            self.error(receiving.channel, error_code::MSG_TIMEOUT);
        }
        while let Some((interface, channel)) = engine.owner() {
            // Channel 0 is the card's.
            if interface != self.interface || channel == 0 {
                return;
            }
            let Some(event) = engine.poll(interface, now) else {
                return;
            };
            self.tell(channel, &event);
        }
    }

    pub(super) fn on_report<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        now: Duration,
        report: &[u8],
    ) {
        self.poll(engine, now);
        match Packet::parse(report) {
            None => {}
            Some(Packet::Init {
                channel,
                command: command::INIT,
                length,
                data,
            }) => self.initialize(engine, channel, length, data),
            Some(Packet::Init { channel, .. }) if !self.is_allocated(channel) => {
                self.error(channel, error_code::INVALID_CHANNEL);
            }
            // Reaches only its own channel, and is not answered itself (§11.2.9.1.5).
            Some(Packet::Init {
                channel,
                command: command::CANCEL,
                ..
            }) => {
                engine.cancel((self.interface, channel), now);
                self.poll(engine, now);
            }
            Some(Packet::Init { channel, .. })
                if self.receiving.as_ref().is_some_and(|r| r.channel == channel) =>
            {
                self.receiving = None;
                self.error(channel, error_code::INVALID_SEQ);
            }
            Some(Packet::Init { channel, .. }) if self.receiving.is_some() || engine.owner().is_some() => {
                self.error(channel, error_code::CHANNEL_BUSY);
            }
            Some(Packet::Init { channel, length, .. })
                if usize::from(length) > max_message_size(self.report_size) =>
            {
                self.error(channel, error_code::INVALID_LEN);
            }
            Some(Packet::Init {
                channel,
                command,
                length,
                data,
            }) => {
                self.receiving = Some(Receiving {
                    channel,
                    command,
                    assembly: Assembly::begin(length, data),
                    last_packet: now,
                });
                self.dispatch(engine, now);
            }
            Some(Packet::Continuation {
                channel,
                sequence,
                data,
            }) => self.continue_message(engine, now, channel, sequence, data),
        }
    }

    fn continue_message<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        now: Duration,
        channel: u32,
        sequence: u8,
        data: &[u8],
    ) {
        let Some(receiving) = self.receiving.as_mut().filter(|r| r.channel == channel) else {
            return;
        };
        receiving.last_packet = now;
        if receiving.assembly.push(sequence, data).is_err() {
            self.receiving = None;
            self.error(channel, error_code::INVALID_SEQ);
        } else {
            self.dispatch(engine, now);
        }
    }

    fn is_allocated(&self, channel: u32) -> bool {
        (self.oldest_channel..=self.last_channel).contains(&channel) && channel != BROADCAST_CHANNEL
    }

    fn initialize<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        channel: u32,
        length: u16,
        data: &[u8],
    ) {
        let nonce = match data.split_first_chunk::<8>() {
            Some((nonce, _)) if length == 8 => nonce,
            _ => return self.error(channel, error_code::INVALID_LEN),
        };
        let given = if channel == BROADCAST_CHANNEL {
            self.last_channel = match self.last_channel.wrapping_add(1) {
                // All numbers were given: those of before are unknown from now on.
                0 | BROADCAST_CHANNEL => {
                    self.oldest_channel = 1;
                    1
                }
                next => next,
            };
            self.last_channel
        } else if self.is_allocated(channel) {
            if engine.owner() == Some((self.interface, channel)) {
                engine.abort();
            }
            self.receiving.take_if(|receiving| receiving.channel == channel);
            channel
        } else {
            return self.error(channel, error_code::INVALID_CHANNEL);
        };
        let mut answer = nonce.to_vec();
        answer.extend(given.to_be_bytes());
        answer.extend([PROTOCOL_VERSION, 1, 0, 0]);
        answer.push(capability::WINK | capability::CBOR | capability::NMSG);
        self.send(channel, command::INIT, &answer);
    }

    fn dispatch<A: CtapHandler + Send + 'static>(&mut self, engine: &mut Engine<A>, now: Duration) {
        let Some(Receiving {
            channel,
            command,
            assembly,
            ..
        }) = self
            .receiving
            .take_if(|receiving| receiving.assembly.is_complete())
        else {
            return;
        };
        match command {
            command::CBOR if assembly.data().is_empty() => self.error(channel, error_code::INVALID_LEN),
            command::CBOR => {
                let message = assembly.data().to_vec();
                if let Some(event) = engine.start((self.interface, channel), message, now) {
                    self.tell(channel, &event);
                }
                self.poll(engine, now);
            }
            command::PING => self.send(channel, command::PING, assembly.data()),
            command::WINK => self.send(channel, command::WINK, &[]),
            _ => self.error(channel, error_code::INVALID_CMD),
        }
    }

    fn tell(&mut self, channel: u32, event: &Event) {
        match event {
            Event::KeepAlive(status) => self.send(channel, command::KEEPALIVE, &[*status]),
            Event::Answer(answer) => self.send(channel, command::CBOR, answer),
        }
    }

    fn error(&mut self, channel: u32, code: u8) {
        self.send(channel, command::ERROR, &[code]);
    }

    fn send(&mut self, channel: u32, command: u8, message: &[u8]) {
        for index in 0..packet_count(message.len(), self.report_size) {
            let Some(report) = packet(channel, command, message, index, self.report_size) else {
                return;
            };
            self.push_report(&report);
        }
    }
}
