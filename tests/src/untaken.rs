//! A card that carries a message out and then says, once, that it did not take it.

use core::time::Duration;
use std::cell::Cell;
use std::rc::Rc;

use fido_unlock::ctap2::command;
use fido_unlock::host::framing::{Interface, NfcTransport};
use fido_unlock::host::ports::{ApduChannel, TransportError};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::MockApdu;

use crate::World;

/// The card, and which message it denies.
pub struct Untaken {
    card: MockApdu<SoftAuthenticator>,
    /// The subcommand.
    of: u8,
    /// What it says instead of its answer; taken when it has said it.
    status: Rc<Cell<Option<u16>>>,
    /// Whether a part of that message went out.
    begun: bool,
}

impl Untaken {
    /// Opens the card of `world`, which will answer the next message of the subcommand `of` with `status`. Beside
    /// it what is left of that status.
    pub fn open(world: &World, of: u8, status: u16) -> (NfcTransport<Self>, Rc<Cell<Option<u16>>>) {
        let status = Rc::new(Cell::new(Some(status)));
        let untaken = Self {
            card: world.device.card(),
            of,
            status: Rc::clone(&status),
            begun: false,
        };
        (NfcTransport::new(untaken, Interface::Fido), status)
    }
}

impl ApduChannel for Untaken {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let response = self.card.transmit(apdu, timeout)?;
        let head = |bytes: &[u8]| {
            bytes[0] == command::DEVICE_UNLOCK && bytes[1] & 0xF0 == 0xA0 && bytes[2..] == [1, self.of]
        };
        self.begun |= apdu.windows(4).any(head);
        let is_last_part = apdu[1] == 0x10 && apdu[0] & 0x10 == 0;
        if !self.begun || !is_last_part {
            return Ok(response);
        }
        self.begun = false;
        Ok(match self.status.take() {
            Some(status) => status.to_be_bytes().to_vec(),
            None => response,
        })
    }

    fn extended_length(&self) -> bool {
        self.card.extended_length()
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        self.card.begin_transaction(timeout)
    }

    fn end_transaction(&mut self) {
        self.card.end_transaction();
    }

    fn reconnect(&mut self, timeout: Duration) -> Result<(), TransportError> {
        self.card.reconnect(timeout)
    }
}
