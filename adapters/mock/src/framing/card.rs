//! The device's side of CTAP over APDUs (CTAP 2.1 §11.3, ISO 7816-4).

use core::time::Duration;

use fido_unlock_host::framing::Interface;
use fido_unlock_host::framing::nfc::{
    ApduCommand, CHAINING, CLASS_CTAP, CLASS_ISO, EXTENDED_EXPECTED, FIDO_AID, P1_CANCEL, P1_KEEPALIVE,
    SHORT_EXPECTED, VENDOR_AID, VENDOR_VERSION, instruction, status_word,
};
use fido_unlock_host::ports::Ticks;

use super::CtapHandler;
use super::engine::{Engine, Event};

/// What the FIDO applet answers to SELECT (§11.3.3): an authenticator without CTAP1.
const FIDO_VERSION: &[u8] = b"FIDO_2_0";
const BUSY_ANSWER: &[u8] = &[0x06];
const STATUS_PROCESSING: u8 = 1;
const MAX_CHAIN: usize = 65_535;
const SHORT_RESPONSE: usize = 256;

/// How the card, its reader or another program differs from the plain case. APDUs are counted
/// from 0 for each handle.
#[derive(Clone, Debug, Default)]
pub struct CardFaults {
    /// Extended APDUs are refused with this status word.
    pub refuse_extended: Option<u16>,
    /// The reader says that it takes short APDUs only.
    pub short_reader: bool,
    /// Command chaining is refused (6884).
    pub refuse_chaining: bool,
    /// SELECT is answered with 61xx and nothing else.
    pub more_data_on_select: bool,
    /// A command without Le is answered with its data all the same, and not with 61xx (ISO 7816-4 §5.1:
    /// no Le, no data). SELECT always is, as the FIDO NFC protocol shows it.
    pub data_without_le: bool,
    /// The only class in which GET RESPONSE is taken.
    pub get_response_class: Option<u8>,
    /// An Le that is not the response's length is answered with 6Cxx.
    pub exact_le: bool,
    /// P1 other than 00 of NFCCTAP_MSG is refused (6A86).
    pub refuse_p1: bool,
    /// GET RESPONSE is answered with 61xx and nothing else, for ever.
    pub endless_more_data: bool,
    /// The applets that the card lacks.
    pub without: Vec<Interface>,
    /// Another program selects another applet before this APDU.
    pub deselect_at: Option<u64>,
    /// What that applet answers to all but SELECT; 6D00 by default.
    pub other_applet: Option<u16>,
    /// Another program resets the card before this APDU.
    pub reset_at: Option<u64>,
    /// The card is taken away before this APDU.
    pub gone_at: Option<u64>,
    /// The response to this APDU is one byte.
    pub cut_at: Option<u64>,
    /// How often the reader is held by another program when a transaction is to begin.
    pub busy: u32,
    /// What each APDU takes.
    pub apdu_time: Duration,
}

struct Pending {
    instruction: u8,
    response: Vec<u8>,
}

/// The card and its two applets.
#[derive(Default)]
pub(super) struct Card {
    selected: Option<Interface>,
    /// Data of the parts of a command that came so far (ISO 7816-4 §5.3.3).
    chain: Vec<u8>,
    /// INS, P1 and P2 of those parts.
    chained: Option<[u8; 3]>,
    /// What GET RESPONSE gives.
    rest: Vec<u8>,
    /// A response that waits for the right Le.
    exact: Option<Pending>,
    last_status: u8,
}

/// The whole answer, before it is cut into responses.
struct Reply {
    data: Vec<u8>,
    status: u16,
}

impl Reply {
    fn status(status: u16) -> Self {
        Self {
            data: Vec::new(),
            status,
        }
    }
}

impl Card {
    /// Power is lost, and with it the selection.
    pub(super) fn power_cycle(&mut self) {
        *self = Self::default();
    }

    /// Another program selects another applet.
    pub(super) fn deselect(&mut self) {
        *self = Self::default();
    }

