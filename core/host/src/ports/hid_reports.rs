//! One HID report in or out (CTAP 2.1 §11.2.4).

use core::time::Duration;

use super::TransportError;

/// An open HID interface of an authenticator. Channels, sequence, keep-alive and cancel are core's
/// (`framing::ctaphid`).
pub trait HidReports {
    /// Sends one report of [`HidReports::report_size`] bytes, without a report ID.
    ///
    /// # Errors
    /// [`TransportError::Gone`] when the device was pulled, and the others as they are.
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError>;

    /// Waits for one report, at most `timeout`; returns how many bytes came, 0 when none did.
    ///
    /// # Errors
    /// As [`HidReports::write_report`].
    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError>;

    /// Bytes in a report, from the report descriptor: 64 but for odd devices.
    fn report_size(&self) -> usize {
        64
    }
}
