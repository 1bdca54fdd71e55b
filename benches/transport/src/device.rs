//! The device at the other end of the stack: the software authenticator, or its answers of before.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fido_unlock::Suite;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::ports::{ApduChannel, HidReports, TransportError};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::flash::Flash;
use fido_unlock_mock::framing::MockApdu;
use fido_unlock_tests::{Way, World};

/// Longest APDU of the software authenticator.
const LONGEST: Duration = Duration::from_secs(60);

/// What the host sent once, report or APDU, and what came back.
#[derive(Clone)]
pub struct Exchange {
    pub sent: Vec<u8>,
    pub received: Vec<Vec<u8>>,
}

/// What went over the wire, as the device saw it.
#[derive(Clone, Copy, Default)]
pub struct Traffic {
    pub messages: u64,
    pub sent: u64,
    pub received: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
}

impl Traffic {
    /// What is in it beyond `before`, for each of `count` times.
    pub fn since(self, before: Self, count: usize) -> Self {
        let each = |now: u64, then: u64| (now - then) / count as u64;
        Self {
            messages: each(self.messages, before.messages),
            sent: each(self.sent, before.sent),
            received: each(self.received, before.received),
            bytes_sent: each(self.bytes_sent, before.bytes_sent),
            bytes_received: each(self.bytes_received, before.bytes_received),
        }
    }
}

#[derive(Default)]
struct Line {
    traffic: Traffic,
    record: Option<Vec<Exchange>>,
    /// Given instead of the authenticator's answers, round and round.
    recorded: Vec<Exchange>,
    next: usize,
}

/// The wire between the stack and the device.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Line>>);

impl Wire {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap()
    }

    /// What the device says to `sent`; `authenticator` answers where nothing is played back.
    pub fn answer(&self, sent: &[u8], authenticator: impl FnOnce() -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let mut line = self.line();
        let next = line.next;
        let received = if let Some(exchange) = line.recorded.get(next) {
            assert_eq!(
                sent.len(),
                exchange.sent.len(),
                "another message than the recorded one"
            );
            let received = exchange.received.clone();
            line.next = (next + 1) % line.recorded.len();
            received
        } else {
            authenticator()
        };
        line.traffic.sent += 1;
        line.traffic.bytes_sent += sent.len() as u64;
        line.traffic.received += received.len() as u64;
        line.traffic.bytes_received += received.iter().map(Vec::len).sum::<usize>() as u64;
        if let Some(record) = &mut line.record {
            record.push(Exchange {
                sent: sent.to_vec(),
                received: received.clone(),
            });
        }
        received
    }

    /// Runs `work` and gives what went over the wire meanwhile.
    pub fn record(&self, work: impl FnOnce()) -> Vec<Exchange> {
        self.line().record = Some(Vec::new());
        work();
        self.line().record.take().unwrap()
    }

    /// Answers with `recorded` while `work` runs.
    pub fn play<R>(&self, recorded: &[Exchange], work: impl FnOnce() -> R) -> R {
        {
            let mut line = self.line();
            line.recorded = recorded.to_vec();
            line.next = 0;
        }
        let result = work();
        self.line().recorded.clear();
        result
    }
}

/// An enrolled key with a PIN, and itself with that PIN blocked.
pub struct Key {
    pub world: World,
    pub wire: Wire,
    with_pin: Flash,
    blocked: Flash,
}

impl Key {
    pub fn new(way: Way) -> Self {
        let world = World::with_authenticator(
            way,
            Suite::P256EcdhMac,
            PinProtocol::Two,
            EnrollOptions::default(),
            // ctap-hid-fido2 changes PINs with protocol one alone.
            |builder| builder.protocols(&[PinProtocol::Two, PinProtocol::One]),
        );
        let with_pin = world.flash();
        world.block();
        let blocked = world.flash();
        // The last one: handles of the stack stay good.
        world.device.replug();
        Self {
            world,
            wire: Wire::default(),
            with_pin,
            blocked,
        }
    }

    pub fn traffic(&self) -> Traffic {
        Traffic {
            messages: self.world.device.messages(),
            ..self.wire.line().traffic
        }
    }

    /// The PIN is [`fido_unlock_tests::OLD_PIN`].
    pub fn set_pin(&self) {
        self.set(&self.with_pin);
    }

    /// The PIN is blocked, and no challenge is pending.
    pub fn block(&self) {
        self.set(&self.blocked);
    }

    /// What stands in its flash.
    pub fn snapshot(&self) -> Flash {
        self.world.flash()
    }

    /// Puts that back.
    pub fn set(&self, flash: &Flash) {
        self.world.store().with_flash(|place| *place = flash.clone());
    }
}

/// The authenticator's answer to an APDU, whoever reset the card before.
pub fn apdu(card: &mut MockApdu<SoftAuthenticator>, apdu: &[u8]) -> Vec<u8> {
    loop {
        match card.transmit(apdu, LONGEST) {
            Ok(response) => return response,
            Err(TransportError::CardReset) => card.reconnect(LONGEST).unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The authenticator's reports after one of the host's.
pub fn reports(hid: &mut impl HidReports, report: &[u8]) -> Vec<Vec<u8>> {
    hid.write_report(report).unwrap();
    let mut buffer = vec![0; report.len()];
    std::iter::from_fn(|| {
        let length = hid.read_report(&mut buffer, Duration::ZERO).unwrap();
        (length > 0).then(|| buffer[..length].to_vec())
    })
    .collect()
}
