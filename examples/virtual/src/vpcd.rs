//! A card in a reader of vpcd, pcscd's driver for virtual readers (vsmartcard): a TCP client of the
//! reader. Frames are a length (2 bytes, big-endian) and bytes; one byte is a control code, of which
//! only 4 is answered, with the ATR.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fido_unlock_host::ports::{ApduChannel, TransportError};

use crate::key::{Authenticator, Key, Port, random};
use fido_unlock_host::framing::nfc::status_word;
use fido_unlock_mock::framing::{CardFaults, MockApdu};

const POWER_OFF: u8 = 0;
const RESET: u8 = 2;
const GIVE_ATR: u8 = 4;
/// Between two looks whether the reader is there.
const RETRY: Duration = Duration::from_millis(100);
/// More than any wait for a touch.
const LONGEST: Duration = Duration::from_secs(60);

/// How the card and its reader speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// As PC/SC shows a card without contacts (part 3 §3.1.3.2.3).
    #[default]
    Contactless,
    /// Contacts, T=1: TD1 = 80, TD2 = 11, TA3 = 00.
    T1,
    /// Contacts, T=0.
    T0,
}

/// What the card is like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) protocol: Protocol,
    /// What the ATR says of extended length; a card that says no refuses it.
    pub(crate) extended_length: Option<bool>,
    /// A command without Le is answered with its data.
    pub(crate) data_without_le: bool,
}

impl Shape {
    /// Answer to reset (ISO 7816-3 §8.2). Whether extended length is taken stands in the card capabilities of its
    /// historical bytes (ISO 7816-4 §12.1.1.9).
    fn atr(self) -> Vec<u8> {
        const COMPACT_TLV: u8 = 0x80;
        const CARD_CAPABILITIES: u8 = 0x73;
        const CHAINING: u8 = 0x80;
        const EXTENDED_LENGTH: u8 = 0x40;
        let table = |yes| CHAINING | if yes { EXTENDED_LENGTH } else { 0 };
        let historical = self
            .extended_length
            .map(|yes| [COMPACT_TLV, CARD_CAPABILITIES, 0xC0, 0x21, table(yes)]);
        let historical = historical.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
        // T0 with the number of historical bytes, and the bytes of the interface.
        let (t0, interface): (u8, &[u8]) = match self.protocol {
            Protocol::Contactless => (0x80, &[0x80, 0x01]),
            Protocol::T1 => (0x80, &[0x80, 0x11, 0x00]),
            Protocol::T0 => (0x00, &[]),
        };
        let count = u8::try_from(historical.len()).unwrap_or_default();
        let mut atr = [&[0x3B, t0 | count][..], interface, historical].concat();
        if self.protocol != Protocol::T0 {
            let check = atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
            atr.push(check);
        }
        atr
    }

    fn faults(self) -> CardFaults {
        CardFaults {
            refuse_extended: (self.extended_length == Some(false)).then_some(status_word::WRONG_LENGTH),
            data_without_le: self.data_without_le,
            ..CardFaults::default()
        }
    }
}

#[derive(Default)]
struct Place {
    inserted: bool,
    /// Counts insertions and removals.
    moves: u64,
    stream: Option<TcpStream>,
    /// The next response is the last one.
    stale: bool,
}

/// The card; put in again by itself where the reader was gone, as a card stays in its slot.
pub(crate) struct Card {
    key: Arc<Key>,
    reader_port: u16,
    shape: Shape,
    place: Mutex<Place>,
    moved: Condvar,
}

impl Card {
    pub(crate) fn start(key: Arc<Key>, reader_port: u16, shape: Shape) -> std::io::Result<Arc<Self>> {
        let card = Arc::new(Self {
            key,
            reader_port,
            shape,
            place: Mutex::default(),
            moved: Condvar::new(),
        });
        let running = Arc::clone(&card);
        std::thread::Builder::new().spawn(move || running.run())?;
        Ok(card)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut told = false;
        loop {
            let moves = {
                let place = self
                    .moved
                    .wait_while(self.place(), |place| !place.inserted)
                    .unwrap_or_else(PoisonError::into_inner);
                place.moves
            };
            let Some(stream) = connect(self.reader_port) else {
                if !core::mem::replace(&mut told, true) {
                    eprintln!(
                        "no reader at port {} yet; is pcscd running with vpcd?",
                        self.reader_port
                    );
                }
                self.pause(RETRY, moves);
                continue;
            };
            told = false;
            if !self.lay_on(&stream, moves) {
                continue;
            }
            self.serve(&stream, moves);
            // The connection may have a second handle.
            let _ = stream.shutdown(Shutdown::Both);
            self.place().stream = None;
            self.key.card_left();
        }
    }