    /// Answers an APDU; `None` if no answer came within `timeout`.
    pub(super) fn transmit<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        faults: &CardFaults,
        ticks: &dyn Ticks,
        apdu: &[u8],
        timeout: Duration,
    ) -> Option<Vec<u8>> {
        let Ok(command) = ApduCommand::parse(apdu) else {
            return Some(status_word::WRONG_LENGTH.to_be_bytes().to_vec());
        };
        if let Some(status) = faults.refuse_extended.filter(|_| command.extended) {
            return Some(status.to_be_bytes().to_vec());
        }
        if command.instruction != instruction::ISO_GET_RESPONSE {
            self.rest.clear();
        }
        if let Some(exact) = self.exact.take().filter(|e| e.instruction == command.instruction) {
            self.chain.clear();
            return Some(self.cut(faults, &command, exact.response));
        }
        let reply = self.reply(engine, faults, ticks, &command, timeout)?;
        if reply.status == status_word::OK {
            return Some(self.cut(faults, &command, reply.data));
        }
        let mut response = reply.data;
        response.extend(reply.status.to_be_bytes());
        Some(response)
    }

    /// The part of a successful response that this APDU may have; the rest is for GET RESPONSE.
    fn cut(&mut self, faults: &CardFaults, command: &ApduCommand<'_>, mut data: Vec<u8>) -> Vec<u8> {
        let select = command.instruction == instruction::SELECT;
        let most = match command.expected {
            _ if select && faults.more_data_on_select => 0,
            None if select || faults.data_without_le => without_le(command),
            None => 0,
            Some(expected) => usize::try_from(expected).unwrap_or(SHORT_RESPONSE),
        };
        if faults.exact_le
            && !command.extended
            && most != data.len()
            && (1..SHORT_RESPONSE).contains(&data.len())
        {
            let length = u8::try_from(data.len()).unwrap_or_default();
            self.exact = Some(Pending {
                instruction: command.instruction,
                response: data,
            });
            return vec![status_word::WRONG_LE, length];
        }
        let rest = data.split_off(data.len().min(most));
        if rest.is_empty() {
            data.extend(status_word::OK.to_be_bytes());
        } else {
            data.extend([status_word::MORE_DATA, u8::try_from(rest.len()).unwrap_or(0)]);
        }
        self.rest = rest;
        data
    }

    fn reply<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        faults: &CardFaults,
        ticks: &dyn Ticks,
        command: &ApduCommand<'_>,
        timeout: Duration,
    ) -> Option<Reply> {
        let class = command.class & !CHAINING;
        let chained = command.class & CHAINING != 0;
        let head = [command.instruction, command.p1, command.p2];
        if self.chained.is_some_and(|begun| begun != head) {
            self.chain.clear();
        }
        self.chained = chained.then_some(head);
        if chained && faults.refuse_chaining {
            return Some(Reply::status(status_word::CHAINING_NOT_SUPPORTED));
        }
        let Some(interface) = self
            .selected
            .or((command.instruction == instruction::SELECT).then_some(Interface::Fido))
        else {
            let status = faults.other_applet.unwrap_or(status_word::UNKNOWN_INSTRUCTION);
            return Some(Reply::status(status));
        };
        if let Some(refusal) = refusal(faults, class, command) {
            return Some(Reply::status(refusal));
        }
        if self.chain.len() + command.data.len() > MAX_CHAIN {
            self.chain.clear();
            return Some(Reply::status(status_word::WRONG_LENGTH));
        }
        self.chain.extend(command.data);
        if chained {
            // Whatever the command is, it is not carried out before its last part.
            return Some(Reply::status(status_word::OK));
        }
        let data = core::mem::take(&mut self.chain);
        match command.instruction {
            instruction::SELECT => Some(self.select(engine, faults, &data)),
            instruction::ISO_GET_RESPONSE => Some(self.get_response(faults, class)),
            instruction::MSG => {
                let keepalive = command.p1 & P1_KEEPALIVE != 0;
                self.message(engine, ticks, interface, data, keepalive, timeout)
            }
            // Some platforms repeat the request's data in each poll; it says nothing.
            _ => Some(self.keepalive_response(engine, ticks, interface, command.p1)),
        }
    }

    fn select<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        faults: &CardFaults,
        aid: &[u8],
    ) -> Reply {
        let (interface, version) = match aid {
            aid if aid == FIDO_AID => (Interface::Fido, FIDO_VERSION),
            aid if aid == VENDOR_AID => (Interface::Vendor, VENDOR_VERSION),
            _ => return Reply::status(status_word::NOT_FOUND),
        };
        if faults.without.contains(&interface) {
            return Reply::status(status_word::NOT_FOUND);
        }
        if engine.owner().is_some_and(|(_, channel)| channel == 0) {
            engine.abort();
        }
        self.selected = Some(interface);
        Reply {
            data: version.to_vec(),
            status: status_word::OK,
        }
    }

    fn get_response(&mut self, faults: &CardFaults, class: u8) -> Reply {
        if faults.get_response_class.is_some_and(|only| only != class) {
            return Reply::status(status_word::UNKNOWN_CLASS);
        }
        if faults.endless_more_data {
            return Reply::status(u16::from_be_bytes([status_word::MORE_DATA, 0xF5]));
        }
        if self.rest.is_empty() {
            return Reply::status(status_word::CONDITIONS);
        }
        Reply {
            data: core::mem::take(&mut self.rest),
            status: status_word::OK,
        }
    }

    fn message<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        ticks: &dyn Ticks,
        interface: Interface,
        message: Vec<u8>,
        keepalive: bool,
        timeout: Duration,
    ) -> Option<Reply> {
        if message.is_empty() {
            return Some(Reply::status(status_word::WRONG_LENGTH));
        }
        if engine.owner().is_some_and(|(_, channel)| channel != 0) {
            return Some(Reply {
                data: BUSY_ANSWER.to_vec(),
                status: status_word::OK,
            });
        }
        let until = ticks.now() + timeout;
        let mut event = engine.start((interface, 0), message, ticks.now());
        loop {
            match event {
                Some(Event::Answer(data)) => {
                    return Some(Reply {
                        data,
                        status: status_word::OK,
                    });
                }
                Some(Event::KeepAlive(status)) if keepalive => {
                    self.last_status = status;
                    return Some(Reply {
                        data: vec![status],
                        status: status_word::KEEPALIVE,
                    });
                }
                _ => {}
            }
            let now = ticks.now();
            let due = engine.due()?;
            if due > until {
                ticks.sleep(until.saturating_sub(now));
                return None;
            }
            ticks.sleep(due.saturating_sub(now));
            event = engine.poll(interface, ticks.now());
        }
    }

    fn keepalive_response<A: CtapHandler + Send + 'static>(
        &mut self,
        engine: &mut Engine<A>,
        ticks: &dyn Ticks,
        interface: Interface,
        p1: u8,
    ) -> Reply {
        let now = ticks.now();
        if engine.owner() != Some((interface, 0)) {
            return Reply::status(status_word::CONDITIONS);
        }
        if p1 == P1_CANCEL {
            engine.cancel((interface, 0), now);
        }
        match engine.poll(interface, ticks.now()) {
            Some(Event::Answer(data)) => Reply {
                data,
                status: status_word::OK,
            },
            event => {
                if let Some(Event::KeepAlive(status)) = event {
                    self.last_status = status;
                }
                Reply {
                    data: vec![self.last_status.max(STATUS_PROCESSING)],
                    status: status_word::KEEPALIVE,
                }
            }
        }
    }
}

