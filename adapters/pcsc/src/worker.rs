//! The thread that owns one connection. PC/SC calls block, connect and transaction too, and none but
//! SCardGetStatusChange can be ended from outside: whoever waits gives up, and the thread ends by
//! itself when the call returns.

use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Instant;

use pcsc::{Card, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocol, Protocols, ShareMode};
use zeroize::Zeroizing;

use crate::atr::{is_contactless, takes_extended_length};
use crate::error::{CONNECT, ESTABLISH};
use crate::service::{self, establish, unless_junk};

/// First and longest pause between two tries to connect to a card that is held exclusively.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));
/// A transaction that came too late for whoever asked ends by itself after this.
const UNCLAIMED: Duration = Duration::from_secs(1);

/// How long a thread looks for what comes next before it sleeps: being woken takes longer than an
/// APDU to a fast card does. Slow cards and people are waited for asleep.
const AWAKE: Duration = Duration::from_micros(200);

/// `recv_timeout`, awake at first. Others may have the processor meanwhile.
pub fn receive<T>(receiver: &Receiver<T>, timeout: Duration) -> Result<T, RecvTimeoutError> {
    let begun = Instant::now();
    let awake = AWAKE.min(timeout);
    loop {
        match receiver.try_recv() {
            Ok(value) => return Ok(value),
            Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) if begun.elapsed() < awake => std::thread::yield_now(),
            Err(TryRecvError::Empty) => {
                return receiver.recv_timeout(timeout.saturating_sub(begun.elapsed()));
            }
        }
    }
}

/// What is known about a connected card.
#[derive(Clone, Debug, Default)]
pub struct Connected {
    pub atr: Vec<u8>,
    pub extended_length: bool,
    /// Commands go as TPDUs of T=0: [`as_tpdu`].
    pub tpdu: bool,
}

pub enum Request {
    /// A command APDU; it may hold a Response Code.
    Transmit(Zeroizing<Vec<u8>>),
    Begin(Claim),
    End,
    Reconnect,
}

pub enum Reply {
    Connected(Connected),
    Response(Zeroizing<Vec<u8>>),
    Begun,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// A PC/SC function failed.
    Function { error: Error, function: &'static str },
    /// The service gave what no service may give; the thread has ended.
    Junk,
}

pub type Outcome = Result<Reply, Failure>;

/// Who has a transaction: it may be granted when nobody is waiting for it any longer.
#[derive(Clone, Debug)]
pub struct Claim(Arc<AtomicU8>);

impl Claim {
    const PENDING: u8 = 0;
    const GRANTED: u8 = 1;
    const CLAIMED: u8 = 2;
    const LAPSED: u8 = 3;

    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Self::PENDING)))
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Takes the transaction that was granted; `false` when it has lapsed.
    pub fn claim(&self) -> bool {
        self.change(Self::GRANTED, Self::CLAIMED)
    }

    /// Gives it up, granted or not.
    pub fn give_up(&self) {
        self.0.store(Self::LAPSED, Ordering::Release);
    }

    fn grant(&self) -> bool {
        self.change(Self::PENDING, Self::GRANTED)
    }

    /// Whether it is still somebody's after a wait.
    fn is_claimed(&self) -> bool {
        !self.change(Self::GRANTED, Self::LAPSED) && self.0.load(Ordering::Acquire) == Self::CLAIMED
    }
}

/// The two ends that the channel holds.
pub struct Worker {
    pub requests: Sender<Request>,
    pub replies: Receiver<Outcome>,
}

impl Worker {
    /// Starts a thread that connects to `reader` and then serves requests. The first reply tells
    /// how connecting went; an exclusively held card is tried until `deadline`.
    pub fn start(reader: CString, deadline: Instant) -> std::io::Result<Self> {
        let (requests, served) = mpsc::channel();
        let (replying, replies) = mpsc::channel();
        std::thread::Builder::new()
            .name("pcsc card".to_owned())
            .spawn(move || {
                if unless_junk(|| run(&reader, deadline, &served, &replying)).is_none() {
                    let _ = replying.send(Err(Failure::Junk));
                }
            })?;
        Ok(Self { requests, replies })
    }
}

