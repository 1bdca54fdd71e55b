//! One APDU out, one response in (ISO 7816-4).

use alloc::vec::Vec;
use core::time::Duration;

use super::{Cancel, TransportError};

/// A card that is connected. Selecting the applet, chaining, GET RESPONSE and keep-alive are core's
/// (`framing::nfc`).
pub trait ApduChannel {
    /// Sends a command APDU and gives the response APDU: data, then SW1 SW2 (2 to 65,538 bytes).
    ///
    /// `timeout` is the longest wait, also where the reader itself cannot be interrupted. A response that comes
    /// after it is nobody's: the next command gets its own, or [`TransportError::CardReset`] where the channel must be
    /// connected again first.
    ///
    /// # Errors
    /// [`TransportError::Gone`] when the card was taken away (a response below 2 bytes too), and ever after;
    /// [`TransportError::CardReset`] when another program reset it, which is never hidden by a command that is sent
    /// once more; [`TransportError::DeadlineExceeded`] after `timeout`; and the others as they are.
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError>;

    /// As [`ApduChannel::transmit`], but gives up within 100 ms of a cancel, where the channel can leave
    /// the reader to itself. As it stands here it cannot, and waits for the response.
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

    /// Whether the reader takes extended-length APDUs. Where unsure say `true`: core falls back to
    /// chaining when the card answers 6700.
    fn extended_length(&self) -> bool {
        true
    }

    /// Begins a span in which no other program may come between (SCardBeginTransaction).
    ///
    /// # Errors
    /// As [`ApduChannel::transmit`].
    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        let _ = timeout;
        Ok(())
    }

    /// Ends that span, if one was begun, and leaves the card as it is. A channel that is dropped within one ends it
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

    /// As [`ApduChannel::reconnect`], but gives up within 100 ms of a cancel, where the channel can.
    ///
    /// # Errors
    /// As [`ApduChannel::reconnect`], and [`TransportError::Cancelled`].
    fn reconnect_unless(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<(), TransportError> {
        let _ = cancel;
        self.reconnect(timeout)
    }
}
