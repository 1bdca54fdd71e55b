//! One command and its whole response: chaining, 61xx, 6Cxx, and the fall-back from extended
//! length to chaining (ISO 7816-4 §5.1 to §5.3).

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::apdu::{EXTENDED_EXPECTED, SHORT_DATA, SHORT_EXPECTED};
use super::{
    ApduCommand, ApduResponse, CHAINING, CLASS_CTAP, CLASS_ISO, CardMemory, instruction, status_word,
};
use crate::trace::trace_event;

/// The longest response that is put together from parts.
const MAX_RESPONSE: usize = 65_536;

/// What follows from a response APDU.
pub enum Next {
    /// [`Exchange::apdu`] gives the next APDU.
    Apdu,
    /// The whole response, with its status word.
    Complete(u16),
    /// The card goes round in circles; a few fixed words.
    Broken(&'static str),
}

/// A command in the making, or its response.
pub struct Exchange<'m> {
    class: u8,
    instruction: u8,
    p1: u8,
    p2: u8,
    data: &'m [u8],
    extended: bool,
    fell_back: bool,
    /// Where the part that is in flight begins.
    offset: usize,
    /// Ne that 6Cxx asked for.
    expected: Option<u32>,
    /// Ne of the GET RESPONSE that is to be sent.
    remaining: Option<u32>,
    /// Whether a GET RESPONSE has brought something.
    got_more: bool,
    response: Vec<u8>,
}

impl<'m> Exchange<'m> {
    /// A command with `data`, which may need several APDUs.
    pub fn new(class: u8, instruction: u8, p1: u8, p2: u8, data: &'m [u8], memory: &CardMemory) -> Self {
        Self {
            class,
            instruction,
            p1,
            p2,
            data,
            // Short where it fits: every card and reader takes it.
            extended: data.len() > SHORT_DATA && memory.extended_length,
            fell_back: false,
            offset: 0,
            expected: None,
            remaining: None,
            got_more: false,
            response: Vec::new(),
        }
    }

    /// Whether the APDU that comes next is the command's last (or one for the response).
    pub fn is_last_part(&self) -> bool {
        self.extended || self.data.len() - self.offset <= SHORT_DATA
    }

    /// Whether a part of the command, but not the last, was taken by the card.
    pub fn is_begun(&self) -> bool {
        self.offset > 0
    }

    /// Whether the card has said that it has a response.
    pub const fn is_answered(&self) -> bool {
        self.remaining.is_some()
    }

    /// The response's data.
    pub fn into_response(self) -> Vec<u8> {
        self.response
    }

    /// The next APDU.
    pub fn apdu(&self, memory: &CardMemory) -> Option<Zeroizing<Vec<u8>>> {
        if let Some(remaining) = self.remaining {
            let command = ApduCommand {
                class: if memory.get_response_ctap_class {
                    CLASS_CTAP
                } else {
                    CLASS_ISO
                },
                instruction: instruction::ISO_GET_RESPONSE,
                p1: 0,
                p2: 0,
                data: &[],
                expected: Some(remaining),
                extended: false,
            };
            return command.encode().ok();
        }
        let last = self.is_last_part();
        let rest = self.data.get(self.offset..)?;
        let most = if self.extended {
            EXTENDED_EXPECTED
        } else {
            SHORT_EXPECTED
        };
        let command = ApduCommand {
            class: if last { self.class } else { self.class | CHAINING },
            instruction: self.instruction,
            p1: self.p1,
            p2: self.p2,
            data: if last { rest } else { rest.get(..SHORT_DATA)? },
            expected: last.then_some(self.expected.unwrap_or(most)),
            extended: self.extended,
        };
        command.encode().ok()
    }

    /// Takes the response to it.
    pub fn on_response(&mut self, response: ApduResponse<'_>, memory: &mut CardMemory) -> Next {
        trace_event!(
            "APDU response: {} bytes, SW {:04x}",
            response.data.len(),
            response.status
        );
        let [sw1, sw2] = response.status.to_be_bytes();
        let more = if sw2 == 0 { SHORT_EXPECTED } else { u32::from(sw2) };
        if self.remaining.is_none() && !self.is_last_part() {
            if response.status != status_word::OK {
                return Next::Complete(response.status);
            }
            self.offset += SHORT_DATA;
            return Next::Apdu;
        }
        if self.response.len() + response.data.len() > MAX_RESPONSE {
            return Next::Broken("the response is too long");
        }
        self.response.extend(response.data);
        match (self.remaining, sw1) {
            (Some(_), status_word::MORE_DATA) if response.data.is_empty() => {
                Next::Broken("GET RESPONSE brought nothing")
            }
            (_, status_word::MORE_DATA) => {
                self.got_more |= self.remaining.is_some();
                self.remaining = Some(more);
                self.expected = None;
                Next::Apdu
            }
            (_, status_word::WRONG_LE) if self.expected.is_none() => {
                self.expected = Some(more);
                self.remaining = self.remaining.map(|_| more);
                Next::Apdu
            }
            (Some(_), _) if !is_success(response.status) => {
                if self.got_more {
                    return Next::Complete(response.status);
                }
                memory.get_response_ctap_class = !memory.get_response_ctap_class;
                if !memory.get_response_ctap_class {
                    return Next::Complete(response.status);
                }
                Next::Apdu
            }
            (None, _) if self.extended && refuses_extended(response.status) => {
                self.extended = false;
                self.fell_back = true;
                self.response.clear();
                Next::Apdu
            }
            _ => {
                if self.fell_back && is_success(response.status) {
                    memory.extended_length = false;
                }
                Next::Complete(response.status)
            }
        }
    }
}

/// Whether the card took the command.
const fn is_success(status: u16) -> bool {
    matches!(status, status_word::OK | status_word::KEEPALIVE)
}

const fn refuses_extended(status: u16) -> bool {
    matches!(status, status_word::WRONG_LENGTH | status_word::UNKNOWN_CLASS)
        || status >> 8 == status_word::CLASS_FUNCTION as u16
}