    /// Keeps the connection for [`Port::remove`]; `false` when the card was moved while it was made.
    fn lay_on(&self, stream: &TcpStream, moves: u64) -> bool {
        let mut place = self.place();
        let still = place.moves == moves;
        if still {
            place.stream = stream.try_clone().ok();
        }
        still
    }

    /// Waits; `None` when the card was moved meanwhile.
    fn pause(&self, time: Duration, moves: u64) -> Option<()> {
        let waited = self
            .moved
            .wait_timeout_while(self.place(), time, |place| place.moves == moves)
            .unwrap_or_else(PoisonError::into_inner);
        waited.1.timed_out().then_some(())
    }

    /// Until the card is taken out or the reader ends.
    fn serve(&self, mut stream: &TcpStream, moves: u64) -> Option<()> {
        self.key.card_came();
        let mut channel = self.key.device.card();
        channel.faults = self.shape.faults();
        let atr = self.shape.atr();
        let mut last = vec![0x90, 0x00];
        loop {
            let frame = receive(stream)?;
            match frame[..] {
                [GIVE_ATR] => send(&mut stream, &atr)?,
                [POWER_OFF | RESET] => self.key.card_was_reset(),
                [] | [_] => {}
                _ => {
                    self.pass(&frame)?;
                    let response = self.respond(&mut channel, &frame, &mut last, moves)?;
                    self.pass(&response)?;
                    send(&mut stream, &response)?;
                }
            }
        }
    }

    /// Lets an APDU or response pass, unless the card is pulled before its end.
    fn pass(&self, bytes: &[u8]) -> Option<()> {
        let pulled = self.key.burn(bytes.len());
        if pulled {
            self.remove();
        }
        (!pulled).then_some(())
    }

    fn respond(
        &self,
        channel: &mut MockApdu<Authenticator>,
        apdu: &[u8],
        last: &mut Vec<u8>,
        moves: u64,
    ) -> Option<Vec<u8>> {
        let faults = {
            let mut faults = self.key.faults();
            let now = faults.clone();
            faults.foreign = false;
            now
        };
        if faults.foreign {
            self.key.device.deselect_card();
        }
        let response = loop {
            match channel.transmit(apdu, LONGEST) {
                Ok(response) => break response,
                Err(TransportError::CardReset) => channel.reconnect(LONGEST).ok()?,
                Err(_) => return None,
            }
        };
        if faults.silent {
            self.pause(Duration::MAX, moves)?;
        }
        self.pause(faults.slow, moves)?;
        if core::mem::take(&mut self.place().stale) {
            return Some(core::mem::replace(last, response));
        }
        last.clone_from(&response);
        Some(if faults.garbage {
            random::<16>().to_vec()
        } else {
            response
        })
    }
}

impl Port for Card {
    fn key(&self) -> &Key {
        &self.key
    }

    fn insert(&self) -> std::io::Result<()> {
        let mut place = self.place();
        if !place.inserted {
            place.inserted = true;
            place.moves += 1;
            self.moved.notify_all();
        }
        Ok(())
    }

    fn remove(&self) {
        let mut place = self.place();
        if let Some(stream) = place.stream.take() {
            // Closed already where the reader has ended.
            let _ = stream.shutdown(Shutdown::Both);
        }
        place.inserted = false;
        place.moves += 1;
        self.moved.notify_all();
    }

    fn state(&self) -> &'static str {
        let place = self.place();
        match (place.inserted, &place.stream) {
            (false, _) => "removed",
            (true, Some(_)) => "inserted",
            (true, None) => "no-reader",
        }
    }

    fn faults_changed(&self) {}

    fn stale(&self) {
        self.place().stale = true;
    }
}

