//! One HID report in or out (CTAP 2.1 §11.2.4).

use core::time::Duration;

use super::TransportError;

/// An open HID interface of an authenticator. Core does channels, sequence, keep-alive and cancel
/// (`framing::ctaphid`).
pub trait HidReports {
    /// Sends one report of [`HidReports::report_size`] bytes, without a report ID. Success means that the whole
    /// report was sent.
    ///
    /// # Errors
    /// [`TransportError::Gone`] when the device was pulled, and the others as they are.
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError>;

    /// Waits for one report, at most `timeout`; returns how many bytes came, 0 when none did. `report` has at
    /// least 1024 bytes. Reports come in order and once; one that arrives between two calls is for the next. A
    /// `timeout` of zero returns what is there; with any other, wait to its end if nothing comes, since core
    /// asks again at once.
    ///
    /// # Errors
    /// As [`HidReports::write_report`]. After [`TransportError::Gone`] nothing else comes.
    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError>;

    /// Bytes in a report, from the report descriptor: 64 except for odd devices.
    fn report_size(&self) -> usize {
        64
    }
}