fn failure(function: &'static str) -> impl Fn(Error) -> Failure {
    move |error| Failure::Function { error, function }
}

fn run(reader: &CString, deadline: Instant, requests: &Receiver<Request>, replies: &Sender<Outcome>) {
    match connect(reader, deadline) {
        Err(error) => drop(replies.send(Err(error))),
        Ok(mut card) => {
            let mut buffer = Zeroizing::new(vec![0; MAX_BUFFER_SIZE_EXTENDED]);
            if replies.send(Ok(Reply::Connected(inspect(&card)))).is_ok() {
                serve(&mut card, requests, replies, &mut buffer);
            }
            // Card's own drop would reset it. Where this fails the service is gone, and so is the
            // connection.
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }
}

fn connect(reader: &CString, deadline: Instant) -> Result<Card, Failure> {
    let mut context = establish().map_err(failure(ESTABLISH))?;
    let mut pause = BACK_OFF.0;
    loop {
        match service::connect(&mut context, reader) {
            Err(Error::SharingViolation) if Instant::now() + pause < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(BACK_OFF.1);
            }
            result => return result.map_err(failure(CONNECT)),
        }
    }
}

fn inspect(card: &Card) -> Connected {
    let Ok(status) = card.status2_owned() else {
        return Connected {
            atr: Vec::new(),
            extended_length: true,
            tpdu: false,
        };
    };
    // T=0 has no extended length without ENVELOPE (ISO 7816-3 §12.2).
    let t0 = status.protocol2() == Some(Protocol::T0);
    Connected {
        // Some readers say T=0 of contactless cards, which take APDUs as they are.
        tpdu: t0 && !is_contactless(status.atr()),
        extended_length: !t0
            && takes_extended_length(status.atr()).unwrap_or(true)
            && reader_takes_extended_length(card).unwrap_or(true),
        atr: status.atr().to_vec(),
    }
}

/// A short command with data and Le goes over T=0 without Le; that there is a response the card tells by 61xx
/// (ISO 7816-3 §12.2.1). Some drivers take it off themselves, others refuse it.
pub fn as_tpdu(apdu: &[u8]) -> &[u8] {
    match apdu {
        [_, _, _, _, length, data @ .., _le] if *length > 0 && data.len() == usize::from(*length) => {
            apdu.split_last().map_or(apdu, |(_, without)| without)
        }
        _ => apdu,
    }
}

/// dwMaxAPDUDataSize of the reader (PC/SC part 10 §2.6.14), 256 if it takes only short APDUs.
fn reader_takes_extended_length(card: &Card) -> Option<bool> {
    const GET_FEATURE_REQUEST: u32 = 3400;
    const GET_TLV_PROPERTIES: u8 = 0x12;
    const MAX_APDU_DATA_SIZE: u8 = 0x0A;
    let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
    let features = card
        .control(pcsc::ctl_code(GET_FEATURE_REQUEST.into()), &[], &mut buffer)
        .ok()?;
    let code: [u8; 4] = tlv(features, GET_TLV_PROPERTIES)?.try_into().ok()?;
    let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
    let properties = card
        .control(u32::from_be_bytes(code).into(), &[], &mut buffer)
        .ok()?;
    let size: [u8; 4] = tlv(properties, MAX_APDU_DATA_SIZE)?.try_into().ok()?;
    Some(u32::from_le_bytes(size) > 256)
}

/// The value of `tag` in a run of one-byte tags and lengths.
fn tlv(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (&[found, length], rest) = bytes.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        if found == tag {
            return Some(value);
        }
        bytes = rest;
    }
}

/// Serves until the channel is dropped.
fn serve(card: &mut Card, requests: &Receiver<Request>, replies: &Sender<Outcome>, buffer: &mut [u8]) {
    while let Ok(request) = receive(requests, Duration::MAX) {
        let outcome = match request {
            Request::Begin(claim) => match card.transaction() {
                Ok(transaction) => {
                    let granted = claim.grant();
                    let open = replies.send(Ok(Reply::Begun)).is_ok();
                    let open = open
                        && (!granted || serve_transaction(&transaction, &claim, requests, replies, buffer));
                    drop(transaction);
                    if !open {
                        return;
                    }
                    continue;
                }
                Err(error) => Err(failure("SCardBeginTransaction")(error)),
            },
            Request::Transmit(apdu) => transmit(card, &apdu, buffer),
            Request::End => continue,
            Request::Reconnect => card
                .reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)
                .map(|()| Reply::Connected(inspect(card)))
                .map_err(failure("SCardReconnect")),
        };
        if replies.send(outcome).is_err() {
            return;
        }
    }
}

