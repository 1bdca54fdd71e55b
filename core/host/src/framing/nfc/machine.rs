//! The host's side of one CTAP transaction over APDUs (CTAP 2.1 §11.3), sans-IO.
//!
//! ```text
//! Select(Vendor) ──► Select(Fido) ──► Message ─9100─► Pause ─100 ms─► Poll ─► over
//!                        ▲              │ not taken, once  ▲ ─9100────┘
//!                        └──────────────┘ 06: Busy, 100 ms, Message again
//! ```
//!
//! Whatever was not understood is tried at most once more; every other turn of the loop makes progress in
//! data or time.

use alloc::vec::Vec;
use core::time::Duration;

use super::exchange::{Exchange, Next};
use super::{
    ApduResponse, CLASS_CTAP, CLASS_ISO, FIDO_AID, P1_CANCEL, P1_KEEPALIVE, VENDOR_AID, VENDOR_VERSION,
};
use super::{instruction, status_word};
use crate::framing::{Interface, Machine, Step};
use crate::ports::{ProgressEvent, TransportError};
use crate::trace::trace_event;

/// Pause between two NFCCTAP_GETRESPONSE, and before a busy device is asked again.
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// How long the answer to a cancel is waited for when the person cancelled.
const DRAIN_AFTER_CANCEL: Duration = Duration::from_millis(500);
/// The same when the deadline has passed.
const DRAIN_AFTER_DEADLINE: Duration = Duration::from_millis(100);
/// CTAP2_ERR_KEEPALIVE_CANCEL.
const KEEPALIVE_CANCEL: u8 = 0x2D;
/// CTAP1_ERR_CHANNEL_BUSY.
const CHANNEL_BUSY: u8 = 0x06;
/// The largest message: Lc has 16 bits.
const MAX_MESSAGE: usize = 65_535;

/// What was learnt about a card and holds until it is connected again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardMemory {
    /// Extended APDUs may be tried; `false` once the card or the reader refused one.
    pub extended_length: bool,
    /// The card expects GET RESPONSE in class 80 rather than 00.
    pub get_response_ctap_class: bool,
    /// The card takes P1 = 80 of NFCCTAP_MSG.
    pub keepalive: bool,
}

impl CardMemory {
    /// Nothing is known but whether the reader takes extended APDUs.
    #[must_use]
    pub const fn new(extended_length: bool) -> Self {
        Self {
            extended_length,
            get_response_ctap_class: false,
            keepalive: true,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Select(Interface),
    Message,
    Pause {
        until: Duration,
    },
    Poll,
    /// Another interface of the device runs a command.
    Busy {
        until: Duration,
    },
    Over,
}

struct Stop {
    reason: TransportError,
    until: Duration,
}

/// One CTAP2 message and its answer over APDUs.
pub struct NfcMachine<'m> {
    message: Option<&'m [u8]>,
    preference: Interface,
    memory: CardMemory,
    deadline: Duration,
    stage: Stage,
    exchange: Exchange<'m>,
    awaiting: bool,
    selected: Option<Interface>,
    selected_again: bool,
    /// The applet has answered in this transaction, during which no other program selects another.
    selection_seen: bool,
    /// P1 = 80 was refused, by whichever applet is selected.
    keepalive_refused: bool,
    message_sent: bool,
    stop: Option<Stop>,
    cancel_sent: bool,
    last_status: Option<u8>,
    progress: Option<ProgressEvent>,
    outcome: Option<Result<Vec<u8>, TransportError>>,
}

impl<'m> NfcMachine<'m> {
    /// A transaction that sends `message`; with `None` it only selects an applet and its answer is
    /// empty.
    ///
    /// `preference` [`Interface::Vendor`] tries the unlock applet and then FIDO's,
    /// [`Interface::Fido`] FIDO's alone. `selected` and `memory` are what an earlier transaction
    /// with the card left.
    #[must_use]
    pub fn new(
        message: Option<&'m [u8]>,
        preference: Interface,
        selected: Option<Interface>,
        memory: CardMemory,
        deadline: Duration,
    ) -> Self {
        let mut machine = Self {
            message,
            preference,
            memory,
            deadline,
            stage: Stage::Over,
            exchange: Exchange::new(0, 0, 0, 0, &[], &memory),
            awaiting: false,
            selected,
            selected_again: false,
            selection_seen: false,
            keepalive_refused: false,
            message_sent: false,
            stop: None,
            cancel_sent: false,
            last_status: None,
            progress: None,
            outcome: None,
        };
        if message.is_some_and(|message| message.len() > MAX_MESSAGE) {
            machine.finish(Err(TransportError::MessageTooLarge));
        } else if selected.is_some() {
            machine.begin_message();
        } else {
            machine.begin_select(preference);
        }
        machine
    }

    /// The applet that is selected now; `None` where it must be selected again.
    #[must_use]
    pub fn selected(&self) -> Option<Interface> {
        self.selected.filter(|_| self.stage == Stage::Over)
    }