/// Why a command, or a part of one, is not taken; its data plays no part in it.
fn refusal(faults: &CardFaults, class: u8, command: &ApduCommand<'_>) -> Option<u16> {
    match (class, command.instruction) {
        (CLASS_ISO, instruction::SELECT) => wrong_unless(matches!((command.p1, command.p2), (4, 0))),
        (CLASS_ISO | CLASS_CTAP, instruction::ISO_GET_RESPONSE) => None,
        (CLASS_CTAP, instruction::MSG) => wrong_unless(match (command.p1, command.p2) {
            (0, 0) => true,
            (P1_KEEPALIVE, 0) => !faults.refuse_p1,
            _ => false,
        }),
        (CLASS_CTAP, instruction::GET_RESPONSE) => {
            wrong_unless(matches!((command.p1, command.p2), (0 | P1_CANCEL, 0)))
        }
        (CLASS_ISO | CLASS_CTAP, _) => Some(status_word::UNKNOWN_INSTRUCTION),
        _ => Some(status_word::UNKNOWN_CLASS),
    }
}

fn wrong_unless(right: bool) -> Option<u16> {
    (!right).then_some(status_word::WRONG_P1_P2)
}

/// The most that a command without Le is answered with: what Le = 0 would stand for.
fn without_le(command: &ApduCommand<'_>) -> usize {
    let most = if command.extended {
        EXTENDED_EXPECTED
    } else {
        SHORT_EXPECTED
    };
    usize::try_from(most).unwrap_or(SHORT_RESPONSE)
}
