//! A handler whose messages say what is to be done, a cancel that strikes at the n-th look, and the
//! making of transports.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fido_unlock::host::framing::{HidTransport, Interface, NfcTransport};
use fido_unlock::host::ports::{
    ApduChannel, Call, Cancel, HidReports, NeverCancel, ProgressEvent, Ticks, Transport, TransportError,
};
use fido_unlock::ports::{Entropy, EntropyError};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::{CtapHandler, Device, MockApdu, MockHid};

pub const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Scripted {
    /// Messages that were carried out to their end.
    pub done: Vec<Vec<u8>>,
    pub power_cycles: u32,
}

/// Answers a zero byte and the message.
pub fn echo(length: usize) -> Vec<u8> {
    let mut message = vec![0x55, 0];
    message.extend((2..length).map(|i| (i % 251) as u8));
    message.truncate(length.max(2));
    message
}

pub fn echoed(message: &[u8]) -> Vec<u8> {
    [&[0], message].concat()
}

/// Answers that many bytes, of which the first is zero.
pub fn answer_of(length: u32) -> Vec<u8> {
    let mut message = vec![0x55, 1];
    message.extend(length.to_be_bytes());
    message
}

pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

/// Gives these keep-alives, then answers a zero byte; padded to `length` bytes.
pub fn keepalives(statuses: &[u8], length: usize) -> Vec<u8> {
    let mut message = vec![0x55, 2, statuses.len() as u8];
    message.extend(statuses);
    message.resize(length.max(message.len()), 0);
    message
}

/// Waits for a touch that never comes.
pub const ENDLESS: &[u8] = &[0x55, 3, 2];
/// Works for ever.
pub const ENDLESS_PROCESSING: &[u8] = &[0x55, 3, 1];
pub const PANIC: &[u8] = &[0x55, 4];

impl CtapHandler for Scripted {
    fn handle(&mut self, _: Interface, message: &[u8], keepalive: &mut dyn FnMut(u8) -> bool) -> Vec<u8> {
        let answer = match message[1] {
            0 => echoed(message),
            1 => pattern(u32::from_be_bytes(message[2..6].try_into().unwrap()) as usize),
            2 => {
                for status in &message[3..3 + usize::from(message[2])] {
                    if keepalive(*status) {
                        return vec![0x2D];
                    }
                }
                vec![0]
            }
            3 => {
                while !keepalive(message[2]) {}
                return vec![0x2D];
            }
            _ => panic!("planted"),
        };
        self.done.push(message.to_vec());
        answer
    }

    fn power_cycle(&mut self) {
        self.power_cycles += 1;
    }
}

/// Nonces that count, each given once: every program that has the device open sees all answers.
#[derive(Default)]
pub struct Counter;

static NONCES: AtomicU64 = AtomicU64::new(1);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(&NONCES.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Ok(())
    }
}

/// Is set from the n-th look on.
pub struct CancelAtLook {
    looks: Cell<u32>,
    at: u32,
}

impl CancelAtLook {
    pub fn new(at: u32) -> Self {
        Self {
            looks: Cell::new(0),
            at,
        }
    }

    pub fn struck(&self) -> bool {
        self.looks.get() > self.at
    }
}

impl Cancel for CancelAtLook {
    fn is_cancelled(&self) -> bool {
        self.looks.set(self.looks.get() + 1);
        self.struck()
    }
}

pub type Hid = HidTransport<MockHid<Scripted>, Counter>;
pub type Nfc = NfcTransport<MockApdu<Scripted>>;

pub fn device() -> (Device<Scripted>, TestTicks) {
    let ticks = TestTicks::new();
    (Device::new(Scripted::default(), ticks.clone()), ticks)
}

pub fn hid_of(device: &Device<Scripted>) -> Hid {
    HidTransport::new(device.hid(Interface::Fido), Counter, Interface::Fido)
}

pub fn nfc_of(device: &Device<Scripted>) -> Nfc {
    NfcTransport::new(device.card(), Interface::Vendor)
}

pub struct Outcome {
    pub result: Result<Vec<u8>, TransportError>,
    pub events: Vec<ProgressEvent>,
    pub took: Duration,
}

pub fn run(
    transport: &mut impl Transport,
    ticks: &TestTicks,
    message: &[u8],
    within: Duration,
    cancel: &dyn Cancel,
) -> Outcome {
    let mut events = Vec::new();
    let begun = ticks.now();
    let mut progress = |event| events.push(event);
    let mut call = Call::new(ticks, within, cancel, &mut progress);
    let result = transport.transact(message, &mut call);
    Outcome {
        result,
        took: ticks.now() - begun,
        events,
    }
}