    /// What was learnt about the card.
    #[must_use]
    pub const fn memory(&self) -> CardMemory {
        self.memory
    }

    /// Whether the whole message went out, so that the card may have acted on it.
    #[must_use]
    pub const fn is_message_sent(&self) -> bool {
        self.message_sent
    }

    fn finish(&mut self, outcome: Result<Vec<u8>, TransportError>) {
        self.stage = Stage::Over;
        self.awaiting = false;
        self.outcome = Some(outcome);
    }

    /// Fails and leaves the card in a state that only SELECT clears.
    fn finish_broken(&mut self, error: TransportError) {
        self.selected = None;
        self.finish(Err(error));
    }

    fn begin_select(&mut self, interface: Interface) {
        let aid: &[u8] = match interface {
            Interface::Fido => &FIDO_AID,
            Interface::Vendor => &VENDOR_AID,
        };
        self.selected = None;
        self.stage = Stage::Select(interface);
        self.exchange = Exchange::new(CLASS_ISO, instruction::SELECT, 4, 0, aid, &self.memory);
    }

    fn begin_message(&mut self) {
        let Some(message) = self.message else {
            self.finish(Ok(Vec::new()));
            return;
        };
        let p1 = if self.asks_for_keepalive() {
            P1_KEEPALIVE
        } else {
            0
        };
        self.stage = Stage::Message;
        self.message_sent = false;
        self.exchange = Exchange::new(CLASS_CTAP, instruction::MSG, p1, 0, message, &self.memory);
    }

    const fn asks_for_keepalive(&self) -> bool {
        self.memory.keepalive && !self.keepalive_refused
    }

    /// Whether `status` says that an applet which is not ours did not take the message.
    const fn was_for_another_applet(&self, status: u16) -> bool {
        match status {
            // Also from cards that lose their selection by themselves.
            status_word::UNKNOWN_INSTRUCTION | status_word::UNKNOWN_CLASS => true,
            _ => !self.selection_seen && is_checking_error(status),
        }
    }

    fn begin_poll(&mut self, p1: u8) -> Step {
        self.stage = Stage::Poll;
        self.exchange = Exchange::new(CLASS_CTAP, instruction::GET_RESPONSE, p1, 0, &[], &self.memory);
        self.send()
    }

    fn send(&mut self) -> Step {
        let Some(apdu) = self.exchange.apdu(&self.memory) else {
            return Step::Failed(TransportError::MessageTooLarge);
        };
        if self.stage == Stage::Message && self.exchange.is_last_part() {
            self.message_sent = true;
        }
        self.awaiting = true;
        Step::Send(apdu)
    }

    fn give_up(&mut self, now: Duration, reason: TransportError, drain: Duration) {
        if self.stop.is_none() && self.stage != Stage::Over {
            trace_event!("NFC: giving up: {reason}");
            let until = (now + drain).min(self.deadline.max(now) + DRAIN_AFTER_DEADLINE);
            self.stop = Some(Stop { reason, until });
        }
    }

    fn next(&mut self, now: Duration) -> Step {
        if let Some(event) = self.progress.take() {
            return Step::Progress(event);
        }
        if now >= self.deadline {
            let reason = match self.stage {
                Stage::Busy { .. } => TransportError::Busy,
                _ => TransportError::DeadlineExceeded,
            };
            self.give_up(now, reason, DRAIN_AFTER_DEADLINE);
        }
        if let (Some(stop), None) = (&self.stop, &self.outcome) {
            let reason = stop.reason.clone();
            let unsent = !self.message_sent && self.stage != Stage::Over;
            if now >= stop.until {
                self.finish_broken(reason);
            } else if unsent && !self.awaiting {
                // A begun chain is forgotten by the card at the next SELECT.
                if self.exchange.is_begun() || matches!(self.stage, Stage::Select(_)) {
                    self.selected = None;
                }
                self.finish(Err(reason));
            }
        }
        match self.outcome.take() {
            Some(Ok(answer)) => return Step::Done(answer),
            Some(Err(error)) => return Step::Failed(error),
            None => {}
        }
        let end = self.stop.as_ref().map_or(self.deadline, |stop| stop.until);
        match self.stage {
            Stage::Over => Step::Failed(TransportError::Framing {
                detail: "the transaction is over",
            }),
            _ if self.awaiting => Step::WaitUntil(end),
            Stage::Pause { .. } if self.stop.is_some() && !self.cancel_sent => {
                self.cancel_sent = true;
                self.begin_poll(P1_CANCEL)
            }
            Stage::Pause { until } | Stage::Busy { until } if now < until => Step::WaitUntil(until.min(end)),
            Stage::Busy { .. } => {
                self.begin_message();
                self.send()
            }
            Stage::Pause { .. } => self.begin_poll(0),
            Stage::Select(_) | Stage::Message | Stage::Poll => self.send(),
        }
    }

