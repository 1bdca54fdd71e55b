//! CTAP2 messages over APDUs.

use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;

use super::drive::{Pipe, drive};
use super::nfc::{CardMemory, NfcMachine};
use super::{Interface, Statistics};
use crate::ports::{ApduChannel, Call, Cancel, Ticks, Transport, TransportError};

/// Pause before a reader that another program holds is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// What an APDU may take when the deadline has passed and only the cancel is to be sent.
const LAST_APDU: Duration = Duration::from_millis(100);
/// How long to wait after a cancel for a card that is working: it is told when it answers.
const LAST_WORD: Duration = Duration::from_millis(500);

/// A [`Transport`] over an [`ApduChannel`]. Selects the applet with the first message, or with
/// [`NfcTransport::connect`]; holds the card for one message at a time.
pub struct NfcTransport<C> {
    channel: C,
    preference: Interface,
    selected: Option<Interface>,
    /// The applet that answered last, also while it has to be selected again.
    interface: Option<Interface>,
    memory: CardMemory,
    statistics: Statistics,
}

impl<C: ApduChannel> NfcTransport<C> {
    /// A transport over a connected card. `preference` [`Interface::Vendor`] takes the unlock
    /// applet where the card has it and FIDO's otherwise; [`Interface::Fido`] takes FIDO's alone.
    pub fn new(channel: C, preference: Interface) -> Self {
        let memory = CardMemory::new(channel.extended_length());
        Self {
            channel,
            preference,
            selected: None,
            interface: None,
            memory,
            statistics: Statistics::default(),
        }
    }

    /// Selects the applet, where none is selected, and says which one it is. Before this, or a first
    /// message, [`Transport::interface`] is [`Interface::Fido`].
    ///
    /// # Errors
    /// [`TransportError::AppletMissing`], and as [`Transport::transact`].
    pub fn connect(&mut self, call: &mut Call<'_>) -> Result<Interface, TransportError> {
        self.run(None, call)?;
        self.selected.ok_or(TransportError::AppletMissing)
    }

    /// What went over it so far.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// What was learnt about the card.
    pub const fn memory(&self) -> CardMemory {
        self.memory
    }

    /// The byte port.
    pub const fn channel(&self) -> &C {
        &self.channel
    }

    /// The byte port, to be changed.
    pub const fn channel_mut(&mut self) -> &mut C {
        &mut self.channel
    }

    fn run(&mut self, message: Option<&[u8]>, call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let mut again = true;
        loop {
            let mut sent = false;
            let result = match self.begin_transaction(call) {
                Ok(()) => {
                    let result = self.run_once(message, call, &mut sent);
                    self.channel.end_transaction();
                    result
                }
                Err(error) => Err(error),
            };
            if result != Err(TransportError::CardReset) {
                return result;
            }
            self.selected = None;
            let connected = self.channel.reconnect_unless(call.cancel, call.remaining());
            // Busy says that the message was not taken; here it may have been.
            if sent && connected == Err(TransportError::Busy) {
                return result;
            }
            connected?;
            if sent || !again {
                return result;
            }
            again = false;
        }
    }

    fn run_once(
        &mut self,
        message: Option<&[u8]>,
        call: &mut Call<'_>,
        sent: &mut bool,
    ) -> Result<Vec<u8>, TransportError> {
        let selected = self.selected.take();
        let mut machine = NfcMachine::new(message, self.preference, selected, self.memory, call.deadline);
        let mut pipe = ApduPipe {
            channel: &mut self.channel,
            statistics: &mut self.statistics,
            response: Vec::new(),
        };
        let result = drive(&mut machine, &mut pipe, call);
        self.selected = machine.selected();
        self.interface = self.selected.or(self.interface);
        self.memory = machine.memory();
        *sent = machine.is_message_sent();
        result
    }

    fn begin_transaction(&mut self, call: &Call<'_>) -> Result<(), TransportError> {
        // A reader that is given no time to answer would say that it is busy.
        if call.remaining().is_zero() && !call.cancel.is_cancelled() {
            return Err(TransportError::DeadlineExceeded);
        }
        loop {
            if call.cancel.is_cancelled() {
                return Err(TransportError::Cancelled);
            }
            match self.channel.begin_transaction(call.remaining().min(BUSY_PAUSE)) {
                Err(TransportError::Busy) if !call.remaining().is_zero() => {
                    call.ticks.sleep(call.remaining().min(BUSY_PAUSE));
                }
                result => return result,
            }
        }
    }
}

impl<C: ApduChannel> Transport for NfcTransport<C> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.statistics.transactions += 1;
        call.nothing_sent_yet();
        self.run(Some(message), call)
    }

    fn interface(&self) -> Interface {
        self.interface.unwrap_or(Interface::Fido)
    }

    /// The applet is selected with the next message. Whether the card has it is known then.
    fn switch_to(&mut self, interface: Interface) -> bool {
        if self.interface() != interface || self.preference != interface {
            self.preference = interface;
            self.selected = None;
        }
        true
    }
}

struct ApduPipe<'a, C> {
    channel: &'a mut C,
    statistics: &'a mut Statistics,
    response: Vec<u8>,
}

impl<C: ApduChannel> Pipe for ApduPipe<'_, C> {
    fn send(&mut self, bytes: &[u8], call: &Call<'_>, now: Duration) -> Result<bool, TransportError> {
        self.statistics.count_sent(bytes.len());
        let cancel = Later {
            cancel: call.cancel,
            ticks: call.ticks,
            since: Cell::new(None),
        };
        let timeout = call.deadline.saturating_sub(now).max(LAST_APDU);
        self.response = self.channel.transmit_unless(&cancel, bytes, timeout)?;
        self.statistics.count_received(self.response.len());
        Ok(true)
    }

    fn wait(&mut self, ticks: &dyn Ticks, timeout: Duration) -> Result<bool, TransportError> {
        ticks.sleep(timeout);
        Ok(false)
    }

    fn received(&self) -> &[u8] {
        &self.response
    }
}

/// A cancel that is told [`LAST_WORD`] after it was seen.
struct Later<'a> {
    cancel: &'a dyn Cancel,
    ticks: &'a dyn Ticks,
    since: Cell<Option<Duration>>,
}

impl Cancel for Later<'_> {
    fn is_cancelled(&self) -> bool {
        if !self.cancel.is_cancelled() {
            return false;
        }
        let now = self.ticks.now();
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        now.saturating_sub(since) >= LAST_WORD
    }
}