pub fn transact(
    transport: &mut impl Transport,
    ticks: &TestTicks,
    message: &[u8],
) -> Result<Vec<u8>, TransportError> {
    run(transport, ticks, message, 2 * SECOND, &NeverCancel).result
}

/// Whether the transport still works as if nothing had been.
#[track_caller]
pub fn assert_clean(transport: &mut impl Transport, ticks: &TestTicks) {
    let message = echo(300);
    assert_eq!(transact(transport, ticks, &message), Ok(echoed(&message)));
}

/// Commands of the initialization packets that were written.
pub fn commands(hid: &Hid) -> Vec<u8> {
    let written = hid.reports().written();
    written
        .iter()
        .filter(|r| r[4] & 0x80 != 0)
        .map(|r| r[4] & 0x7F)
        .collect()
}

pub fn count_cancels(hid: &Hid) -> usize {
    commands(hid)
        .into_iter()
        .filter(|command| *command == 0x11)
        .count()
}

/// CLA INS P1 of each APDU that was sent.
pub fn apdu_heads(nfc: &Nfc) -> Vec<[u8; 3]> {
    let sent = nfc.channel().sent();
    sent.iter().map(|apdu| [apdu[0], apdu[1], apdu[2]]).collect()
}

/// A HID interface that says the same for ever, a report each millisecond.
pub struct Endless<'a> {
    pub ticks: &'a TestTicks,
    pub report: Vec<u8>,
    pub written: usize,
}

impl HidReports for Endless<'_> {
    fn write_report(&mut self, _: &[u8]) -> Result<(), TransportError> {
        self.written += 1;
        Ok(())
    }

    fn read_report(&mut self, report: &mut [u8], _: Duration) -> Result<usize, TransportError> {
        self.ticks.advance(Duration::from_millis(1));
        report[..self.report.len()].copy_from_slice(&self.report);
        Ok(self.report.len())
    }
}

/// A card that answers from a list, then 6F00, and keeps what it was asked and how long it might take.
pub struct ScriptedCard<'a> {
    pub answers: Vec<&'a [u8]>,
    pub asked: Vec<(Vec<u8>, Duration)>,
}

impl ApduChannel for ScriptedCard<'_> {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        self.asked.push((apdu.to_vec(), timeout));
        let answer = self.answers.get(self.asked.len() - 1);
        Ok(answer.map_or_else(|| vec![0x6F, 0], |answer| answer.to_vec()))
    }
}

/// A card behind a driver that takes Le off where there is data too, and takes short APDUs alone (T=0).
pub struct WithoutLe<C>(pub C);

impl<C: ApduChannel> ApduChannel for WithoutLe<C> {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let has_both = apdu.len() > 5 && apdu.len() == usize::from(apdu[4]) + 6;
        let end = if has_both { apdu.len() - 1 } else { apdu.len() };
        self.0.transmit(&apdu[..end], timeout)
    }

    fn extended_length(&self) -> bool {
        false
    }
}

/// A card that works for ever, in a reader that can be left to itself; nobody can connect to it again.
pub struct DeafCard<'a> {
    pub ticks: &'a TestTicks,
    /// Another program reset it.
    pub was_reset: bool,
}

impl DeafCard<'_> {
    fn wait(&self, cancel: &dyn Cancel, timeout: Duration) -> TransportError {
        let end = self.ticks.now() + timeout;
        while self.ticks.now() < end {
            if cancel.is_cancelled() {
                return TransportError::Cancelled;
            }
            self.ticks.advance(Duration::from_millis(10));
        }
        TransportError::DeadlineExceeded
    }
}

impl ApduChannel for DeafCard<'_> {
    fn transmit(&mut self, _: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        Err(self.wait(&NeverCancel, timeout))
    }

    fn transmit_unless(
        &mut self,
        cancel: &dyn Cancel,
        _: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        Err(self.wait(cancel, timeout))
    }

    fn begin_transaction(&mut self, _: Duration) -> Result<(), TransportError> {
        if self.was_reset {
            return Err(TransportError::CardReset);
        }
        Ok(())
    }

    fn reconnect_unless(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<(), TransportError> {
        Err(self.wait(cancel, timeout))
    }
}

/// Is set from this moment on.
pub struct CancelAt<'a> {
    pub ticks: &'a TestTicks,
    pub at: Duration,
}

impl Cancel for CancelAt<'_> {
    fn is_cancelled(&self) -> bool {
        self.ticks.now() >= self.at
    }
}