    fn absorb(&mut self, now: Duration, bytes: &[u8]) {
        if !self.awaiting {
            return;
        }
        self.awaiting = false;
        let Some(response) = ApduResponse::parse(bytes) else {
            self.finish_broken(TransportError::Gone);
            return;
        };
        match self.exchange.on_response(response, &mut self.memory) {
            // A refused extended APDU is sent again in parts: nothing was done yet.
            Next::Apdu => self.message_sent &= self.exchange.is_last_part(),
            Next::Broken(detail) => self.finish_broken(TransportError::Framing { detail }),
            Next::Complete(status) => {
                let refusable = self.stage == Stage::Message && !self.exchange.is_answered();
                let spent = Exchange::new(0, 0, 0, 0, &[], &self.memory);
                let data = core::mem::replace(&mut self.exchange, spent).into_response();
                if let Stage::Select(interface) = self.stage {
                    self.absorb_select(interface, status, &data);
                } else if !refusable || !self.absorb_refusal(status) {
                    self.absorb_answer(now, status, data);
                }
            }
        }
    }

    fn absorb_select(&mut self, interface: Interface, status: u16, data: &[u8]) {
        let selected = status == status_word::OK && (interface == Interface::Fido || data == VENDOR_VERSION);
        if selected {
            trace_event!("NFC: selected {interface:?}");
            self.selected = Some(interface);
            self.selection_seen = true;
            self.begin_message();
        } else if interface == Interface::Vendor {
            self.begin_select(Interface::Fido);
        } else {
            self.finish_broken(match status {
                status_word::NOT_FOUND
                | status_word::NOT_SUPPORTED
                | status_word::SELECT_FAILED
                | status_word::UNKNOWN_INSTRUCTION
                | status_word::UNKNOWN_CLASS => TransportError::AppletMissing,
                value => TransportError::Refused { origin: "SW", value },
            });
        }
    }

    /// Tries once more what the card did not accept; `false` if the status must be reported.
    fn absorb_refusal(&mut self, status: u16) -> bool {
        if status == status_word::WRONG_P1_P2 && self.asks_for_keepalive() {
            self.keepalive_refused = true;
            self.begin_message();
            return true;
        }
        if self.selected_again || !self.was_for_another_applet(status) {
            return false;
        }
        self.selected_again = true;
        self.keepalive_refused = false;
        self.message_sent = false;
        self.begin_select(self.preference);
        true
    }

    fn absorb_answer(&mut self, now: Duration, status: u16, data: Vec<u8>) {
        if status == status_word::OK {
            self.selection_seen = true;
            self.memory.keepalive = self.asks_for_keepalive();
        }
        match status {
            status_word::OK => match (&self.stop, data.first()) {
                (_, None) => self.finish_broken(TransportError::Framing {
                    detail: "the answer has no status byte",
                }),
                (Some(stop), Some(&KEEPALIVE_CANCEL)) => {
                    let reason = stop.reason.clone();
                    self.finish(Err(reason));
                }
                (None, Some(&CHANNEL_BUSY)) if data.len() == 1 => {
                    self.message_sent = false;
                    self.stage = Stage::Busy {
                        until: now + POLL_PAUSE,
                    };
                }
                // An answer that was ready before the cancel came is the truth: it is given.
                _ => self.finish(Ok(data)),
            },
            // What it would then work on is not the message: its answer would be nobody's.
            status_word::KEEPALIVE if !self.message_sent => self.finish_broken(TransportError::Framing {
                detail: "a keep-alive before the whole message went out",
            }),
            status_word::KEEPALIVE => {
                let keepalive = data.first().copied().unwrap_or(1);
                if self.last_status != Some(keepalive) {
                    self.last_status = Some(keepalive);
                    self.progress = Some(ProgressEvent::from_keepalive(keepalive));
                }
                self.stage = Stage::Pause {
                    until: now + POLL_PAUSE,
                };
            }
            value => {
                let refused = TransportError::Refused { origin: "SW", value };
                let reason = self.stop.as_ref().map(|stop| stop.reason.clone());
                self.finish_broken(reason.unwrap_or(refused));
            }
        }
    }
}

/// SW1 67 to 6E, the checking errors of ISO 7816-4 §5.6: the command was not executed. 6Fxx is one
/// too, but without a diagnosis: an applet that broke off half-way answers so.
const fn is_checking_error(status: u16) -> bool {
    matches!(status >> 8, 0x67..=0x6E)
}

impl Machine for NfcMachine<'_> {
    fn on_time(&mut self, now: Duration) -> Step {
        self.next(now)
    }

    fn on_bytes(&mut self, now: Duration, bytes: &[u8]) -> Step {
        self.absorb(now, bytes);
        self.next(now)
    }

    fn is_message_sent(&self) -> bool {
        Self::is_message_sent(self)
    }

    fn cancel(&mut self, now: Duration) {
        self.give_up(now, TransportError::Cancelled, DRAIN_AFTER_CANCEL);
    }
}
