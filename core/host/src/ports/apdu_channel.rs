//! One APDU out, one response in (ISO 7816-4).

use alloc::vec::Vec;
use core::time::Duration;

use super::{Cancel, TransportError};

/// A connected card. Core selects the applet and does chaining, GET RESPONSE and keep-alive
/// (`framing::nfc`).
pub trait ApduChannel {
    /// Sends a command APDU and gives the response APDU: data, then SW1 SW2 (2 to 65,538 bytes).
    ///
    /// `timeout` is the longest wait, even if the reader itself cannot be interrupted. A response that comes
    /// later is dropped: the next command gets its own, or [`TransportError::CardReset`] if the channel must be
    /// connected again first.
    ///
    /// # Errors
    /// [`TransportError::Gone`] when the card was removed (or a response has fewer than 2 bytes), and ever after;
    /// [`TransportError::CardReset`] when another program reset it, which sending the command again must never
    /// hide; [`TransportError::DeadlineExceeded`] after `timeout`; and the others as they are.
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError>;

    /// As [`ApduChannel::transmit`], but gives up within 100 ms of a cancel, if the channel can abandon
    /// the reader. This default cannot, and waits for the response.
    ///
    /// # Errors
    /// As [`ApduChannel::transmit`], and [`TransportError::Cancelled`].
    fn transmit_unless(
        &mut self,
        cancel: &dyn Cancel,
        apdu: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        let _ = cancel;
        self.transmit(apdu, timeout)
    }

    /// Whether the reader takes extended-length APDUs. If unsure, say `true`: core falls back to
    /// chaining when the card answers 6700.
    fn extended_length(&self) -> bool {
        true
    }

    /// Begins a span that no other program can interrupt (SCardBeginTransaction).
    ///
    /// # Errors
    /// As [`ApduChannel::transmit`].
    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        let _ = timeout;
        Ok(())
    }

    /// Ends that span, if one was begun, and leaves the card as it is. Dropping the channel ends it
    /// too.
    fn end_transaction(&mut self) {}

    /// Connects again after [`TransportError::CardReset`].
    ///
    /// # Errors
    /// As [`ApduChannel::transmit`].
    fn reconnect(&mut self, timeout: Duration) -> Result<(), TransportError> {
        let _ = timeout;
        Err(TransportError::Gone)
    }

    /// As [`ApduChannel::reconnect`], but gives up within 100 ms of a cancel, if the channel can.
    ///
    /// # Errors
    /// As [`ApduChannel::reconnect`], and [`TransportError::Cancelled`].
    fn reconnect_unless(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<(), TransportError> {
        let _ = cancel;
        self.reconnect(timeout)
    }
}