/// To the reader, where there is one.
fn connect(reader_port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, reader_port)).ok()?;
    (!is_its_own_peer(&stream)?).then_some(stream)
}

/// Where nobody listens, the system may give the connection the reader's own port, which then is
/// connected with itself, and vpcd could not have it.
fn is_its_own_peer(stream: &TcpStream) -> Option<bool> {
    Some(stream.local_addr().ok()? == stream.peer_addr().ok()?)
}

fn send(stream: &mut impl Write, frame: &[u8]) -> Option<()> {
    let mut bytes = u16::try_from(frame.len()).ok()?.to_be_bytes().to_vec();
    bytes.extend(frame);
    stream.write_all(&bytes).ok()
}

fn receive(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    read_exact(stream, &mut length)?;
    let mut frame = vec![0; u16::from_be_bytes(length).into()];
    read_exact(stream, &mut frame)?;
    Some(frame)
}

/// vpcd sends length and body apart; without an acknowledgement at once the body comes 40 ms later.
fn read_exact(mut stream: &TcpStream, bytes: &mut [u8]) -> Option<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        rustix::net::sockopt::set_tcp_quickack(stream, true).ok()?;
        match stream.read(rest) {
            Ok(0) => return None,
            Ok(count) => rest = rest.get_mut(count..)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};

    use rustix::net::{AddressFamily, SocketType, bind, connect as join, getsockname, socket};

    use super::*;

    /// Without its thread, whose steps the tests take.
    fn card(folder: &tempfile::TempDir) -> Card {
        Card {
            key: Key::in_file(&folder.path().join("key")).unwrap(),
            reader_port: 0,
            shape: Shape::default(),
            place: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    #[test]
    fn a_card_that_is_taken_away_while_its_thread_connects_does_not_lie_there() {
        let folder = tempfile::tempdir().unwrap();
        let card = card(&folder);
        let reader = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = connect(reader.local_addr().unwrap().port()).unwrap();
        card.insert().unwrap();
        let moves = card.place().moves;
        card.remove();
        assert!(!card.lay_on(&stream, moves));
        assert_eq!(card.state(), "removed");
        // Not either when it was put in again since: that is the next connection's.
        card.insert().unwrap();
        assert!(!card.lay_on(&stream, moves));
        assert_eq!(card.state(), "no-reader");
        let moves = card.place().moves;
        assert!(card.lay_on(&stream, moves));
        assert_eq!(card.state(), "inserted");
        card.remove();
        // Both ends see the end.
        let (mut end, _) = reader.accept().unwrap();
        end.set_read_timeout(Some(RETRY * 50)).unwrap();
        assert_eq!(end.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn the_atr_says_how_it_speaks_and_what_lengths_it_takes() {
        let atr = |protocol, extended_length| {
            let shape = Shape {
                protocol,
                extended_length,
                ..Shape::default()
            };
            shape.atr()
        };
        assert_eq!(atr(Protocol::Contactless, None), [0x3B, 0x80, 0x80, 0x01, 0x01]);
        assert_eq!(atr(Protocol::T1, None), [0x3B, 0x80, 0x80, 0x11, 0x00, 0x11]);
        assert_eq!(atr(Protocol::T0, None), [0x3B, 0x00]);
        assert_eq!(
            atr(Protocol::Contactless, Some(true)),
            [0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0xD6]
        );
        assert_eq!(
            atr(Protocol::T1, Some(false)),
            [0x3B, 0x85, 0x80, 0x11, 0x00, 0x80, 0x73, 0xC0, 0x21, 0x80, 0x86]
        );
    }

    #[test]
    fn a_connection_with_itself_is_no_reader() {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let own = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&own, &anywhere).unwrap();
        join(&own, &getsockname(&own).unwrap()).unwrap();
        assert_eq!(is_its_own_peer(&TcpStream::from(own)), Some(true));
        let reader = TcpListener::bind(anywhere).unwrap();
        assert!(connect(reader.local_addr().unwrap().port()).is_some());
    }
}
