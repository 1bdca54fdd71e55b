//! Byte pipes that the host brings: `UsbDeviceConnection`, `IsoDep`, `TKSmartCard`, `NFCISO7816Tag`,
//! a Windows HID handle.

use std::sync::Arc;
use std::time::Duration;

use fido_unlock::host::ports::{self, TransportError};

#[cfg(feature = "mock")]
#[cfg(test)]
mod contracts;

/// Why a pipe failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PipeError {
    /// No device is there.
    #[error("no device")]
    NoDevice,
    /// The system refuses to open it.
    #[error("permission denied: {path}")]
    PermissionDenied {
        /// The device, as the system names it.
        path: String,
    },
    /// Only an elevated process may open it.
    #[error("needs elevation")]
    NeedsElevation,
    /// Another program holds it.
    #[error("busy")]
    Busy,
    /// It was pulled, or the card was taken away.
    #[error("gone")]
    Gone,
    /// No answer within the time given.
    #[error("no answer in time")]
    TimedOut,
    /// Another program reset the card.
    #[error("card reset")]
    CardReset,
    /// The system's call failed.
    #[error("failed with {code}")]
    Failed {
        /// The system's error number.
        code: i64,
    },
    /// The pipe threw something else.
    #[error("the program's own part failed")]
    HostFailed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PipeError {
    /// The reason is the host's own stack trace and may hold anything, so it is dropped.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::HostFailed
    }
}

impl From<PipeError> for TransportError {
    fn from(error: PipeError) -> Self {
        match error {
            PipeError::NoDevice => Self::NoDevice,
            PipeError::PermissionDenied { path } => Self::PermissionDenied { path: path.into() },
            PipeError::NeedsElevation => Self::NeedsElevation,
            PipeError::Busy => Self::Busy,
            PipeError::Gone => Self::Gone,
            PipeError::TimedOut => Self::DeadlineExceeded,
            PipeError::CardReset => Self::CardReset,
            PipeError::Failed { code } => Self::Failed {
                function: "the program's pipe",
                value: code,
            },
            PipeError::HostFailed => Self::HostFailed,
        }
    }
}

/// An open HID interface of an authenticator. The library handles CTAPHID.
#[uniffi::export(with_foreign)]
pub trait HidReports: Send + Sync {
    /// Sends one report of `report_size` bytes, without a report ID.
    fn write_report(&self, report: Vec<u8>) -> Result<(), PipeError>;

    /// Waits for one report, at most `timeout_ms`; empty if none came.
    fn read_report(&self, timeout_ms: u32) -> Result<Vec<u8>, PipeError>;

    /// Bytes in a report: 64 for nearly all devices. Asked once, when the device is opened.
    fn report_size(&self) -> Result<u32, PipeError>;
}

/// A connected card. The library handles selection, chaining and keep-alive.
#[uniffi::export(with_foreign)]
pub trait ApduChannel: Send + Sync {
    /// Sends a command APDU and gives the response APDU with SW1 SW2 at its end. `timeout_ms` is the
    /// longest wait.
    fn transmit(&self, apdu: Vec<u8>, timeout_ms: u32) -> Result<Vec<u8>, PipeError>;

    /// Whether the reader takes extended-length APDUs; if unsure, return true. Asked once, when the device
    /// is opened.
    fn extended_length(&self) -> Result<bool, PipeError>;

    /// Begins a transaction, in which no other program can use the card; if the platform has none, just
    /// return.
    fn begin_transaction(&self, timeout_ms: u32) -> Result<(), PipeError>;

    /// Ends the transaction and leaves the card as it is.
    fn end_transaction(&self) -> Result<(), PipeError>;

    /// Connects again after [`PipeError::CardReset`].
    fn reconnect(&self, timeout_ms: u32) -> Result<(), PipeError>;
}

fn millis(timeout: Duration) -> u32 {
    // Rounded up: a pipe that is asked for 0 ms again and again would keep a processor busy.
    u32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// [`HidReports`] as core's port.
pub(crate) struct HostHid {
    pipe: Arc<dyn HidReports>,
    report_size: usize,
}

impl HostHid {
    pub(crate) fn open(pipe: Arc<dyn HidReports>) -> Result<Self, TransportError> {
        let report_size = usize::try_from(pipe.report_size()?).unwrap_or(0);
        // CTAP 2.1 §11.2.4: an initialisation packet has a header of 7 bytes.
        if !(8..=1024).contains(&report_size) {
            return Err(TransportError::Framing {
                detail: "a report has 8 to 1024 bytes",
            });
        }
        Ok(Self { pipe, report_size })
    }
}

impl ports::HidReports for HostHid {
    fn write_report(&mut self, report: &[u8]) -> Result<(), TransportError> {
        Ok(self.pipe.write_report(report.to_vec())?)
    }

    fn read_report(&mut self, report: &mut [u8], timeout: Duration) -> Result<usize, TransportError> {
        let read = self.pipe.read_report(millis(timeout))?;
        let Some(to) = report.get_mut(..read.len()) else {
            return Err(TransportError::Framing {
                detail: "the report is too long",
            });
        };
        to.copy_from_slice(&read);
        Ok(read.len())
    }

    fn report_size(&self) -> usize {
        self.report_size
    }
}

/// [`ApduChannel`] as core's port.
pub(crate) struct HostApdu {
    pipe: Arc<dyn ApduChannel>,
    extended_length: bool,
    in_transaction: bool,
}

impl HostApdu {
    pub(crate) fn open(pipe: Arc<dyn ApduChannel>) -> Result<Self, TransportError> {
        let extended_length = pipe.extended_length()?;
        Ok(Self {
            pipe,
            extended_length,
            in_transaction: false,
        })
    }
}

impl Drop for HostApdu {
    /// The host may keep its object, and with it the card, after a call that did not end as it should.
    fn drop(&mut self) {
        ports::ApduChannel::end_transaction(self);
    }
}

impl ports::ApduChannel for HostApdu {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let response = self.pipe.transmit(apdu.to_vec(), millis(timeout))?;
        if response.len() < 2 {
            return Err(TransportError::Gone);
        }
        Ok(response)
    }

    fn extended_length(&self) -> bool {
        self.extended_length
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        self.pipe.begin_transaction(millis(timeout))?;
        self.in_transaction = true;
        Ok(())
    }

    fn end_transaction(&mut self) {
        if core::mem::take(&mut self.in_transaction) {
            // What follows finds out whether the card is still there.
            let _ = self.pipe.end_transaction();
        }
    }

    fn reconnect(&mut self, timeout: Duration) -> Result<(), TransportError> {
        Ok(self.pipe.reconnect(millis(timeout))?)
    }
}