/// Serves within a transaction; `false` when the channel was dropped.
fn serve_transaction(
    card: &Card,
    claim: &Claim,
    requests: &Receiver<Request>,
    replies: &Sender<Outcome>,
    buffer: &mut [u8],
) -> bool {
    loop {
        match receive(requests, UNCLAIMED) {
            Ok(Request::Transmit(apdu)) => {
                if replies.send(transmit(card, &apdu, buffer)).is_err() {
                    return false;
                }
            }
            Ok(Request::End) => return true,
            // Neither comes within a transaction: the channel ends it first.
            Ok(Request::Begin(_) | Request::Reconnect) => return false,
            Err(RecvTimeoutError::Timeout) if claim.is_claimed() => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn transmit(card: &Card, apdu: &[u8], buffer: &mut [u8]) -> Outcome {
    match card.transmit(apdu, buffer) {
        // What pcscd gives when the card is taken out during the command.
        Ok(response) if response.len() < 2 => Err(failure("SCardTransmit")(Error::RemovedCard)),
        Ok(response) => Ok(Reply::Response(Zeroizing::new(response.to_vec()))),
        // Readers say "not transacted" when the card leaves the field; the service may know better.
        Err(Error::NotTransacted) => Err(failure("SCardTransmit")(match card.status2_owned() {
            Err(error @ (Error::RemovedCard | Error::NoSmartcard)) => error,
            _ => Error::NotTransacted,
        })),
        Err(error) => Err(failure("SCardTransmit")(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_nobody_waits_for_lapses() {
        let claim = Claim::new();
        assert!(claim.grant());
        assert!(!claim.is_claimed());
        assert!(!claim.claim());

        let claim = Claim::new();
        assert!(claim.grant() && claim.claim() && claim.is_claimed());

        let claim = Claim::new();
        claim.give_up();
        assert!(!claim.grant());
    }

    #[test]
    fn what_comes_is_received_awake_or_asleep() {
        let (sender, receiver) = mpsc::channel();
        sender.send(1).unwrap();
        assert_eq!(receive(&receiver, Duration::ZERO), Ok(1));
        assert_eq!(
            receive(&receiver, Duration::from_millis(1)),
            Err(RecvTimeoutError::Timeout)
        );
        let late = std::thread::spawn(move || {
            std::thread::sleep(20 * AWAKE);
            sender.send(2).unwrap();
        });
        assert_eq!(receive(&receiver, Duration::from_secs(60)), Ok(2));
        late.join().unwrap();
        assert_eq!(
            receive(&receiver, Duration::from_secs(60)),
            Err(RecvTimeoutError::Disconnected)
        );
    }

    #[test]
    fn le_is_taken_off_where_there_is_data_too() {
        let case_4 = [0, 0xA4, 4, 0, 2, 0xA0, 0, 0];
        assert_eq!(as_tpdu(&case_4), &case_4[..7]);
        // Cases 1, 2S, 3S and 4E.
        for other in [
            &[0, 0xC0, 0, 0][..],
            &[0, 0xC0, 0, 0, 0],
            &case_4[..7],
            &[0, 0xA4, 4, 0, 0, 0, 1, 0xA0, 0, 0],
        ] {
            assert_eq!(as_tpdu(other), other);
        }
    }

    #[test]
    fn tlv_finds_and_does_not_panic() {
        let bytes = [0x06, 1, 7, 0x12, 4, 0x42, 0x33, 0, 1];
        assert_eq!(tlv(&bytes, 0x12), Some(&[0x42, 0x33, 0, 1][..]));
        assert_eq!(tlv(&bytes, 0x13), None);
        assert_eq!(tlv(&bytes[..8], 0x12), None);
    }
}
